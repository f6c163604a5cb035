package simulation

import (
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// faults are what may go wrong, each as often as it stands here.
var faults = []func(d *driver, o *op) (time.Duration, bool){
	(*driver).crash, (*driver).crash, (*driver).crash, (*driver).crash,
	(*driver).stop, (*driver).stop, (*driver).cutOff,
	(*driver).loseAnswer, (*driver).loseAnswer, (*driver).loseAnswer, (*driver).loseAnswer,
	(*driver).refuse, (*driver).delay, (*driver).delay, (*driver).brink, (*driver).brink,
	(*driver).another, (*driver).farewell, (*driver).again,
}

// fault draws a fault, at the request that would have been the next step.
func (d *driver) fault() time.Duration {
	for range 20 {
		var o *op
		if len(d.able) > 0 {
			o = d.able[d.w.rng.IntN(len(d.able))]
		}
		if pause, ok := faults[d.w.rng.IntN(len(faults))](d, o); ok {
			return pause
		}
	}
	return 0
}

// crash kills the process that asks for o, before its effect or right after it.
func (d *driver) crash(o *op) (time.Duration, bool) {
	if o == nil || o.life.dead {
		return 0, false
	}
	d.effectOrNot(o)
	d.w.tell(o.life.name, "KILLED", kafka.TopicPartition{}, "", "")
	d.w.disturbed++
	o.life.kill()
	d.later(func() { d.w.start(d.t) }, d.upTo(sessionTimeout))
	return 0, true
}

// effectOrNot gives o its effect, and no answer, or leaves it alone.
func (d *driver) effectOrNot(o *op) {
	w := d.w
	if w.rng.IntN(2) == 0 {
		return
	}
	switch {
	case o.call != nil:
		if !o.call.left {
			w.bank.leave(o)
		}
		if o.call.left && !o.call.done && w.rng.IntN(4) > 0 {
			w.bank.carryOut(o)
		}
		w.tellOp(o, "is carried out")
	case !o.applied && o.kind != kindJoin:
		if o.apply() {
			o.applied = true
			w.tellOp(o, "takes effect")
		}
	}
}

// stop stops the process that asks for o, until it is continued.
func (d *driver) stop(o *op) (time.Duration, bool) {
	if o == nil || !o.life.running() {
		return 0, false
	}
	l := o.life
	d.effectOrNot(o)
	d.w.tell(l.name, "STOPPED", kafka.TopicPartition{}, "", "")
	l.stopped = true
	d.miss(l)
	return 0, true
}

// cutOff cuts the process that asks for o off Kafka, for a while.
func (d *driver) cutOff(o *op) (time.Duration, bool) {
	if o == nil || !o.life.reachable() {
		return 0, false
	}
	l := o.life
	d.effectOrNot(o)
	d.w.tell(l.name, "CUT OFF", kafka.TopicPartition{}, "", "")
	l.cut = true
	d.miss(l)
	return 0, true
}

// miss has the group miss l, and has it come back after a while.
func (d *driver) miss(l *life) {
	d.w.disturbed++
	d.w.group.lose(l.member, d.upTo(heartbeatInterval))
	d.later(func() { d.restore(l) }, d.upTo(2*sessionTimeout))
}

// restore continues l, or lets it reach Kafka again.
func (d *driver) restore(l *life) {
	if l.dead || !l.stopped && !l.cut {
		return
	}
	d.w.tell(l.name, "RESTORED", kafka.TopicPartition{}, "", "")
	l.stopped, l.cut = false, false
	if l.serves != nil {
		l.serves.notice = time.Time{}
	}
	if l.member != nil && d.w.group.has(l.member) {
		d.w.group.find(l.member)
	}
}

// later does something after a while, unless everything has healed by then.
func (d *driver) later(do func(), after time.Duration) {
	time.AfterFunc(after, func() {
		d.w.mu.Lock()
		defer d.w.mu.Unlock()
		if !d.w.over && !d.healed && len(d.w.lives) < maxLives {
			do()
		}
	})
}

// loseAnswer gives o its effect, or not, and loses the answer.
func (d *driver) loseAnswer(o *op) (time.Duration, bool) {
	if o == nil || !o.life.running() {
		return 0, false
	}
	w := d.w
	switch o.kind {
	case kindCall, kindQuery:
		if !o.call.left {
			w.bank.leave(o)
		}
		if !o.call.left {
			return 0, true
		}
		o.call.deadline.Stop()
		if !o.call.done && w.rng.IntN(2) == 0 {
			w.bank.carryOut(o)
		}
		if w.rng.IntN(3) == 0 {
			w.bank.mayLand(o)
			o.call.verdict = serverError(o.call.c.Name())
			w.bank.unclear(o)
			w.tellOp(o, "gets a server error")
			w.answer(o, nil)
			return 0, true
		}
		w.bank.mayLand(o)
		w.bank.lost(o, "loses its answer")
	case kindProduce: // the batcher sends it again
		if !o.applied && !o.apply() {
			return 0, false
		}
		o.applied = false
		w.tellOp(o, "is stored, and the acknowledgement is lost")
	case kindCommit, kindHeartbeat, kindFetch, kindRange, kindPositions:
		if o.kind == kindCommit && !o.applied && w.rng.IntN(2) == 0 {
			o.apply()
		}
		w.tellOp(o, "loses its answer")
		w.answer(o, errLost)
	default:
		return 0, false
	}
	return 0, true
}

// refuse answers a call without an effect: turned away ahead of the bank, not sent,
// or with the bank's own fault.
func (d *driver) refuse(o *op) (time.Duration, bool) {
	if o == nil || o.call == nil || o.call.left || !o.life.running() {
		return 0, false
	}
	w, c := d.w, o.call
	switch kind := w.rng.IntN(3); {
	case kind == 0:
		w.bank.turnAway(o, notSent())
	case kind == 1 && c.c.Name() == command.DBSInvoiceUpsert:
		w.bank.leave(o)
		if !c.left {
			return 0, true
		}
		c.deadline.Stop()
		c.verdict = bankError()
		w.bank.unclear(o)
		w.tellOp(o, "meets the bank's fault")
		w.answer(o, nil)
	default:
		w.bank.turnAway(o, throttled())
	}
	return 0, true
}

// brink cuts the process of a call off Kafka, and has the call leave and land as late
// as its lease and its time limit let it.
func (d *driver) brink(o *op) (time.Duration, bool) {
	if o == nil || o.kind != kindCall || o.call.left || !o.life.reachable() {
		return 0, false
	}
	o.until = time.Now().Add(max(0, o.life.lease.Left()-time.Microsecond-d.upTo(callTimeout/10)))
	d.w.tellOp(o, "waits until the lease is about to end")
	d.w.tell(o.life.name, "CUT OFF", kafka.TopicPartition{}, "", "")
	o.life.cut = true
	d.miss(o.life)
	return 0, true
}

// delay holds o back for a while.
func (d *driver) delay(o *op) (time.Duration, bool) {
	if o == nil || o.kind == kindJoin {
		return 0, false
	}
	d.w.disturbed++
	o.until = time.Now().Add(d.upTo(2 * sessionTimeout))
	d.w.tellOp(o, "is held back")
	return 0, true
}

// another starts one more process.
func (d *driver) another(*op) (time.Duration, bool) {
	if len(d.w.lives) >= maxLives {
		return 0, false
	}
	d.w.start(d.t)
	return 0, true
}

// farewell has the process that asks for o drain and leave.
func (d *driver) farewell(o *op) (time.Duration, bool) {
	if o == nil || o.life.leaving {
		return 0, false
	}
	d.w.tell(o.life.name, "TERMINATED", kafka.TopicPartition{}, "", "")
	o.life.bury()
	d.later(func() { d.w.start(d.t) }, d.upTo(sessionTimeout))
	return 0, true
}

// again publishes a command a second time.
func (d *driver) again(*op) (time.Duration, bool) {
	if d.w.plan.window < everything {
		return 0, false
	}
	d.w.repeat()
	return 0, true
}
