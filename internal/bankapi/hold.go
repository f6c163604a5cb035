package bankapi

import (
	"time"

	"bankprocessor/internal/command"
)

// HoldReason is why a gate is held shut beside its breaker; "" for not at all.
type HoldReason string

// The reasons.
const (
	HoldPaused        HoldReason = "paused"         // refused: credentials, address, endpoint
	HoldDelayed       HoldReason = "delayed"        // throttled
	HoldSecretRefused HoldReason = "secret_refused" // not tried again before the secret changes
	HoldTLSRefused    HoldReason = "tls_refused"    // tried again at once when a certificate's file changes
)

// askEvery is how often a hold asks whether it has been lifted.
const askEvery = time.Second

// hold keeps a gate shut until a moment, after which one real command probes.
type hold struct {
	reason   HoldReason
	why      string        // code and constant words, for logs
	interval time.Duration // until the next probe, should this one be refused too
	until    time.Time     // zero: only lifted ends it
	lifted   func() bool   // may be nil
	nextAsk  time.Time     // zero when lifted is nil
}

func (h *hold) lasts(now time.Time) bool {
	if h.lifted != nil && !now.Before(h.nextAsk) {
		h.nextAsk = now.Add(askEvery)
		if h.lifted() {
			h.lifted, h.nextAsk, h.until = nil, time.Time{}, now
		}
	}
	if h.until.IsZero() {
		return h.lifted != nil
	}
	return now.Before(h.until)
}

func (h *hold) extend(until time.Time) {
	if !h.until.IsZero() && until.After(h.until) {
		h.until = until
	}
}

// shut holds the gate after a refusal; each one in a row doubles the wait.
func (g *Group) shut(now time.Time, v *command.Verdict) {
	h := &hold{reason: HoldPaused, why: why(v), interval: g.cfg.PauseInitial}
	switch {
	case v.Code == command.CodeBankTLSRefused:
		h.reason = HoldTLSRefused
		if g.files != nil {
			h.lifted, h.nextAsk = g.files.changed(), now.Add(askEvery)
		}
	case v.Retry == command.RetryDelay:
		h.reason, h.interval = HoldDelayed, g.cfg.Delay
	}
	if g.hold != nil && g.hold.reason == h.reason {
		h.interval = max(h.interval, min(2*g.hold.interval, g.cfg.PauseMax))
	}
	wait := h.interval
	if h.reason == HoldDelayed && v.RetryAfter > 0 {
		wait = min(v.RetryAfter, g.cfg.DelayMax)
		h.interval = g.cfg.Delay
	}
	h.until = now.Add(wait)
	g.setHold(h)
}

func why(v *command.Verdict) string { return string(v.Code) + ": " + v.Detail }

// HoldSecret holds the gate until changed says that the refused secret is
// another one, which is asked at most once a second, or until retryAfter has
// passed; 0 means never (contract section 1.3: five wrong secrets lock the app).
func (g *Group) HoldSecret(changed func() bool, retryAfter time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	h := &hold{
		reason: HoldSecretRefused, why: why(&secretInvalid), interval: g.cfg.PauseInitial,
		lifted: changed, nextAsk: now.Add(askEvery),
	}
	if retryAfter > 0 {
		h.until = now.Add(retryAfter)
	}
	g.setHold(h)
	g.pump(now)
}

func (g *Group) setHold(h *hold) {
	g.hold = h
	g.generation++
	g.probing = 0
	g.tickets.forget()
	reason, why := HoldReason(""), ""
	if h != nil {
		reason, why = h.reason, h.why
	}
	g.observer.GateChanged(g.name, reason, why)
}

// GroupState is a group at one moment, for health and console.
type GroupState struct {
	Name    string
	Breaker string // "closed", "half-open" or "open"
	// Successes, Failures and ConsecutiveFailures are those of the breaker's
	// window; a change of its state clears them.
	Successes, Failures, ConsecutiveFailures uint32
	Hold                                     HoldReason
	Why                                      string // code and constant words; "" without a hold
	// NextProbe is when a command may probe next: zero when the gate stands
	// open, when probes are under way, and when only a new secret opens it.
	NextProbe time.Time
	Running   int // calls
	Waiting   int // commands at the gate
	Limit     int // how many calls may run at present, up to max_concurrent
}

// State returns what the group is at now.
func (g *Group) State() GroupState {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	breaker := g.breaker.State()
	counts := g.breaker.Counts()
	s := GroupState{
		Name: g.name, Breaker: breaker.String(),
		Successes: counts.TotalSuccesses, Failures: counts.TotalFailures,
		ConsecutiveFailures: counts.ConsecutiveFailures,
		Running:             g.running, Waiting: g.waiters.Len(), Limit: g.slots.limit,
	}
	if g.openUntil.After(now) {
		s.NextProbe = g.openUntil
	}
	if g.hold != nil {
		s.Hold, s.Why = g.hold.reason, g.hold.why
		if g.hold.until.After(now) && g.hold.until.After(s.NextProbe) {
			s.NextProbe = g.hold.until
		}
	}
	return s
}
