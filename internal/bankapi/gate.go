package bankapi

import (
	"context"
	"math"
	"time"

	"github.com/sony/gobreaker/v2"

	"bankprocessor/internal/command"
)

const (
	// ticketGrace is how long a waiter that was let through may take until its
	// call; then the next one is let through in its place.
	ticketGrace = 2 * time.Second
	// unlimited is the room of a gate that stands open.
	unlimited = math.MaxInt
)

// pass is one admitted call.
type pass struct {
	done       func(error)
	generation uint64
}

// Wait returns nil once a call may be tried, or ctx's cause when ctx ends
// first. While commands probe, it lets through as many waiters as may probe.
func (g *Group) Wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	g.mu.Lock()
	now := time.Now()
	free := g.free(now)
	if free > 0 && (free == unlimited || g.waiters.Len() == 0) {
		g.issueTicket(now, free)
		g.mu.Unlock()
		return nil
	}
	through := make(chan struct{})
	place := g.waiters.PushBack(through)
	g.pump(now) // the breaker may have half-opened just now, ahead of the timer
	g.mu.Unlock()

	select {
	case <-through:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-through: // let through meanwhile: the ticket goes back
		if len(g.tickets) > 0 {
			g.tickets = g.tickets[:len(g.tickets)-1]
		}
	default:
		g.waiters.Remove(place)
	}
	g.pump(time.Now())
	return context.Cause(ctx)
}

// Shut says whether Wait would block.
func (g *Group) Shut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	free := g.free(time.Now())
	return free <= 0 || (free != unlimited && g.waiters.Len() > 0)
}

// admit lets one call through, at a waiter's ticket if any is out.
func (g *Group) admit() (pass, bool) {
	if !g.closed || g.hold != nil {
		// The gate may have shut while the call waited for its slot.
		if g.room(time.Now()) <= 0 {
			return pass{}, false
		}
	}
	done, err := g.breaker.Allow()
	if err != nil {
		return pass{}, false
	}
	if len(g.tickets) > 0 {
		g.tickets = g.tickets[1:]
	}
	if g.hold != nil {
		g.probing++
	}
	g.running++
	return pass{done: done, generation: g.generation}, true
}

// settle tells breaker and gate what came of an admitted call.
func (g *Group) settle(p pass, v *command.Verdict) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	g.slots.release()
	p.done(breakerError(v))
	refused := (v.Delivery == command.Answered || v.Code == command.CodeBankTLSRefused) &&
		(v.Retry == command.RetryPause || v.Retry == command.RetryDelay)
	if !refused && g.hold == nil && g.waiters.Len() == 0 {
		return // as it nearly always is: nobody is held up, and nobody is to be
	}
	now := time.Now()
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

// free is the room that no ticket has claimed.
func (g *Group) free(now time.Time) int {
	room := g.room(now)
	if room == unlimited {
		g.tickets = nil
		return room
	}
	for len(g.tickets) > 0 && !now.Before(g.tickets[0]) {
		g.tickets = g.tickets[1:]
	}
	return room - len(g.tickets)
}

func (g *Group) issueTicket(now time.Time, free int) {
	if free != unlimited {
		g.tickets = append(g.tickets, now.Add(ticketGrace))
	}
}

// pump lets through as many waiters as there is room for.
func (g *Group) pump(now time.Time) {
	for g.waiters.Len() > 0 {
		free := g.free(now)
		if free <= 0 {
			break
		}
		g.issueTicket(now, free)
		close(g.waiters.Remove(g.waiters.Front()).(chan struct{}))
	}
	g.arm(now)
}

// arm sets the one timer to the next moment at which waiters may be let
// through without a call having ended.
func (g *Group) arm(now time.Time) {
	next, ok := g.nextChange(now)
	switch {
	case g.waiters.Len() == 0 || !ok:
		if g.timer != nil {
			g.timer.Stop()
		}
	case g.timer == nil:
		g.timer = time.AfterFunc(next.Sub(now), func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.pump(time.Now())
		})
	default:
		g.timer.Reset(next.Sub(now))
	}
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
	if len(g.tickets) > 0 {
		consider(g.tickets[0])
	}
	if !g.closed && g.breaker.State() == gobreaker.StateOpen {
		consider(g.openUntil)
	}
	return next, ok
}
