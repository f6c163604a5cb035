package bankapi

import (
	"context"
	"math"
	"time"

	"github.com/sony/gobreaker/v2"

	"bankprocessor/internal/command"
)

const (
	// ticketGrace is how long a waiter that was let through to probe may take until
	// its call; then the next one is let through in its place. openGrace is the same
	// for a gate that stands open: that a place be kept for longer is not worth it
	// there, for some never call.
	ticketGrace = 2 * time.Second
	openGrace   = 100 * time.Millisecond
	// unlimited is the room of a gate that stands open.
	unlimited = math.MaxInt
)

// pass is one admitted call.
type pass struct {
	done       func(error)
	generation uint64
	began      time.Time
}

// Wait returns nil once a call may be tried, or ctx's cause when ctx ends first.
// While commands probe, it lets through as many waiters as may probe. While the gate
// stands open, it lets through as many as there are slots beyond those that have
// theirs: whoever has announced his call then has a slot about as soon as one call has
// ended, and nobody announces what he cannot do in time.
func (g *Group) Wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	g.mu.Lock()
	now := time.Now()
	if g.waiters.Len() == 0 && g.free(now) > 0 {
		g.issueTicket(now)
		g.mu.Unlock()
		return nil
	}
	through := make(chan struct{})
	place := g.waiters.PushBack(through)
	g.pump(now) // the breaker may have half-opened just now, ahead of the timer
	g.mu.Unlock()
	defer func() { g.observer.Waited(g.name, time.Since(now)) }()

	select {
	case <-through:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-through: // let through meanwhile: the ticket goes back
		g.tickets.takeBack()
	default:
		g.waiters.Remove(place)
	}
	g.pump(time.Now())
	return context.Cause(ctx)
}

// Shut says whether the gate is shut, or open for probes alone that others make. Wait
// may block all the same, for a slot.
func (g *Group) Shut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed && g.hold == nil {
		return false
	}
	now := time.Now()
	room := g.room(now)
	return room != unlimited && (g.waiters.Len() > 0 || g.free(now) <= 0)
}

// admit lets one call through, at a waiter's ticket if any is out.
func (g *Group) admit(now time.Time) (pass, bool) {
	// The gate may have shut while the call waited for its slot.
	if g.room(now) <= 0 {
		return pass{}, false
	}
	done, err := g.breaker.Allow()
	if err != nil {
		return pass{}, false
	}
	g.tickets.use()
	if g.hold != nil {
		g.probing++
	}
	g.running++
	return pass{done: done, generation: g.generation, began: now}, true
}

// settle tells breaker and gate what came of an admitted call.
func (g *Group) settle(p pass, v *command.Verdict) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.learn(p, v, now)
	g.running--
	g.slots.release()
	p.done(breakerError(v))
	refused := (v.Delivery == command.Answered || v.Code == command.CodeBankTLSRefused) &&
		(v.Retry == command.RetryPause || v.Retry == command.RetryDelay)
	if !refused && g.hold == nil && g.waiters.Len() == 0 {
		return // as it nearly always is: nobody is held up, and nobody is to be
	}
	switch current := p.generation == g.generation; {
	case refused && current:
		g.shut(now, v)
	case refused && g.hold != nil && v.Retry == command.RetryDelay:
		g.hold.extend(now.Add(min(v.RetryAfter, g.cfg.DelayMax)))
	case current && g.hold != nil && v.Delivery == command.Answered && !v.BankFault:
		g.setHold(nil)
	case current && g.hold != nil: // the probe has told nothing
		g.probing--
		g.hold.extend(now.Add(g.hold.interval))
	}
	g.pump(now)
}

// learn tells the concurrency limit what came of a call.
func (g *Group) learn(p pass, v *command.Verdict, now time.Time) {
	switch {
	case turnedAway(v):
		g.bound.dropped(now, g.slots.inUse)
	case v.Delivery == command.Answered && !v.BankFault && !v.Uncounted:
		g.bound.answered(g.of, now.Sub(p.began), now, g.slots.inUse)
	}
	g.slots.limit = g.bound.calls()
}

// turnedAway says whether v is what comes of a bank that has too much to do, among
// other things.
func turnedAway(v *command.Verdict) bool {
	return v.BankFault && v.Delivery == command.Unanswered ||
		v.Code == command.CodeGatewayThrottled || v.Code == command.CodeBankHTTPError
}

// room is how many calls may start now, tickets not considered.
func (g *Group) room(now time.Time) int {
	room := unlimited
	if g.hold != nil {
		if g.hold.lasts(now) {
			return 0
		}
		room = 1 - g.probing
	}
	if g.closed {
		return room
	}
	switch g.breaker.State() {
	case gobreaker.StateOpen:
		return 0
	case gobreaker.StateHalfOpen:
		counts := g.breaker.Counts()
		room = min(room, int(g.cfg.HalfOpenCalls)-int(counts.Requests-counts.TotalExclusions))
	}
	return room
}

// free is the room, in gate and slots, that no ticket has claimed.
func (g *Group) free(now time.Time) int {
	room := g.room(now)
	if room == unlimited && g.lenient {
		return room
	}
	g.tickets.lapse(now)
	return min(room, 2*g.slots.limit-g.slots.inUse-g.slots.queue.Len()) - g.tickets.n
}

func (g *Group) issueTicket(now time.Time) {
	switch {
	case !g.closed || g.hold != nil:
		g.tickets.issue(now.Add(ticketGrace))
	case !g.lenient:
		g.tickets.issue(now.Add(openGrace))
	}
}

// pump lets through as many waiters as there is room for.
func (g *Group) pump(now time.Time) {
	for g.waiters.Len() > 0 && g.free(now) > 0 {
		g.issueTicket(now)
		close(g.waiters.Remove(g.waiters.Front()).(chan struct{}))
	}
	g.arm(now)
}

// arm sees to it that the one timer ends no later than the next moment at which
// waiters may be let through without a call having ended.
func (g *Group) arm(now time.Time) {
	next, ok := g.nextChange(now)
	if g.waiters.Len() == 0 || !ok || (g.wake.After(now) && !next.Before(g.wake)) {
		return
	}
	g.wake = next
	if g.timer != nil {
		g.timer.Reset(next.Sub(now))
		return
	}
	g.timer = time.AfterFunc(next.Sub(now), func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.wake = time.Time{}
		g.pump(time.Now())
	})
}

func (g *Group) nextChange(now time.Time) (next time.Time, ok bool) {
	consider := func(t time.Time) {
		if t.After(now) && (!ok || t.Before(next)) {
			next, ok = t, true
		}
	}
	if g.hold != nil {
		consider(g.hold.until)
		consider(g.hold.nextAsk)
	}
	if g.tickets.n > 0 {
		consider(g.tickets.first())
	}
	if !g.closed && g.breaker.State() == gobreaker.StateOpen {
		consider(g.openUntil)
	}
	return next, ok
}
