package processing

import (
	"context"
	"errors"
	"sync"

	"bankprocessor/internal/command"
)

// listing is one query for a company's invoices of one due date. The bank has no
// filter by dealer or invoice: it sends the whole day (contract section 3.6).
type listing struct {
	done     chan struct{}
	rows     []command.InvoiceResultRow
	answered bool
	err      error // the cause that ended the context of whoever asked
}

// listingKey is what a listing depends on.
type listingKey struct {
	company        string
	customerNumber int64
	day            command.Date
}

// listings shares queries between invoices that are in doubt at the same time:
// after an outage there may be hundreds of one day. Whoever comes while a query
// runs joins the one after it, for only a query that starts later than the
// invoice's settle wait is evidence.
type listings struct {
	mu      sync.Mutex
	running map[listingKey]*listing
	next    map[listingKey]*listing
}

func newListings() *listings {
	return &listings{running: map[listingKey]*listing{}, next: map[listingKey]*listing{}}
}

// get returns a listing that began after the call of get. ask makes the query and
// fills the listing in; it runs in the goroutine of one of those who wait. When
// that one's context ends, another asks.
func (l *listings) get(ctx context.Context, key listingKey, ask func(*listing)) *listing {
	for {
		mine, before := l.join(key)
		if before != nil {
			if err := await(ctx, before); err != nil {
				return &listing{err: err}
			}
		}
		if l.lead(key, mine) {
			l.ask(key, mine, ask)
			return mine
		}
		if err := await(ctx, mine); err != nil {
			return &listing{err: err}
		}
		if mine.err == nil {
			return mine
		}
	}
}

// ask makes the query of mine. Should it panic, the others ask themselves.
func (l *listings) ask(key listingKey, mine *listing, ask func(*listing)) {
	mine.err = errNotAsked
	defer l.finish(key, mine)
	ask(mine)
}

// errNotAsked is the error of a listing that nobody has filled in.
var errNotAsked = errors.New("the query did not end")

// join returns the listing that begins next, and the one that runs before it.
func (l *listings) join(key listingKey) (mine, before *listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine = l.next[key]
	if mine == nil {
		mine = &listing{done: make(chan struct{})}
		l.next[key] = mine
	}
	return mine, l.running[key]
}

// lead says whether the caller is to make the query of mine: the first that asks
// while nothing runs.
func (l *listings) lead(key listingKey, mine *listing) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running[key] != nil || l.next[key] != mine {
		return false
	}
	delete(l.next, key)
	l.running[key] = mine
	return true
}

func (l *listings) finish(key listingKey, mine *listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.running, key)
	close(mine.done)
}

func await(ctx context.Context, l *listing) error {
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
