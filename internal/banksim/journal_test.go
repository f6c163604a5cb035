package banksim

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"
)

func post(j *journal, key string) *Call {
	c := &Call{Method: MethodInvoice, Key: key}
	j.begin(c, func(*Call) {})
	return c
}

func TestJournalForgetsTheOldest(t *testing.T) {
	t.Parallel()
	j := newJournal(2*journalChunk, newLedgerWriter(time.Now))
	const total = 5*journalChunk + 7
	for i := range total {
		c := post(j, strconv.Itoa(i))
		j.finish(c)
	}
	calls := j.since(0)
	if len(calls) < 2*journalChunk || len(calls) > 3*journalChunk {
		t.Fatalf("%d calls remembered", len(calls))
	}
	for i, c := range calls {
		want := uint64(total - len(calls) + i + 1)
		if c.Seq != want || c.Key != strconv.FormatUint(want-1, 10) || !c.Done {
			t.Fatalf("call %d is %+v, want number %d", i, c, want)
		}
	}
	if got := j.since(total - 3); len(got) != 3 || got[0].Seq != total-2 {
		t.Errorf("the last three are %+v", got)
	}
	if got := j.since(total); got != nil {
		t.Errorf("after the last: %+v", got)
	}
	if len(j.inFlight) != 0 {
		t.Errorf("in flight: %v", j.inFlight)
	}
}

func TestJournalSeesOverlaps(t *testing.T) {
	t.Parallel()
	j := newJournal(10, newLedgerWriter(time.Now))
	first := post(j, "a")
	second, other := post(j, "a"), post(j, "b")
	query := &Call{Method: MethodLimit, Key: "a"}
	j.begin(query, func(*Call) {})
	j.finish(first)
	j.finish(second)
	third := post(j, "a")
	if first.Overlaps || !second.Overlaps || other.Overlaps || query.Overlaps || third.Overlaps {
		t.Error("overlaps are not those of a method's key")
	}
}

func TestJournalReset(t *testing.T) {
	t.Parallel()
	j := newJournal(10, newLedgerWriter(time.Now))
	old := post(j, "a")
	j.reset()
	j.finish(old)
	fresh := post(j, "a")
	if got := j.since(0); len(got) != 1 || got[0].Seq != fresh.Seq || fresh.Overlaps {
		t.Errorf("after a reset: %+v", got)
	}
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	j := newJournal(100, newLedgerWriter(time.Now))
	early := post(j, "a")
	j.finish(early)
	done := make(chan []Call)
	var started sync.WaitGroup
	started.Add(1)
	go func() {
		started.Done()
		calls, err := j.wait(t.Context(), 2, true, func(c Call) bool { return c.Key == "a" })
		if err != nil {
			t.Error(err)
		}
		done <- calls
	}()
	started.Wait()
	hung, other, late := post(j, "a"), post(j, "b"), post(j, "a")
	j.finish(other)
	j.finish(late)
	if calls := <-done; len(calls) != 2 || calls[0].Seq != early.Seq || calls[1].Seq != late.Seq {
		t.Errorf("waited for %+v", calls)
	}
	if calls, err := j.wait(t.Context(), 4, false, nil); err != nil || len(calls) != 4 || calls[1].Seq != hung.Seq {
		t.Errorf("arrivals %+v %v", calls, err)
	}
	if calls, err := j.wait(t.Context(), 0, true, nil); err != nil || calls != nil {
		t.Errorf("waiting for nothing: %v %v", calls, err)
	}
	impatient, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if calls, err := j.wait(impatient, 4, true, nil); !errors.Is(err, cause) || len(calls) != 3 {
		t.Errorf("got %d calls and %v", len(calls), err)
	}
	if len(j.waiters) != 0 {
		t.Error("a waiter stayed")
	}
}

func TestRecent(t *testing.T) {
	t.Parallel()
	r := newRecent(2)
	for _, step := range []struct {
		text string
		want bool
	}{{"a", false}, {"a", true}, {"b", false}, {"c", false}, {"c", true}, {"a", false}, {"b", false}, {"a", true}} {
		if got := r.seen(step.text); got != step.want {
			t.Errorf("%s: %v", step.text, got)
		}
	}
	if len(r.known) != 2 {
		t.Errorf("remembers %d", len(r.known))
	}
}
