package bankapi

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

// kneed is a bank in virtual time whose latency rises past a number of calls.
type kneed struct {
	latency atomic.Int64 // nanoseconds, of a bank that is not busy
	knee    atomic.Int64 // calls at once, 0 for none
	steep   float64      // latency rises as the calls' share of the knee to this power
	jitter  float64      // uniformly, by so much of the latency up and down
	rare    float64      // the share of calls that take 2 s
	pause   bool         // once a second what runs waits for 60 ms
	running atomic.Int64
	served  atomic.Int64
}

func (b *kneed) call(context.Context) command.Verdict {
	n := b.running.Add(1)
	defer b.running.Add(-1)
	took := float64(b.latency.Load())
	if knee := b.knee.Load(); knee > 0 && n > knee {
		took *= math.Pow(float64(n)/float64(knee), b.steep)
	}
	took *= 1 + b.jitter*(2*rand.Float64()-1)
	if rand.Float64() < b.rare {
		took = 2e9
	}
	if b.pause && time.Now().UnixMilli()%1000 > 980 {
		took += 60e6
	}
	time.Sleep(time.Duration(took))
	b.served.Add(1)
	return success
}

// crowd keeps so many commands coming until ctx ends.
func crowd(ctx context.Context, g *Group, b *kneed, commands int) *sync.WaitGroup {
	var all sync.WaitGroup
	for range commands {
		all.Go(func() {
			for g.Wait(ctx) == nil {
				g.Do(context.WithoutCancel(ctx), b.call)
			}
		})
	}
	return &all
}

// world runs test against a bank and a group that 256 commands at a time use.
func world(t *testing.T, cfg GroupConfig, b *kneed, test func(t *testing.T, g *Group)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, cfg, nil)
		ctx, cancel := context.WithCancel(t.Context())
		all := crowd(ctx, g, b, 256)
		test(t, g)
		cancel()
		all.Wait()
	})
}

func newKneed(latency time.Duration, knee int) *kneed {
	b := &kneed{steep: 1, jitter: 0.2}
	b.latency.Store(int64(latency))
	b.knee.Store(int64(knee))
	return b
}

// limits is the least and the most that a group's limit is in d.
func limits(g *Group, d time.Duration) (least, most int) {
	least = math.MaxInt
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		limit := g.State().Limit
		least, most = min(least, limit), max(most, limit)
	}
	return least, most
}

// during counts what the bank serves in d.
func (b *kneed) during(d time.Duration) int64 {
	before := b.served.Load()
	time.Sleep(d)
	return b.served.Load() - before
}

// best is the most that such a bank serves in a second under any fixed limit.
func best(t *testing.T, latency time.Duration, knee int, steep float64) float64 {
	most := int64(0)
	for _, limit := range []int{knee, 2 * knee} {
		b := newKneed(latency, knee)
		b.steep = steep
		world(t, GroupConfig{MaxConcurrent: limit}, b, func(*testing.T, *Group) {
			time.Sleep(time.Second)
			most = max(most, b.during(2*time.Second))
		})
	}
	return float64(most) / 2
}

// The limit finds the bank's knee, holds throughput within a tenth of the best fixed
// limit's, and backs off within 2 s when the bank slows.
func TestAdaptiveLimitFindsTheKnee(t *testing.T) {
	t.Parallel()
	for _, latency := range []time.Duration{5 * time.Millisecond, 50 * time.Millisecond} {
		for _, knee := range []int{8, 48} {
			t.Run(fmt.Sprintf("%s, %d calls", latency, knee), func(t *testing.T) {
				t.Parallel()
				fixed := best(t, latency, knee, 1)
				b := newKneed(latency, knee)
				world(t, GroupConfig{MinConcurrent: 4}, b, func(t *testing.T, g *Group) {
					time.Sleep(5 * time.Second) // to find it
					if got := float64(b.during(8*time.Second)) / 8; got < 0.9*fixed {
						t.Errorf("%.0f calls/s, the best fixed limit %.0f", got, fixed)
					}
					_, found := limits(g, time.Second) // it may just be measuring anew, at half of it
					if found < knee*9/10 || found > knee*2 {
						t.Errorf("limit %d", found)
					}

					b.latency.Store(10 * int64(latency))
					time.Sleep(2 * time.Second)
					if limit := g.State().Limit; limit > found*2/3 {
						t.Errorf("a bank that has slowed for 2 s: limit %d of %d", limit, found)
					}
					time.Sleep(10 * time.Second)
					b.latency.Store(int64(latency))
					time.Sleep(8 * time.Second)
					if got := float64(b.during(3*time.Second)) / 3; got < 0.9*fixed {
						t.Errorf("%.0f calls/s once it is well, the best fixed limit %.0f", got, fixed)
					}
				})
			})
		}
	}
}

// Where latency rises as the square of the calls, the band in which the limit rests
// costs up to a fifth of the throughput, and no more.
func TestASteepKneeCostsAFifth(t *testing.T) {
	t.Parallel()
	const latency, knee, steep = 50 * time.Millisecond, 48, 2
	fixed := best(t, latency, knee, steep)
	b := newKneed(latency, knee)
	b.steep = steep
	world(t, GroupConfig{MinConcurrent: 4}, b, func(t *testing.T, _ *Group) {
		time.Sleep(5 * time.Second) // to find it
		if got := float64(b.during(20*time.Second)) / 20; got < 0.75*fixed {
			t.Errorf("%.0f calls/s, the best fixed limit %.0f", got, fixed)
		} else {
			t.Logf("%.2f of the best fixed limit's", got/fixed)
		}
	})
}

