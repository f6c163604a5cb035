// Package lease keeps the one proof that a process may act for its partitions: the
// group has acknowledged a commit of its generation not long ago (design section
// 4, last point).
//
// consumers renews it, and ends it when the group has fenced the member. Whoever
// is about to do what cannot be undone (a call to the bank, a write to a result
// topic) asks Check at the last moment before. Who has time asks Wait.
//
// A proof is one of the generation in which it was given: consumers revokes the lease
// at a generation's end. And no proof counts past the moment at which the group stops
// waiting for its members in a rebalance (Bound), for it takes commits until then.
//
// A lease is shorter than the session timeout by the longest bank call, so that a
// call that starts under it has ended before the group can give the partition to
// somebody else.
package lease

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"bankprocessor/internal/planted"
)

// ErrLost is what Check answers while the lease is not held. It may be held again.
var ErrLost = errors.New("the lease is not held: the group may have given the partitions to somebody else")

// Lease is safe for concurrent use.
type Lease struct {
	term time.Duration
	// held is what proves it, nil while nothing does. Every call and every write asks
	// it, and is not to queue for the lock.
	held atomic.Pointer[proof]

	mu      sync.Mutex
	proved  time.Time     // when the last acknowledged commit was sent; zero when not held
	limit   time.Time     // no proof counts past it; zero for none
	last    time.Time     // as proved, and never zeroed
	renewed chan struct{} // closed and renewed at every Renew
}

// proof is that the group counted the member in at a moment, and the limit past which
// that says nothing, zero for none.
type proof struct{ at, limit time.Time }

// New returns a lease of that term that is not held.
func New(term time.Duration) *Lease { return &Lease{term: term, renewed: make(chan struct{})} }

// Renew takes in that a commit which was sent at that moment has been acknowledged.
func (l *Lease) Renew(sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proved, l.last = sent, sent
	l.show()
	close(l.renewed)
	l.renewed = make(chan struct{})
}

// Revoke ends the lease until the next Renew.
func (l *Lease) Revoke() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.proved = time.Time{}
	l.show()
}

// Bound has no proof count past that moment, whatever is renewed; the zero time
// takes the bound away.
func (l *Lease) Bound(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = until
	l.show()
}

// show sets held by what the lock guards.
func (l *Lease) show() {
	if l.proved.IsZero() {
		l.held.Store(nil)
		return
	}
	l.held.Store(&proof{at: l.proved, limit: l.limit})
}

// Check returns nil while the lease is held, else ErrLost.
func (l *Lease) Check() error {
	if l.Left() <= 0 {
		return ErrLost
	}
	return nil
}

// Left is for how long the lease is held if nothing renews it; 0 when it is not held.
func (l *Lease) Left() time.Duration {
	if planted.Off(planted.Fencing) {
		return l.term
	}
	held := l.held.Load()
	if held == nil {
		return 0
	}
	now := time.Now()
	left := l.term - elapsed(held.at, now)
	if !held.limit.IsZero() {
		left = min(left, -elapsed(held.limit, now))
	}
	return max(0, left)
}

// elapsed goes by the monotonic clock, which nobody sets, and by the wall clock, which
// goes on while a machine sleeps: by the one that says more.
func elapsed(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0)))
}

// Wait returns nil once the lease is held, or ctx's cause when ctx ends first.
func (l *Lease) Wait(ctx context.Context) error {
	if l.Check() == nil {
		return nil
	}
	for {
		l.mu.Lock()
		renewed := l.renewed
		l.mu.Unlock()
		if l.Check() == nil {
			return nil
		}
		select {
		case <-renewed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Last is when the last acknowledged commit was sent, zero before any.
func (l *Lease) Last() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}
