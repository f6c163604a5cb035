package bankapi

import (
	"cmp"
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"bankprocessor/internal/command"
)

// The operation groups (contract section 1.1).
const (
	GroupInterAPICustomer = "interapi.customer"
	GroupInterAPIDBSWrite = "interapi.dbs.write"
	GroupInterAPIDBSRead  = "interapi.dbs.read"
	GroupLoan             = "loanapi.loan"
	GroupLoanToken        = "loanapi.token"
)

// Group is one operation group (contract section 1.1): a breaker, a gate, a
// rate limit and a concurrency limit, fixed or following the bank. It is safe for
// concurrent use and owns no goroutine.
type Group struct {
	*core
	of *operation // whose calls it makes
}

// core is what the operations of a group share.
type core struct {
	name     string
	cfg      GroupConfig
	observer Observer
	rate     *rate.Limiter // nil for no limit
	files    *Client       // whose certificates the calls use; nil for none known

	// mu guards everything below, the breaker's own state included, so that
	// gate and breaker always agree.
	mu      sync.Mutex
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	// closed is what the breaker last said of itself. A closed one opens in no
	// other way than by a call's result, so that it need not be asked.
	closed    bool
	openUntil time.Time // when an open breaker lets commands probe
	slots     slots
	bound     adaptive // of the slots
	hold      *hold    // nil when nothing holds the gate shut
	// generation counts the holds that began or ended; probing counts the
	// calls in flight that were admitted through the present one.
	generation uint64
	probing    int
	running    int
	tickets    tickets   // of those who were let through and have not called yet
	waiters    list.List // of chan struct{}, first come first served
	timer      *time.Timer
	wake       time.Time // when timer ends; zero once it has
	// lenient lets everybody through an open gate: of those who wait few call.
	lenient bool
}

// NewGroup returns a closed breaker behind an open gate. cfg takes its defaults
// first; o may be nil.
func NewGroup(name string, cfg GroupConfig, o Observer) (*Group, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring group %s: %w", name, err)
	}
	g := &Group{core: &core{
		name: name, cfg: cfg, observer: orNop(o), closed: true,
		bound: newAdaptive(cmp.Or(cfg.MinConcurrent, cfg.MaxConcurrent), cfg.MaxConcurrent),
	}}
	g.slots.limit = g.bound.calls()
	g = g.Operation()
	if cfg.Rate > 0 {
		g.rate = rate.NewLimiter(rate.Limit(cfg.Rate), cfg.Burst)
	}
	g.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:          name,
		MaxRequests:   cfg.HalfOpenCalls,
		Interval:      cfg.Window,
		BucketPeriod:  max(cfg.Window/10, 1),
		Timeout:       cfg.OpenFor,
		ReadyToTrip:   g.readyToTrip,
		OnStateChange: g.breakerChanged,
		IsSuccessful:  func(err error) bool { return err == nil },
		IsExcluded:    func(err error) bool { return errors.Is(err, errUncounted) },
	})
	return g, nil
}

// Over names the client that the group's calls go through, so that a gate which
// TLS has shut opens when a certificate's file has changed. It comes before the
// first call, and returns the group.
func (g *Group) Over(c *Client) *Group {
	g.files = c
	return g
}

// Operation returns the group for one more bank operation: it shares everything with
// the others, but what its calls take is not compared with what theirs do.
func (g *Group) Operation() *Group {
	g.mu.Lock()
	defer g.mu.Unlock()
	return &Group{core: g.core, of: g.bound.operation()}
}

// Name returns the group's name.
func (g *Group) Name() string { return g.name }

// Do runs one call inside the group's limits and tells breaker and gate what
// came of it. When the breaker is open or the gate shut, call does not run and
// the verdict is NotSent with RetryPause; when the limits have no room within
// QueueTimeout, it is NotSent with RetryDelay.
func (g *Group) Do(ctx context.Context, call func(context.Context) command.Verdict) (v command.Verdict) {
	p, refusal := g.enter(ctx)
	if refusal != nil {
		return refusal()
	}
	// A call that panics leaves the zero verdict, which claims nothing.
	defer func() { g.settle(p, &v) }()
	v = call(ctx)
	return v
}

