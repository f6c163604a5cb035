package simulation

import (
	"flag"
	"os"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
)

var (
	schedules = flag.Int("schedules", 3_000, "how many schedules are run")
	seed      = flag.Uint64("seed", 0, "the seed of the one schedule to run, or of the first of -schedules with -from")
	from      = flag.Uint64("from", 1, "the seed of the first schedule")
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// TestSchedules runs schedules with one seed after another. A seed that fails is
// told with its story; -seed runs it alone.
func TestSchedules(t *testing.T) {
	first, count := *from, *schedules
	if *seed != 0 {
		first, count = *seed, 1
	}
	begun, steps := time.Now(), 0
	for n := range count {
		r := simulate(t, first+uint64(n))
		steps += r.steps
		if r.broken != nil {
			t.Fatalf("seed %d: %v\n%s", r.seed, r.broken, r.trace)
		}
		if *seed != 0 && testing.Verbose() {
			t.Log("\n" + r.trace.String())
		}
	}
	took := time.Since(begun)
	t.Logf("%d schedules, %d steps in %s: %.0f schedules/s, %.0f steps/s", count, steps,
		took.Round(time.Millisecond), float64(count)/took.Seconds(), float64(steps)/took.Seconds())
}

// result is what came of a schedule.
type result struct {
	seed   uint64
	steps  int
	broken *violation
	trace  trace
}

// simulate runs the schedule of a seed in a bubble of its own.
func simulate(t *testing.T, seed uint64) (r result) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seed)
		d := &driver{t: t, w: w, faults: w.plan.faults}
		broken := d.run()
		r = result{seed, d.steps, broken, w.trace}
	})
	return r
}