// A bank that has become slower for good, and is not overrun, gets all the calls
// again: they are not what it is slow of.
func TestASlowBankIsNotThrottledForEver(t *testing.T) {
	t.Parallel()
	b := newKneed(5*time.Millisecond, 0)
	world(t, GroupConfig{MinConcurrent: 4}, b, func(t *testing.T, g *Group) {
		time.Sleep(5 * time.Second)
		b.latency.Store(int64(50 * time.Millisecond))
		time.Sleep(2 * time.Second)
		if s := g.State(); s.Limit > 64 {
			t.Errorf("after 2 s: %+v", s)
		}
		time.Sleep(18 * time.Second)
		if s := g.State(); s.Limit != 128 {
			t.Errorf("after 20 s: %+v", s)
		}
	})
}

// Noise and rare slow calls are no knee. Noise may leave a baseline unconfirmed, and then
// half the limit is taken for a moment to measure it anew.
func TestAFlatBankGetsAllItsCalls(t *testing.T) {
	t.Parallel()
	for name, adjust := range map[string]func(*kneed){
		"even":             func(b *kneed) { b.jitter = 0 },
		"uneven":           func(b *kneed) { b.jitter = 0.5 },
		"one in 1,000":     func(b *kneed) { b.rare = 0.001 },
		"pauses of ours":   func(b *kneed) { b.pause = true },
		"a slow, flat one": func(b *kneed) { b.latency.Store(int64(500 * time.Millisecond)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newKneed(50*time.Millisecond, 0)
			adjust(b)
			world(t, GroupConfig{MinConcurrent: 4}, b, func(t *testing.T, g *Group) {
				time.Sleep(10 * time.Second)
				if least, most := limits(g, 15*time.Second); least < 128/2 || most != 128 {
					t.Errorf("limit from %d to %d", least, most)
				}
			})
		})
	}
}

func TestLittleLoadTellsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{MinConcurrent: 4}, nil)
		b := newKneed(20*time.Millisecond, 0)
		run := func(commands int, d time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			crowd(ctx, g, b, commands).Wait()
		}
		run(256, 3*time.Second)
		b.latency.Store(int64(200 * time.Millisecond))
		run(3, time.Minute)
		if s := g.State(); s.Limit != 128 {
			t.Errorf("three slow calls at a time: %+v", s)
		}
	})
}

// One operation takes ten times as long as the other, and the calls go from one to
// the other: that is no slower bank.
func TestOperationsAreComparedWithThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		quick := newGroup(t, GroupConfig{MinConcurrent: 4}, nil)
		long := quick.Operation()
		run := func(quickly, longly int) {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			a := crowd(ctx, quick, newKneed(5*time.Millisecond, 0), quickly)
			crowd(ctx, long, newKneed(50*time.Millisecond, 0), longly).Wait()
			a.Wait()
		}
		run(200, 20)
		run(20, 200)
		if s := quick.State(); s.Limit != 128 {
			t.Errorf("state %+v", s)
		}
		run(200, 20)
		if s := long.State(); s.Limit != 128 {
			t.Errorf("state %+v", s)
		}
	})
}

// Calls that are lost take the limit down; what is lost whatever the limit does not
// keep it there.
func TestLostCalls(t *testing.T) {
	t.Parallel()
	lost := VerdictOfHTTP(Exchange{Delivery: command.Unanswered}, true)
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{MinConcurrent: 4, ConsecutiveFailures: math.MaxUint32, FailureRatio: 1}, nil)
		var failing atomic.Bool
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 256 {
			all.Go(func() {
				for g.Wait(ctx) == nil {
					g.Do(context.WithoutCancel(ctx), func(context.Context) command.Verdict {
						time.Sleep(20 * time.Millisecond)
						if failing.Load() && rand.Float64() < 0.3 {
							return lost
						}
						return success
					})
				}
			})
		}
		time.Sleep(5 * time.Second)
		failing.Store(true)
		time.Sleep(2 * time.Second)
		if s := g.State(); s.Limit > 64 {
			t.Errorf("after 2 s: %+v", s)
		}
		time.Sleep(20 * time.Second)
		if s := g.State(); s.Limit < 100 {
			t.Errorf("after 20 s: %+v", s)
		}
		cancel()
		all.Wait()
	})
}

// Whoever has passed the gate finds a slot about as soon as a call has ended.
func TestWaitKeepsRoomForWhoWasLetThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{MaxConcurrent: 4}, nil)
		b := newKneed(time.Second, 0)
		b.jitter = 0
		var refused atomic.Int32
		var all sync.WaitGroup
		start := time.Now()
		for range 64 {
			all.Go(func() {
				if err := g.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				time.Sleep(50 * time.Millisecond) // the announcement
				if g.Do(t.Context(), b.call).Status != command.Succeeded {
					refused.Add(1)
				}
			})
		}
		time.Sleep(500 * time.Millisecond)
		if g.Shut() {
			t.Error("a full gate counts as shut")
		}
		all.Wait()
		if took := time.Since(start); took > 17*time.Second || refused.Load() > 0 {
			t.Errorf("64 calls of 1 s, four at a time: %s, %d refused", took, refused.Load())
		}
	})
}

// Who was let through and does not call keeps nobody waiting for long.
func TestAnOpenGateForgetsWhoDoesNotCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{MaxConcurrent: 4}, nil)
		start := time.Now()
		for range 80 {
			if err := g.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took > 10*openGrace {
			t.Errorf("80 went through in %s", took)
		}
	})
}
