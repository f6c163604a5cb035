package bankapi

import (
	"math"
	"time"
)

const (
	// A judgement rests on the calls of windowTime. Few calls are waited for longer,
	// unless they are slow beyond doubt.
	windowTime  = 100 * time.Millisecond
	windowCalls = 100
	longTime    = 250 * time.Millisecond
	longCalls   = 16
	// firstLimit is where a limit begins: low enough to learn what a call takes when
	// the bank is not busy, and four doublings below the usual ceiling.
	firstLimit = 8
	// growBelow and shrinkAbove bound the slowness, in times the bank's latency when
	// it is not busy, at which a limit rests. Where latency grows in proportion the
	// bank's throughput is the same all over that band.
	growBelow   = 1.2
	shrinkAbove = 1.5
	// growth is the step up of a bank that is not slower at all, on which it is smaller
	// the nearer the band.
	growth = 1.25
	// steepest is how far one step goes down.
	steepest = 0.5
	// probeAfter is how long a baseline is believed that no window has confirmed;
	// confirms is what a window may be above it and still confirm it.
	probeAfter = 10 * time.Second
	confirms   = 1.1
	// fewest is how many calls a median takes: a single slow one is not to be it.
	fewest = 5
	// patience is how many steps down are made that help nothing: then it is not our
	// calls that keep the bank busy, and new baselines are waited for.
	patience = 2
	// helped is what a step down must have made of the slowness to have helped.
	helped = 0.75
	// lossWeight makes one lost call in ten as bad as half as much latency again.
	lossWeight = 5
)

// adaptive finds how many calls the bank can take at once, between a floor and a
// ceiling, by how long they take. It compares each window's median with a baseline,
// operation by operation: what the same calls took when fewer of them ran. While
// that is much the same, more calls may run; when it has grown well beyond, fewer.
//
// A baseline falls with what is measured. It rises by trial: one that nothing has
// confirmed for a while is measured anew at half the limit. So a bank that has
// become slower for good is not throttled for ever, and one that is overrun is
// not taken for a slow one.
//
// The group's mutex guards it.
type adaptive struct {
	floor, ceiling float64
	limit          float64

	starting   bool          // no window has been slow yet: the limit doubles
	typical    time.Duration // what most calls took at most in the last window; 0 for not known
	confirmed  time.Time     // when the baselines last were
	resume     float64       // while baselines are measured, the limit to return to
	slow       int           // windows in a row that were
	futile     int           // steps down in a row before which no step had helped
	steppedAt  float64       // the slowness at the last step down
	usualLoss  float64       // the share of calls that is lost whatever the limit
	operations []*operation

	// The window. It begins once most calls of the limit before have ended.
	settled time.Time
	good    int
	lost    int
	peak    int
}

func newAdaptive(floor, ceiling int) adaptive {
	return adaptive{
		floor: float64(floor), ceiling: float64(ceiling), starting: true,
		limit: float64(min(max(floor, firstLimit), ceiling)),
	}
}

// operation returns what is to learn of one more operation.
func (a *adaptive) operation() *operation {
	o := &operation{}
	a.operations = append(a.operations, o)
	return o
}

// calls is the limit.
func (a *adaptive) calls() int { return int(a.limit) }

// fixed says that there is nothing to find.
func (a *adaptive) fixed() bool { return a.floor >= a.ceiling }

// answered takes note of a call that the bank has answered at now, while running
// calls, itself among them, were under way.
func (a *adaptive) answered(o *operation, took time.Duration, now time.Time, running int) {
	if a.fixed() || now.Before(a.settled) {
		return
	}
	o.window.add(took)
	a.good++
	a.judge(now, running)
}

// dropped takes note of a call that has timed out or been turned away.
func (a *adaptive) dropped(now time.Time, running int) {
	if a.fixed() || now.Before(a.settled) {
		return
	}
	a.lost++
	a.judge(now, running)
}

// judge ends the window when it tells enough.
func (a *adaptive) judge(now time.Time, running int) {
	a.peak = max(a.peak, running)
	if a.settled.IsZero() {
		a.settled, a.confirmed = now, now
	}
	if !a.telling(now) {
		return
	}
	unknown, before := a.typical == 0, a.limit
	a.typical = a.longest()
	if !unknown && float64(a.peak) >= a.limit/2 { // else it is not the number of our calls that tells
		a.decide(now)
	}
	a.settled, a.good, a.lost, a.peak = now, 0, 0, 0
	if unknown || a.limit != before {
		// Of calls that have just begun the quick ones end first.
		a.settled, a.slow = now.Add(a.typical), 0
	}
	for _, o := range a.operations {
		o.window = latencies{}
	}
}

