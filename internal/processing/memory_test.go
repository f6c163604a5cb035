package processing

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"bankprocessor/internal/command"
)

// memoryLog keeps what is published, in order, and is the history that follows from
// it.
type memoryLog struct {
	mu        sync.Mutex
	attempts  []*command.Attempt // withdrawals are among them
	outcomes  []*command.Outcome
	offsets   []int64 // of the commands of the outcomes
	letters   []*command.DeadLetter
	order     []string
	refusals  int  // how many more publications fail with errAway
	differs   bool // what the history says of an id that was used twice
	onPublish func(what string, stored bool)
}

var errAway = errors.New("broker away")

// refuse makes the next n publications fail.
func (l *memoryLog) refuse(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusals = n
}

// publish has one record stored, unless it is refused.
func (l *memoryLog) publish(what string, store func()) error {
	l.published(what, false)
	l.mu.Lock()
	if l.refusals > 0 {
		l.refusals--
		l.mu.Unlock()
		return errAway
	}
	store()
	l.order = append(l.order, what)
	l.mu.Unlock()
	l.published(what, true)
	return nil
}

func (l *memoryLog) published(what string, stored bool) {
	if l.onPublish != nil {
		l.onPublish(what, stored)
	}
}

func (l *memoryLog) Attempt(_ context.Context, _ *command.Message, a *command.Attempt) error {
	what := "attempt"
	if a.Withdrawn {
		what = "withdrawal"
	}
	return l.publish(what, func() { l.attempts = append(l.attempts, a) })
}

func (l *memoryLog) Outcome(_ context.Context, m *command.Message, o *command.Outcome) error {
	return l.publish("outcome", func() {
		l.outcomes, l.offsets = append(l.outcomes, o), append(l.offsets, m.Offset)
	})
}

func (l *memoryLog) DeadLetter(_ context.Context, d *command.DeadLetter) error {
	return l.publish("letter", func() { l.letters = append(l.letters, d) })
}

func (l *memoryLog) Open(_ context.Context, m *command.Message, id string) (past command.Past, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, o := range l.outcomes {
		if o.CommandID == id {
			elsewhere := l.offsets[i] != m.Offset
			return command.Past{Concluded: true, Elsewhere: elsewhere, Differs: elsewhere && l.differs}, nil
		}
	}
	for _, a := range l.attempts {
		if a.CommandID == id && !a.Withdrawn && !l.withdrawn(a.ChannelRequestID) {
			past.Attempts = append(past.Attempts, *a)
		}
	}
	return past, nil
}

func (l *memoryLog) withdrawn(requestID string) bool {
	return slices.ContainsFunc(l.attempts, func(a *command.Attempt) bool {
		return a.Withdrawn && a.ChannelRequestID == requestID
	})
}

func (l *memoryLog) Close(*command.Message, string) {}

// leaseSwitch is a lease that a test takes away and gives back.
type leaseSwitch struct {
	mu   sync.Mutex
	held chan struct{} // closed while the lease is held
}

var errNoLease = errors.New("the lease is not held")

func newLeaseSwitch() *leaseSwitch {
	l := &leaseSwitch{held: make(chan struct{})}
	close(l.held)
	return l
}

// lose takes the lease away; the returned function gives it back.
func (l *leaseSwitch) lose() (renew func()) {
	held := make(chan struct{})
	l.mu.Lock()
	l.held = held
	l.mu.Unlock()
	return sync.OnceFunc(func() { close(held) })
}

func (l *leaseSwitch) now() chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

func (l *leaseSwitch) Check() error {
	select {
	case <-l.now():
		return nil
	default:
		return errNoLease
	}
}

func (l *leaseSwitch) Wait(ctx context.Context) error {
	select {
	case <-l.now():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// told counts what the observer is told of attempts and of what was before.
type told struct {
	NopObserver

	attempted, recovered, retried, answered, twice, differing int
	doubted, settled                                          int
	traceOfAttempt, traceOfOutcome                            string
}

func (o *told) Retried(command.Name, command.Code) { o.retried++ }
func (o *told) Recovered(command.Name)             { o.recovered++ }
func (o *told) Doubted(command.Name)               { o.doubted++ }
func (o *told) Settled(command.Name)               { o.settled++ }

func (o *told) Attempted(_ command.Name, _ time.Duration, traceparent string) {
	o.attempted++
	o.traceOfAttempt = traceparent
}

func (o *told) Completed(_ *command.Outcome, _ time.Duration, traceparent string) {
	o.traceOfOutcome = traceparent
}

func (o *told) Answered(_ command.Name, elsewhere, differs bool) {
	o.answered++
	if elsewhere {
		o.twice++
	}
	if differs {
		o.differing++
	}
}
