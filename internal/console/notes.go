package console

import (
	"fmt"
	"time"
)

// The states of a cell.
const (
	stateOK   = "ok"
	stateWarn = "warn"
	stateBad  = "bad"
	stateOff  = "off"  // of no concern
	stateNone = "none" // not shown
)

// note is one thing that an operator should look at, in a sentence.
type note struct{ state, text string }

// notes are what is wrong, the worst first, in the order of the page otherwise.
func (v view) notes() []note {
	all := v.processorNotes()
	for _, g := range v.now.Groups {
		if n, ok := v.groupNote(g); ok {
			all = append(all, n)
		}
	}
	all = append(all, v.partitionNotes()...)
	all = append(all, v.letterNotes()...)
	var sorted []note
	for _, state := range []string{stateBad, stateWarn} {
		for _, n := range all {
			if n.state == state {
				sorted = append(sorted, n)
			}
		}
	}
	return sorted
}

func (v view) processorNotes() []note {
	var all []note
	if v.now.Phase == "running" && !v.now.LeaseHeld {
		all = append(all, note{stateBad, "The lease is not held: no bank is called and nothing is written until Kafka acknowledges a commit again."})
	}
	for _, c := range v.checks() {
		switch {
		case c.Reason == "":
		case c.Optional:
			all = append(all, note{stateWarn, c.Name + ": " + c.Reason})
		default:
			all = append(all, note{stateBad, c.Name + ": " + c.Reason})
		}
	}
	return all
}

func (v view) groupNote(g GroupReading) (note, bool) {
	var n note
	switch {
	case g.Hold != "" && g.Throttled:
		n = note{stateWarn, fmt.Sprintf("%s: the bank asks us to slow down (%s)", g.Name, g.Why)}
	case g.Hold != "":
		n = note{stateBad, fmt.Sprintf("%s: the bank refuses us, %s (%s)", g.Name, holdWord(g.Hold), g.Why)}
	case g.Breaker == "open":
		n = note{stateBad, g.Name + ": the bank fails, the breaker is open"}
	case g.Breaker == "half-open":
		n = note{stateWarn, g.Name + ": a few commands try whether the bank answers again"}
	default:
		return note{}, false
	}
	if next := v.untilProbe(g); next != nothing {
		n.text += "; next try in " + next
	}
	if g.Waiting > 0 {
		n.text += "; " + plural(g.Waiting, "command waits", "commands wait")
	}
	n.text += "."
	return n, true
}

// holdWord is a hold's reason in words.
func holdWord(hold string) string {
	switch hold {
	case "paused":
		return "commands pause"
	case "delayed":
		return "slowed down"
	case "secret_refused":
		return "the secret is refused"
	case "tls_refused":
		return "the certificate is refused"
	}
	return hold
}

func (v view) untilProbe(g GroupReading) string {
	if g.NextProbe.IsZero() {
		return nothing
	}
	// What is left of a second counts as one: it does not show 0 while it waits.
	return age(g.NextProbe.Sub(v.now.at) + time.Second - 1)
}

func (v view) partitionNotes() []note {
	var all []note
	var late, broken int
	var latest time.Duration
	for _, b := range v.behind() {
		switch {
		case b.Broken:
			broken++
		case b.age >= behindBy:
			late++
			latest = max(latest, b.age)
		}
	}
	if broken > 0 {
		all = append(all, note{stateBad, plural(broken, "partition stands", "partitions stand") + " still and will not go on by themselves: see below."})
	}
	if late > 0 {
		all = append(all, note{stateWarn, fmt.Sprintf("%s behind: the oldest command was published %s ago.", plural(late, "partition is", "partitions are"), age(latest))})
	}
	return all
}

func (v view) letterNotes() []note {
	var recent uint64
	for _, n := range v.recent {
		recent += n
	}
	if recent == 0 {
		return nil
	}
	return []note{{stateWarn, plural(int(recent), "dead letter", "dead letters") + " in the last five minutes: each needs a person."}}
}