// longest is what nine calls in ten of the window's slowest operation took at most.
func (a *adaptive) longest() time.Duration {
	longest := 0.0
	for _, o := range a.operations {
		longest = math.Max(longest, o.window.quantile(0.9))
	}
	return time.Duration(longest)
}

// telling says whether the window tells enough.
func (a *adaptive) telling(now time.Time) bool {
	n, took := a.good+a.lost, now.Sub(a.settled)
	switch {
	case took < windowTime || n < fewest:
		return false
	case n >= windowCalls || n >= longCalls && (a.starting || took >= longTime):
		return true
	}
	return n < longCalls && a.tooSlow(a.slowness())
}

func (a *adaptive) decide(now time.Time) {
	if a.resume > 0 {
		a.measureAnew(now)
		return
	}
	slowness := a.slowness()
	for _, o := range a.operations {
		o.learn()
	}
	a.usualLoss += math.Min(0, a.loss()-a.usualLoss) / 4
	if slowness <= confirms {
		a.confirmed, a.futile, a.steppedAt = now, 0, 0
	}
	if slowness < helped*a.steppedAt {
		a.futile = 0
	}
	if a.tooSlow(slowness) {
		a.slow++
	} else {
		a.slow = 0
	}
	switch {
	case a.slow > 1 && a.futile < patience: // once may be a pause of ours
		a.shrink(now, slowness)
	case now.Sub(a.confirmed) > probeAfter:
		a.resume = a.limit
		a.limit = math.Max(a.floor, a.limit/2)
	case slowness < growBelow+a.doubt()/2 && a.peak >= a.calls():
		a.grow(now, slowness)
	}
}

// tooSlow says whether a slowness is beyond the band.
func (a *adaptive) tooSlow(slowness float64) bool { return slowness > shrinkAbove+a.doubt() }

// doubt is by how much a slowness may be off: few calls say less.
func (a *adaptive) doubt() float64 { return 2 / math.Sqrt(float64(max(1, a.good+a.lost))) }

// slowness is how many times their baselines the window's calls took, and more where
// calls were lost.
func (a *adaptive) slowness() float64 {
	sum, calls := 0.0, 0
	for _, o := range a.operations {
		if n := o.window.n; n >= fewest {
			sum += float64(n) * o.slowness()
			calls += n
		}
	}
	lost := 1 + lossWeight*(a.loss()-a.usualLoss)
	if calls == 0 {
		return lost
	}
	return lost * sum / float64(calls)
}

// loss is the share of the window's calls that were lost.
func (a *adaptive) loss() float64 { return float64(a.lost) / float64(max(1, a.good+a.lost)) }

func (a *adaptive) shrink(now time.Time, slowness float64) {
	a.starting = false
	a.futile++
	a.steppedAt, a.confirmed = slowness, now
	a.limit = math.Max(a.floor, a.limit*math.Max(steepest, shrinkAbove/slowness))
}

func (a *adaptive) grow(now time.Time, slowness float64) {
	factor := 2.0
	if !a.starting {
		factor = 1 + (growth-1)*math.Max(0, math.Min(1, (growBelow-slowness)/(growBelow-1)))
	}
	a.limit = math.Min(a.ceiling, math.Max(a.limit*factor, a.limit+1))
}

// measureAnew takes what calls took at the lowered limit for the baselines. A bank that
// has slowed just now is not taken for one that always was: to have lowered the limit
// was the first step down.
func (a *adaptive) measureAnew(now time.Time) {
	if slowness := a.slowness(); a.futile == 0 && slowness > shrinkAbove {
		a.resume, a.confirmed, a.starting = 0, now, false
		a.futile, a.steppedAt = 1, slowness
		return
	}
	// With a baseline that was far off, the limit was too: it is sought from here.
	a.starting = a.slowness() > shrinkAbove
	for _, o := range a.operations {
		o.renew()
	}
	a.usualLoss = a.loss()
	a.limit = a.resume
	a.resume, a.confirmed, a.futile, a.steppedAt = 0, now, 0, 0
}
