//go:build planted

package consumers

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/planted"
)

// off switches a safeguard off for the test. It is the whole process's: these tests
// run alone.
func off(t *testing.T, s planted.Safeguard) {
	planted.Set(s)
	t.Cleanup(func() { planted.Set("") })
}

func TestPlantedDoneMapSaysAndBelievesNothing(t *testing.T) {
	off(t, planted.DoneMap)
	synctest.Test(t, func(t *testing.T) {
		f, j := newFakeCluster(1), newJournal()
		f.left(part0, handover{Done: []offsetRange{{2, 4}}, Attempts: -1, Results: -1})
		j.hold(0)
		r := newStoppedRig(t, Config{DrainTimeout: time.Second}, f, j)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.publish(part0, keys(6)...)
		after(time.Second)
		if got := sorted(j.endedOn(part0)); !slices.Equal(got, []int64{1, 2, 3, 4, 5}) {
			t.Errorf("%v ran, want what the owner before has done too", got)
		}
		if h := f.handed(t, part0); h.Base != 0 || len(h.Done) > 0 {
			t.Errorf("handed over %+v", h)
		}
		r.halt(t)
	})
}

func TestPlantedOrderRunsAKeySideBySide(t *testing.T) {
	off(t, planted.Order)
	synctest.Test(t, func(t *testing.T) {
		j := newJournal()
		release := j.hold(0)
		b := newBench(t, Config{}, j, 1)
		b.give(b.parts[0], "a", "a", "a")
		b.give(b.parts[0], "", "")
		synctest.Wait()
		if got := sorted(j.endedOn(part0)); !slices.Equal(got, []int64{1, 2, 3, 4}) {
			t.Errorf("%v ended behind a hung record of their key", got)
		}
		release(nil)
		synctest.Wait()
		b.close()
	})
}
