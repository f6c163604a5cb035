package consumers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/kafka"
)

func TestRebalanceFillsTheGapsAndLeavesTheRest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		first, last := j.hold(0), j.hold(3)
		r := newRig(t, Config{MaxInFlight: 2}, f, j)
		// 0 and 3 run; 1 and 2 wait behind 0; 4 and on have not begun.
		f.publish(part0, "a", "a", "a", "b", "b", "c", "d")
		after(time.Second)
		r.group.rebalance()
		synctest.Wait()
		if r.Status().Phase != "draining" {
			t.Errorf("phase %s", r.Status().Phase)
		}
		first(nil)
		last(nil)
		synctest.Wait()
		// The next generation begins at once, and its first commit is not clean
		// any more: the last one of generation 1 is what counts.
		var final commitCall
		for _, c := range f.commitCalls() {
			if c.member.GenerationID == 1 {
				final = c
			}
		}
		h, err := decodeHandover(final.commits[0].Metadata, final.commits[0].Offset)
		if err != nil || h.Base != 4 || len(h.Done) > 0 || !h.Clean {
			t.Errorf("generation 1 handed over %+v, %v; want 4 and clean", h, err)
		}
		after(time.Second)
		if got := j.startedOffsets(); len(got) != 7 || !slices.Equal(sorted(got), []int64{0, 1, 2, 3, 4, 5, 6}) {
			t.Errorf("%v ran, want each record once", got)
		}
	})
}

func TestDrainReleasesAHungHandlerAndItsSuccessorRunsNothingTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		j.hold(5)
		var cause error
		r := newRig(t, Config{DrainTimeout: 4 * time.Second}, f, handlerFunc(func(ctx context.Context, rec kafka.Record) error {
			err := j.Handle(ctx, rec)
			if err != nil {
				cause = context.Cause(ctx)
			}
			return err
		}))
		f.publish(part0, keys(100)...)
		after(time.Second)
		begin := time.Now()
		r.halt(t)
		if took := time.Since(begin); took != 4*time.Second {
			t.Errorf("stopping took %s, want the drain timeout", took)
		}
		if !errors.Is(cause, ErrDraining) {
			t.Errorf("the handler's context ended by %v", cause)
		}
		if h := f.handed(t, part0); h.Base != 5 || !h.Clean || !slices.Equal(h.Done, []offsetRange{{6, 100}}) {
			t.Errorf("handed over %+v; want 5, 6..100 done, clean", h)
		}
		successor := newJournal()
		next := newRig(t, Config{}, f, successor)
		after(time.Second)
		if got := successor.startedOffsets(); !slices.Equal(got, []int64{5}) || next.observed.skipped != 94 {
			t.Errorf("the successor ran %v and skipped %d; want 5 and 94", got, next.observed.skipped)
		}
		if h := f.handed(t, part0); h.Base != 100 {
			t.Errorf("the successor committed %d", h.Base)
		}
	})
}

func TestUncertainEndIsNotClean(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		failing := handlerFunc(func(context.Context, kafka.Record) error { return errTest })
		r := newRig(t, Config{DrainTimeout: time.Second}, f, failing)
		f.publish(part0, "a", "b")
		after(time.Second)
		r.halt(t)
		if h := f.handed(t, part0); h.Base != 0 || h.Clean {
			t.Errorf("handed over %+v; want 0 and not clean", h)
		}
		if n := strings.Count(r.tape.String(), "handling a record failed"); n != 2 {
			t.Errorf("two failing records were logged %d times", n)
		}
		if r.observed.failed < 5 || !slices.Equal(r.observed.drained, []bool{false}) {
			t.Errorf("observed %d failures and drains %v", r.observed.failed, r.observed.drained)
		}
		// What lies below the doubt stays in doubt until it is done.
		j := newJournal()
		release := j.hold(1)
		next := newRig(t, Config{DrainTimeout: time.Second}, f, j)
		after(time.Second)
		next.halt(t)
		if h := f.handed(t, part0); h.Base != 1 || h.Clean {
			t.Errorf("a clean stop below the doubt handed over %+v; want 1 and not clean", h)
		}
		release(nil)
		last := newRig(t, Config{}, f, j)
		after(time.Second)
		last.halt(t)
		if h := f.handed(t, part0); h.Base != 2 || !h.Clean {
			t.Errorf("with the doubt behind it handed over %+v; want 2 and clean", h)
		}
	})
}

func TestDrainDoesNotFillWhatAGateHoldsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		j.hold(0) // waits at the gate
		r := newRig(t, Config{DrainTimeout: 8 * time.Second}, f, j)
		f.publish(part0, "a", "a", "b")
		after(time.Second)
		r.gates.set(testTopic, true)
		after(time.Second)
		begin := time.Now()
		r.halt(t)
		if took := time.Since(begin); took != 2*time.Second {
			t.Errorf("stopping took %s, want a quarter of the drain timeout", took)
		}
		if got := sorted(j.startedOffsets()); !slices.Equal(got, []int64{0, 2}) {
			t.Errorf("%v ran, want 0 and 2", got)
		}
		if h := f.handed(t, part0); h.Base != 0 || !slices.Equal(h.Done, []offsetRange{{2, 3}}) || !h.Clean {
			t.Errorf("handed over %+v; want 0 with 2 done, clean", h)
		}
	})
}

func TestOverdueDrainWaitsAndSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		slow := handlerFunc(func(context.Context, kafka.Record) error {
			time.Sleep(30 * time.Second) // a bank call that minds its own timeout
			return nil
		})
		r := newRig(t, Config{DrainTimeout: 4 * time.Second}, f, slow)
		f.publish(part0, "a")
		after(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Stop(ctx); err == nil {
			t.Error("Stop returned while a handler runs")
		}
		r.halt(t)
		if h := f.handed(t, part0); h.Base != 1 {
			t.Errorf("committed %d: the handler's end was not waited for", h.Base)
		}
		if n := strings.Count(r.tape.String(), "run on past the drain timeout"); n < 4 {
			t.Errorf("25 overdue seconds were logged %d times", n)
		}
	})
}

func TestFenceCutsADrainShort(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		j.hold(0)
		r := newRig(t, Config{DrainTimeout: 9 * time.Second}, f, j)
		f.publish(part0, "a", "b")
		after(time.Second)
		f.set(func() {
			f.refuse = func(int, kafka.Commit) error { return errFence }
		})
		begin := time.Now()
		r.halt(t)
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("the drain took %s although somebody else owns the partition", took)
		}
	})
}

// What was fetched and not let into the window yet is nobody's at a drain: the
// successor fetches it again.
func TestDrainLeavesTheBacklog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		release := j.hold(0)
		r := newRig(t, Config{PartitionRecords: 4}, f, j)
		f.publish(part0, "a", "a", "a", "a", "b", "c")
		after(time.Second)
		r.group.rebalance()
		synctest.Wait()
		release(nil)
		after(5 * time.Second)
		if got := j.endedOn(part0); !slices.Equal(sorted(got), []int64{0, 1, 2, 3, 4, 5}) {
			t.Errorf("%v ran, want each of 6 once", got)
		}
		r.halt(t)
		if h := f.handed(t, part0); h.Base != 6 {
			t.Errorf("committed %d", h.Base)
		}
	})
}