// enter admits one call, which then holds a slot; a refusal holds none.
func (g *Group) enter(ctx context.Context) (p pass, refusal func() command.Verdict) {
	if ctx.Err() != nil {
		return pass{}, busyVerdict
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	began := time.Now()
	if g.room(began) <= 0 {
		return pass{}, shutVerdict
	}
	// Nearly always there is nothing to wait for.
	seated := g.slots.take()
	if !seated || (g.rate != nil && !g.rate.Allow()) {
		err := g.queue(ctx, seated)
		began = time.Now()
		if err != nil {
			g.pump(began) // no call ends here to let the next waiter through
			return pass{}, busyVerdict
		}
	}
	p, ok := g.admit(began)
	if !ok {
		g.slots.release()
		g.pump(began)
		return pass{}, shutVerdict
	}
	return p, nil
}

// queue waits, for at most QueueTimeout, for a slot, unless it is seated, and then
// for a rate token; on an error it holds neither. It gives mu up while it waits.
func (g *Group) queue(ctx context.Context, seated bool) error {
	deadline := time.Now().Add(g.cfg.QueueTimeout)
	if !seated {
		if err := g.slots.acquire(ctx, &g.mu, g.cfg.QueueTimeout); err != nil {
			return err
		}
	}
	if g.rate == nil {
		return nil
	}
	g.mu.Unlock()
	err := g.pace(ctx, deadline)
	g.mu.Lock()
	if err != nil {
		g.slots.release()
	}
	return err
}

// pace waits for a rate token.
func (g *Group) pace(ctx context.Context, deadline time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	err := g.rate.Wait(ctx)
	if err != nil {
		// The limiter says at once that it will take longer. So would the caller ask
		// again at once, who announces each try to Kafka.
		<-ctx.Done()
	}
	return err
}

// What the breaker is told: nil is a success.
var (
	errBankFault = errors.New("the bank is at fault")
	errUncounted = errors.New("says nothing about the bank")
)

func breakerError(v *command.Verdict) error {
	switch {
	case v.BankFault:
		return errBankFault
	case v.Uncounted, v.Delivery != command.Answered:
		return errUncounted
	}
	return nil
}

func (g *Group) readyToTrip(c gobreaker.Counts) bool {
	if c.ConsecutiveFailures >= g.cfg.ConsecutiveFailures {
		return true
	}
	judged := c.TotalSuccesses + c.TotalFailures
	return judged >= g.cfg.MinCalls && float64(c.TotalFailures) >= g.cfg.FailureRatio*float64(judged)
}

// breakerChanged runs under mu: every use of the breaker does.
func (g *Group) breakerChanged(_ string, from, to gobreaker.State) {
	g.closed = to == gobreaker.StateClosed
	g.tickets.forget()
	if to == gobreaker.StateOpen {
		// The breaker half-opens strictly after its timeout.
		g.openUntil = time.Now().Add(g.cfg.OpenFor + 1)
	}
	g.observer.BreakerChanged(g.name, from.String(), to.String())
}

func shutVerdict() command.Verdict {
	return command.Verdict{
		Status: command.Failed, Code: command.CodeBankUnreachable, Category: command.CategoryTransport,
		Retry: command.RetryPause, Uncounted: true, Delivery: command.NotSent,
		Detail: "the breaker is open or the gate shut",
	}
}

func busyVerdict() command.Verdict {
	return command.Verdict{
		Status: command.Failed, Code: command.CodeGatewayThrottled, Category: command.CategoryThrottled,
		Retry: command.RetryDelay, Uncounted: true, Delivery: command.NotSent,
		Detail: "our own rate or concurrency limit had no room in time",
	}
}
