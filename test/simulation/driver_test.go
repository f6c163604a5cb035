package simulation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// plan is what a seed draws before the first step.
type plan struct {
	seed       uint64
	partitions int
	first      int // processes to begin with
	// window is history.Config's: everything, or so little that a takeover reads what
	// the look-back offsets tell it to. Nothing is published again then.
	window  int
	faults  int
	horizon int // steps over which the faults are spread
}

// everything is a window that no schedule outgrows.
const everything = 50

// maxLives bounds the processes of a schedule.
const maxLives = 6

func drawPlan(rng *rand.Rand, seed uint64) plan {
	return plan{
		seed: seed, partitions: 1 + rng.IntN(2), first: 1 + rng.IntN(2), window: []int{1, everything}[rng.IntN(2)], faults: rng.IntN(5), horizon: 20 + rng.IntN(100),
	}
}

// newWorld draws a world.
func newWorld(seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	w := &world{
		plan: drawPlan(rng, seed), rng: rng, started: time.Now(), logs: map[kafka.TopicPartition]*partitionLog{},
		outcomes: map[string][]stored{}, letters: map[string]bool{},
		attempted: map[kafka.TopicPartition][]mark{}, resulted: map[kafka.TopicPartition][]mark{},
	}
	w.commands = newCommands(rng, w.plan.partitions)
	w.group = &group{w: w, committed: map[kafka.TopicPartition]kafka.Commit{}}
	w.bank = &bank{
		w: w, invoices: map[string]*invoice{}, applied: map[int64]string{}, calls: map[sending]int{}, refusals: map[string]refusal{}, doubts: map[string]bool{},
		listsPassive: rng.IntN(2) == 0, limitFirst: rng.IntN(2) == 0, refusesTwice: rng.IntN(2) == 0,
	}
	for p := range int32(w.plan.partitions) {
		for _, topic := range []string{attemptsTopic, deadLetterTopic} {
			w.logs[kafka.TopicPartition{Topic: topic, Partition: p}] = &partitionLog{}
		}
		for _, topic := range w.commands.topics {
			w.logs[kafka.TopicPartition{Topic: topic.Name, Partition: p}] = &partitionLog{}
			result := names{}.Result(command.Name(topic.Name))
			w.logs[kafka.TopicPartition{Topic: result, Partition: p}] = &partitionLog{}
		}
	}
	return w
}

// driver runs one schedule.
type driver struct {
	t      testing.TB
	w      *world
	faults int // left
	steps  int
	healed bool
	able   []*op // what may have its effect or its answer now
}

// The bounds of a schedule. What has not come to its end by then is stuck.
const (
	maxSteps  = 4_000
	maxHealed = 3 * time.Minute
)

// run takes the schedule to its end and returns the first violation.
func (d *driver) run() *violation {
	w := d.w
	for range 1 + w.rng.IntN(len(w.commands.left)) {
		w.publish()
	}
	for range w.plan.first {
		w.start(d.t)
	}
	healedAt := time.Duration(0)
	for w.broken == nil {
		synctest.Wait()
		w.mu.Lock()
		d.steps++
		if !d.healed && d.faults == 0 && len(w.commands.left) == 0 && w.rng.IntN(8) == 0 {
			d.heal()
			healedAt = w.now()
		}
		if d.healed {
			left := w.unfinished()
			if left == "" {
				w.mu.Unlock()
				break
			}
			if d.steps > maxSteps || w.now()-healedAt > maxHealed {
				w.violate(notStuck, "%s", left)
			}
		}
		pause := d.step()
		w.mu.Unlock()
		// No two steps happen at one moment, lest timers that they have set race.
		time.Sleep(pause + time.Microsecond)
	}
	d.end()
	return w.broken
}

// step makes one step and returns for how long time passes after it.
func (d *driver) step() time.Duration {
	w := d.w
	d.collect()
	d.notify()
	if !d.healed {
		switch {
		case d.faults > 0 && w.rng.IntN(w.plan.horizon) < 1+d.faults:
			d.faults--
			return d.fault()
		case len(w.commands.left) > 0 && w.rng.IntN(20) == 0:
			w.publish()
			return 0
		}
	}
	if len(d.able) == 0 || !d.healed && w.rng.IntN(12) == 0 {
		return d.wait()
	}
	d.advance(d.able[w.rng.IntN(len(d.able))])
	return 0
}

// collect finds what may happen now, in an order that hangs on nothing but the
// schedule.
func (d *driver) collect() {
	d.able = d.able[:0]
	now := time.Now()
	for _, o := range d.w.pending {
		if now.Before(o.until) {
			continue
		}
		switch {
		case o.call != nil:
			// What is on the wire goes on without its life.
			if o.call.left && !o.call.done || o.life.running() {
				d.able = append(d.able, o)
			}
		case o.life.reachable() && (o.applied || o.ready == nil || o.ready()):
			d.able = append(d.able, o)
		}
	}
	slices.SortFunc(d.able, (*op).compare)
}

