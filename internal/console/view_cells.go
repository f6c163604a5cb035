package console

import (
	"strconv"
	"time"

	"bankprocessor/internal/command"
)

// cells writes the view down.
func (v view) cells() cells {
	c := newCells()
	v.writeHead(c)
	v.writeTotals(c)
	for i := range v.now.Commands {
		v.writeCommand(c, i)
	}
	for i, g := range v.now.Groups {
		v.writeGroup(c, "g."+strconv.Itoa(i), g)
	}
	v.writeBehind(c)
	v.writeMembership(c)
	v.writeOutcomes(c)
	for _, reason := range reasons() {
		v.writeReason(c, reason)
	}
	for i, check := range v.checks() {
		v.writeCheck(c, "k."+strconv.Itoa(i), check)
	}
	return c
}

// put writes a cell's text and state.
func (c cells) put(key, text, state string) {
	c.Texts[key], c.States[key] = text, state
}

func (v view) writeHead(c cells) {
	notes := v.notes()
	bad, warn := 0, 0
	for _, n := range notes {
		if n.state == stateBad {
			bad++
		} else {
			warn++
		}
	}
	switch {
	case bad > 0 && warn > 0:
		c.put("status", plural(bad, "problem", "problems")+" and "+count(warn)+" more to look at", stateBad)
	case bad > 0:
		c.put("status", plural(bad, "problem", "problems"), stateBad)
	case warn > 0:
		c.put("status", plural(warn, "thing to look at", "things to look at"), stateWarn)
	default:
		c.put("status", "All in order", stateOK)
	}
	c.Texts["up"] = age(v.up)
	for i := range noteRows {
		key := "note." + strconv.Itoa(i)
		switch {
		case i == noteRows-1 && len(notes) > noteRows:
			c.put(key, "and "+plural(len(notes)-i, "more", "more")+": the tables below show all", stateWarn)
		case i < len(notes):
			c.put(key, notes[i].text, notes[i].state)
		default:
			c.put(key, "", stateNone)
		}
	}
}

func (v view) writeTotals(c cells) {
	var sum CommandReading
	var lag int64
	queued, letters := 0, uint64(0)
	for i := range v.now.Commands {
		one := &v.now.Commands[i]
		sum.InFlight += one.InFlight
		sum.InDoubt += one.InDoubt
		lag += one.lag()
		queued += one.queued()
	}
	for _, l := range v.now.Letters {
		letters += l.N
	}
	c.Texts["sum.in"], c.Texts["sum.out"] = rate(v.flows[0].in), rate(v.flows[0].out)
	c.Texts["sum.flight"], c.Texts["sum.queued"], c.Texts["sum.lag"] = count(sum.InFlight), count(queued), count(lag)
	c.Texts["sum.p95"] = quantile(v.flows[0], 1)
	c.put("sum.doubt", count(sum.InDoubt), warnIf(sum.InDoubt > 0))
	c.put("sum.letters", count(letters), warnIf(letters > 0))
}

func warnIf(is bool) string {
	if is {
		return stateWarn
	}
	return stateOff
}

func (v view) writeCommand(c cells, i int) {
	one, f := &v.now.Commands[i], v.flows[i+1]
	key := "c." + strconv.Itoa(i)
	var oldest time.Duration
	for _, p := range one.Partition {
		oldest = max(oldest, v.age(p))
	}
	c.Texts[key+".in"], c.Texts[key+".out"] = rate(f.in), rate(f.out)
	c.Texts[key+".flight"], c.Texts[key+".queued"] = count(one.InFlight), count(one.queued())
	c.Texts[key+".lag"] = count(one.lag())
	c.put(key+".doubt", count(one.InDoubt), warnIf(one.InDoubt > 0))
	c.put(key+".age", nothing, stateOff)
	if oldest > 0 {
		c.put(key+".age", age(oldest), warnIf(oldest >= behindBy))
	}
	for q, name := range []string{".p50", ".p95", ".p99"} {
		c.Texts[key+name] = quantile(f, q)
	}
	c.Strips[key] = v.squares(one)
	c.Texts[key+".here"] = strconv.Itoa(len(one.Partition)) + " of " + strconv.Itoa(one.Of)
}

func quantile(f flow, q int) string {
	if q >= len(f.latency) {
		return nothing
	}
	return latency(f.latency[q])
}

func (c *CommandReading) lag() int64 {
	var sum int64
	for _, p := range c.Partition {
		sum += p.Lag
	}
	return sum
}

// queued are the records that have been fetched and not begun.
func (c *CommandReading) queued() int {
	sum := -c.InFlight
	for _, p := range c.Partition {
		sum += p.Buffered
	}
	return max(0, sum)
}

func (v view) writeGroup(c cells, key string, g GroupReading) {
	switch {
	case g.Hold != "" && g.Throttled:
		c.put(key+".state", holdWord(g.Hold), stateWarn)
	case g.Hold != "":
		c.put(key+".state", holdWord(g.Hold), stateBad)
	case g.Breaker == "open":
		c.put(key+".state", "open", stateBad)
	case g.Breaker == "half-open":
		c.put(key+".state", "half-open", stateWarn)
	default:
		c.put(key+".state", "closed", stateOK)
	}
	c.put(key+".why", g.Why, noneIf(g.Why == ""))
	c.Texts[key+".next"] = v.untilProbe(g)
	c.Texts[key+".running"] = count(g.Running) + " of " + count(g.Limit)
	level := 0.0
	if g.Limit > 0 {
		level = min(1, float64(g.Running*100/g.Limit)/100)
	}
	c.Levels[key] = level
	c.put(key+".waiting", count(g.Waiting), warnIf(g.Waiting > 0 && (g.Hold != "" || g.Breaker != "closed")))
}

