package history

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// Two records with one id wait for each other, also where nothing has been loaded;
// others do not wait.
func TestOneIDIsUnderWayOnce(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	first, second, other := invoice(1, 7), invoice(2, 7), invoice(3, 8)
	elsewhere := invoice(2, 7)
	elsewhere.Partition++
	synctest.Test(t, func(t *testing.T) {
		if _, err := r.Open(t.Context(), first, commandID(7)); err != nil {
			t.Fatal(err)
		}
		r.want(t, other, "fresh")
		r.want(t, elsewhere, "fresh")
		opened := false
		var waiting sync.WaitGroup
		waiting.Go(func() {
			past, err := r.Open(t.Context(), second, commandID(7))
			opened = true
			if err != nil || is(past) != "elsewhere" {
				t.Errorf("got %+v, %v", past, err)
			}
		})
		synctest.Wait()
		if opened {
			t.Error("the second has not waited")
		}
		r.concludes(t, first)
		synctest.Wait()
		if opened {
			t.Error("the second has not waited for the first's end")
		}
		r.Close(first, commandID(7))
		waiting.Wait()
		r.Close(second, commandID(7))
		r.want(t, first, "concluded")
	})
}

func TestNoTurnIsLostAmongMany(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	var all sync.WaitGroup
	inside := 0 // the race detector watches it
	for n := range 50 {
		all.Go(func() {
			m := invoice(int64(n), 7)
			if _, err := r.Open(t.Context(), m, commandID(7)); err != nil {
				t.Error(err)
				return
			}
			inside++
			if inside != 1 {
				t.Errorf("%d at a time", inside)
			}
			inside--
			r.Close(m, commandID(7))
		})
	}
	all.Wait()
	if p := r.partition(invoices); len(p.ids) != 0 {
		t.Errorf("%d ids are left", len(p.ids))
	}
}

func TestWhoeverWaitsIsToldWhy(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	if _, err := r.Open(t.Context(), invoice(1, 7), commandID(7)); err != nil {
		t.Fatal(err)
	}
	why := errors.New("draining")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := r.Open(ctx, invoice(2, 7), commandID(7)); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	r.Close(invoice(1, 7), commandID(7))
	r.want(t, invoice(2, 7), "fresh")
}

// A handler of a session before may still be at its bank call when the partition
// comes back: the record waits for its end, and learns what came of it.
func TestAHandlerOfTheSessionBeforeIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	m := invoice(1, 7)
	synctest.Test(t, func(t *testing.T) {
		r.load(t, 0, 0, 0)
		if _, err := r.Open(t.Context(), m, commandID(7)); err != nil {
			t.Fatal(err)
		}
		r.attempts(t, m, 1)
		r.Release(invoices)
		r.load(t, 0, 0, 0)
		var waiting sync.WaitGroup
		waiting.Go(func() { r.want(t, m, "concluded") })
		synctest.Wait()
		r.concludes(t, m)
		r.Close(m, commandID(7))
		waiting.Wait()
		r.wantLookback(t, 0, 0, 0)
		r.wantLookback(t, 2, 1, 1)
	})
}

func TestWhatIsNoIDNamesNoCommand(t *testing.T) {
	t.Parallel()
	r := setup(t, Config{})
	for _, text := range []string{"", "x", commandID(1)[1:], "00000000-0000-4000-8000-00000000000g", "0000000000000-4000-8000-000000000001"} {
		m := invoice(1, 1)
		m.Value = []byte(text)
		for range 2 {
			past, err := r.Open(t.Context(), m, text) // never waits
			if err != nil || is(past) != "fresh" {
				t.Errorf("%q: got %+v, %v", text, past, err)
			}
		}
		r.attempts(t, m, 1)
		r.concludes(t, m)
		r.Close(m, text)
		r.want(t, m, "fresh")
	}
}