// notify tells the lives whose generation is over, each at a moment of its own
// within the heartbeat's interval. It also sees whose lease has run out.
func (d *driver) notify() {
	w := d.w
	for _, l := range w.lives {
		g := l.serves
		if held := g != nil && l.lease.Left() > 0; held != l.held {
			if l.held && g != nil {
				w.disturbed++
			}
			l.held = held
		}
		if g == nil || g.ctx.Err() != nil || !l.running() || !w.group.wants(l.member) && !l.cut {
			continue
		}
		if g.notice.IsZero() {
			g.notice = time.Now().Add(time.Duration(w.rng.Int64N(int64(heartbeatInterval))))
		}
		if !time.Now().Before(g.notice) {
			w.tell(l.name, "learns", kafka.TopicPartition{}, l.member.id, "that its generation is over")
			g.end()
		}
	}
}

// advance takes o a step further: to its effect, to its answer, or to both at once.
func (d *driver) advance(o *op) {
	w := d.w
	if o.call != nil {
		d.advanceCall(o)
		return
	}
	if !o.applied {
		if !o.apply() {
			w.tellOp(o, "waits")
			return
		}
		o.applied = true
		if w.rng.IntN(3) == 0 {
			w.tellOp(o, "takes effect")
			if w.rng.IntN(4) == 0 {
				o.until = time.Now().Add(d.upTo(requestTimeout))
			}
			return
		}
	}
	w.tellOp(o, "is answered")
	w.answer(o, nil)
}

func (d *driver) advanceCall(o *op) {
	b, c := d.w.bank, o.call
	if !c.left {
		if b.leave(o); !c.left {
			return
		}
		switch d.w.rng.IntN(6) {
		case 0, 1:
			d.w.tellOp(o, "leaves")
			return
		case 2: // it lands in the last moment
			o.until = time.Now().Add(callTimeout - d.upTo(callTimeout/10))
			d.w.tellOp(o, "leaves, and is long on its way")
			return
		}
	}
	if !c.done {
		b.carryOut(o)
		if d.w.rng.IntN(3) == 0 || !o.life.running() {
			d.w.tellOp(o, "takes effect")
			return
		}
	}
	c.deadline.Stop()
	if o.kind == kindCall && c.refused {
		b.calls[sending{c.c.ID, c.call.Operation}]--
	}
	d.w.tellOp(o, fmt.Sprintf("is answered: %s %s", c.verdict.Status, c.verdict.Code))
	d.w.answer(o, nil)
}

// wait is for how long time passes: mostly for a moment, at times for long.
func (d *driver) wait() time.Duration {
	if held := d.held(); held > 0 && d.w.rng.IntN(2) == 0 {
		return held
	}
	switch d.w.rng.IntN(7) {
	case 0:
		return d.upTo(1200 * time.Millisecond)
	case 1, 2:
		return d.upTo(300 * time.Millisecond)
	case 3: // to about the end of somebody's lease
		if left := d.w.lives[d.w.rng.IntN(len(d.w.lives))].lease.Left(); left > 0 {
			return max(0, left-5*time.Millisecond) + d.upTo(10*time.Millisecond)
		}
	}
	return d.upTo(40 * time.Millisecond)
}

// held is how long the first request is held back that is, 0 when none is.
func (d *driver) held() (least time.Duration) {
	for _, o := range d.w.pending {
		if left := time.Until(o.until); left > 0 && (least == 0 || left < least) {
			least = left
		}
	}
	return least
}

func (d *driver) upTo(most time.Duration) time.Duration {
	return time.Duration(d.w.rng.Int64N(int64(most)))
}

// heal ends every fault, and sees to it that somebody is there to go on.
func (d *driver) heal() {
	w := d.w
	d.healed = true
	w.tell("", "HEALS", kafka.TopicPartition{}, "", "")
	alive := false
	for _, l := range w.lives {
		d.restore(l)
		alive = alive || !l.dead && !l.leaving
	}
	for _, o := range w.pending {
		o.until = time.Time{}
	}
	if !alive {
		w.start(d.t)
	}
}

// end kills whoever is left and waits until nothing of them runs.
func (d *driver) end() {
	w := d.w
	w.mu.Lock()
	if w.broken == nil {
		w.judgeLedger()
	}
	w.over = true
	for _, l := range w.lives {
		if !l.dead {
			l.kill()
		}
	}
	for _, m := range w.group.members {
		w.group.find(m)
	}
	w.mu.Unlock()
	for _, l := range w.lives {
		<-l.gone
	}
}