func noneIf(is bool) string {
	if is {
		return stateNone
	}
	return stateOff
}

func (v view) writeBehind(c cells) {
	behind := v.behind()
	c.States["b"] = noneIf(len(behind) == 0)
	c.States["b.none"] = noneIf(len(behind) > 0)
	for i := range behindRows {
		key := "b." + strconv.Itoa(i)
		if i >= len(behind) {
			c.States[key] = stateNone
			continue
		}
		b := behind[i]
		c.States[key] = stateOff
		c.Texts[key+".name"] = b.command + " / " + strconv.Itoa(int(b.Partition))
		c.Texts[key+".lag"] = count(b.Lag)
		c.Texts[key+".age"] = nothing
		if b.age > 0 {
			c.Texts[key+".age"] = age(b.age)
		}
		switch {
		case b.Broken:
			c.put(key+".why", "stands still: "+b.Paused, stateBad)
		case b.Paused != "":
			c.put(key+".why", pauseWord(b.Paused), stateWarn)
		default:
			c.put(key+".why", "at work", stateOff)
		}
	}
	c.put("b.rest", "and "+plural(max(0, len(behind)-behindRows), "more", "more")+" that are less behind", noneIf(len(behind) <= behindRows))
}

// pauseWord is why nothing is fetched, in words.
func pauseWord(reason string) string {
	switch reason {
	case "gate":
		return "waits for the bank"
	case "lease":
		return "waits for the lease"
	case "takeover":
		return "its past is being read"
	case "window", "metadata":
		return "full: too much above the oldest"
	case "bytes", "memory":
		return "full: memory"
	case "draining":
		return "being handed over"
	}
	return reason
}

func (v view) writeMembership(c cells) {
	c.put("m.phase", v.now.Phase, stateOK)
	if v.now.Phase != "running" {
		c.States["m.phase"] = stateWarn
	}
	c.Texts["m.generation"] = nothing
	if v.now.Generation > 0 {
		c.Texts["m.generation"] = strconv.Itoa(int(v.now.Generation))
	}
	c.put("m.lease", "not held", stateBad)
	if v.now.LeaseHeld {
		c.put("m.lease", "held for "+age(v.now.LeaseLeft), stateOK)
	}
	c.Texts["m.commit"] = "none yet"
	if !v.now.LastCommit.IsZero() {
		c.Texts["m.commit"] = age(v.now.at.Sub(v.now.LastCommit)) + " ago"
	}
	c.Texts["m.takeovers"] = count(v.now.Takeovers)
	if v.now.Takeovers > 0 {
		c.Texts["m.takeovers"] += ", median " + latency(v.now.TakeoverTime.Seconds())
	}
	here, of := 0, 0
	for i := range v.now.Commands {
		here, of = here+len(v.now.Commands[i].Partition), of+v.now.Commands[i].Of
	}
	c.Texts["m.here"] = count(here) + " of " + count(of)
}

func (v view) writeOutcomes(c cells) {
	shown, rest := v.kinds()
	seconds := v.now.at.Sub(v.then.at).Seconds()
	c.States["o"], c.States["o.none"] = noneIf(len(shown) == 0), noneIf(len(shown) > 0)
	for i := range outcomeRows {
		key := "o." + strconv.Itoa(i)
		if i >= len(shown) {
			c.States[key] = stateNone
			continue
		}
		k := shown[i]
		c.States[key] = stateOff
		c.put(key+".status", k.status, statusState(k.status))
		c.Texts[key+".code"], c.Texts[key+".meaning"] = k.code, meanings[k.code]
		c.Texts[key+".n"], c.Texts[key+".rate"] = count(k.n), rate(perSecond(k.before, k.n, seconds))
	}
	c.put("o.rest", "and "+plural(rest, "kind", "kinds")+" that are rarer", noneIf(rest == 0))
}

func statusState(status string) string {
	switch command.Status(status) {
	case command.Succeeded:
		return stateOK
	case command.Partial, command.Pending:
		return stateWarn
	case command.Failed, command.InDoubt:
		return stateBad
	}
	return stateOff
}

// reasons are those of dead letters.
func reasons() []string {
	return []string{
		string(command.ReasonInDoubt), string(command.ReasonExhausted), string(command.ReasonUnknownCode),
		string(command.ReasonRejectedByContract), string(command.ReasonMalformed),
	}
}

func (v view) writeReason(c cells, reason string) {
	var n uint64
	for _, l := range v.now.Letters {
		if l.Reason == reason {
			n += l.N
		}
	}
	key := "l." + reason
	c.Texts[key+".n"] = count(n)
	c.put(key+".recent", count(v.recent[reason]), warnIf(v.recent[reason] > 0))
}

func (v view) writeCheck(c cells, key string, check CheckReading) {
	switch {
	case check.Reason == "":
		c.put(key, "in order", stateOK)
	case check.Optional:
		c.put(key, check.Reason, stateWarn)
	default:
		c.put(key, check.Reason, stateBad)
	}
}
