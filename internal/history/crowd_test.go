package history

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Handlers, commits and other partitions' takeovers at the same time: nothing that
// is under way falls below a look-back, and once all is settled nothing holds it.
func TestACrowd(t *testing.T) {
	t.Parallel()
	const handlers, each = 8, 100
	r := setup(t, Config{Window: 50})
	r.load(t, 0, 0, 0)
	var crowd, committer sync.WaitGroup
	var ended atomic.Bool
	recorder := r.recorder()
	for handler := range handlers {
		crowd.Go(func() {
			for n := range each {
				m := invoice(int64(n*handlers+handler), n*handlers+handler/2) // two share an id
				id := string(m.Value)
				past, err := r.Open(t.Context(), m, id)
				if err != nil {
					t.Error(err)
					return
				}
				if !past.Concluded {
					r.attempts(t, m, 1)
					if err := recorder.Attempt(t.Context(), m, attempt(m, 2)); err != nil {
						t.Error(err)
					}
					r.concludes(t, m)
				}
				r.Close(m, id)
				r.Settled(invoices, m.Offset)
			}
		})
	}
	committer.Go(func() {
		var lastA, lastO int64
		for !ended.Load() {
			a, o := r.Lookback(invoices, 0)
			if a < lastA || o < lastO {
				t.Errorf("the look-back fell from %d, %d to %d, %d", lastA, lastO, a, o)
			}
			lastA, lastO = a, o
			past := r.successor(Config{})
			past.load(t, 0, a, o)
		}
	})
	crowd.Wait()
	ended.Store(true)
	committer.Wait()
	ends, err := r.log.LogRange(t.Context(), tails)
	if err != nil {
		t.Fatal(err)
	}
	if n := ends[outcomes].Next; n < handlers*each/2 || n > handlers*each {
		t.Errorf("%d outcomes", n)
	}
	r.wantLookback(t, handlers*each, ends[attempts].Next, ends[outcomes].Next)
	if p := r.partition(invoices); len(p.unsettled)+len(p.byOffset) != 0 || len(p.ids) > 50 {
		t.Error("something is left")
	}
}
