package processing

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

func TestListingsAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newListings()
		key := listingKey{company: "SOLEN"}
		var mu sync.Mutex
		var begun []time.Time
		var wait sync.WaitGroup
		for i := range 100 {
			wait.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				came := time.Now()
				var start time.Time
				got := l.get(t.Context(), key, func(l *listing) {
					start = time.Now()
					mu.Lock()
					begun = append(begun, start)
					mu.Unlock()
					time.Sleep(20 * time.Millisecond)
					l.answered, l.err = true, nil
					l.rows = []command.InvoiceResultRow{{LastUpdated: start}}
				})
				if !got.answered || got.rows[0].LastUpdated.Before(came) {
					t.Errorf("asked at %v, the query began at %v", came, got.rows[0].LastUpdated)
				}
			})
		}
		wait.Wait()
		if len(begun) > 7 {
			t.Errorf("%d queries of 20 ms each for 100 askers in 100 ms, want at most 7", len(begun))
		}
		if len(l.running)+len(l.next) > 0 {
			t.Errorf("left behind: %d running, %d next", len(l.running), len(l.next))
		}
	})
}

func TestAListingOutlivesWhoeverAskedForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newListings()
		key := listingKey{company: "SOLEN"}
		gone := errors.New("draining")
		ctx, cancel := context.WithCancelCause(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() {
			if got := l.get(ctx, key, func(l *listing) {
				<-ctx.Done()
				l.err = context.Cause(ctx)
			}); !errors.Is(got.err, gone) {
				t.Errorf("the one that is gone got %v", got.err)
			}
		})
		synctest.Wait()
		wait.Go(func() {
			got := l.get(t.Context(), key, func(l *listing) { l.answered, l.err = true, nil })
			if !got.answered {
				t.Error("the one that stays got nothing")
			}
		})
		synctest.Wait()
		cancel(gone)
		wait.Wait()
	})
}

func TestAListingThatPanicsBlocksNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newListings()
		key := listingKey{company: "SOLEN"}
		func() {
			defer func() { _ = recover() }() // as run.execute does
			l.get(t.Context(), key, func(*listing) { panic("a fault of our own") })
		}()
		got := l.get(t.Context(), key, func(l *listing) { l.answered, l.err = true, nil })
		if !got.answered {
			t.Error("the next one got nothing")
		}
	})
}
