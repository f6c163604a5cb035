package simulation

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	schedules = flag.Int("schedules", defaultSchedules, "how many schedules TestSchedules runs")
	from      = flag.Uint64("from", 1, "the seed of the first of them")
	seed      = flag.Uint64("seed", 0, "the seed of the one schedule to run and, with -v, to tell")
)

func TestMain(m *testing.M) {
	flag.Parse()
	debug.SetGCPercent(400) // worlds are small and many
	os.Exit(m.Run())
}

// TestSchedules runs one schedule per seed. A seed that fails is told with its story;
// -seed runs it alone.
func TestSchedules(t *testing.T) {
	if *seed != 0 {
		r := simulate(t, *seed)
		if testing.Verbose() || r.broken != nil {
			t.Logf("seed %d\n%s", r.seed, r.trace)
		}
		if r.broken != nil {
			t.Error(r.broken)
		}
		return
	}
	begun := time.Now()
	var ran, steps atomic.Int64
	next := atomic.Uint64{}
	next.Store(*from)
	last := *from + uint64(*schedules)
	t.Run("workers", func(t *testing.T) {
		for n := range runtime.GOMAXPROCS(0) {
			t.Run(strconv.Itoa(n), func(t *testing.T) {
				t.Parallel()
				for seed := next.Add(1) - 1; seed < last; seed = next.Add(1) - 1 {
					r := simulate(t, seed)
					ran.Add(1)
					steps.Add(int64(r.steps))
					if r.broken != nil {
						next.Store(last)
						t.Fatalf("seed %d: %v\n%s", r.seed, r.broken, r.trace)
					}
				}
			})
		}
	})
	took := time.Since(begun)
	t.Logf("%d schedules, %d steps in %s: %.0f schedules/s, %.0f steps/s", ran.Load(), steps.Load(),
		took.Round(time.Millisecond), float64(ran.Load())/took.Seconds(), float64(steps.Load())/took.Seconds())
}

// result is what came of a schedule.
type result struct {
	seed   uint64
	steps  int
	broken *violation
	trace  trace
}

// simulate runs the schedule of a seed, in a bubble of its own: nothing of it may be
// left running.
func simulate(t *testing.T, seed uint64) (r result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &driver{t: t, w: newWorld(seed)}
		d.faults = d.w.plan.faults
		broken := d.run()
		r = result{seed, d.steps, broken, d.w.trace}
	})
	return r
}

// TestASeedIsASchedule runs seeds twice, so that what fails can be looked at again.
// The runtime breaks ties between events of one moment as it likes, and the race
// detector has it shuffle them: a few differ, and more of them with it.
func TestASeedIsASchedule(t *testing.T) {
	t.Parallel()
	const count, most = 60, 30
	differ := 0
	for seed := range uint64(count) {
		if simulate(t, seed+1).trace.String() != simulate(t, seed+1).trace.String() {
			differ++
		}
	}
	if differ > most {
		t.Errorf("%d of %d seeds gave two schedules, want at most %d", differ, count, most)
	}
}
