package bankapi

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/command"
)

var (
	success  = command.Verdict{Status: command.Succeeded, Delivery: command.Answered}
	refusal  = command.Verdict{Status: command.Rejected, Delivery: command.Answered}
	fault    = VerdictOfHTTP(Exchange{Delivery: command.Answered, Status: 503}, true)
	noConn   = VerdictOfHTTP(Exchange{Delivery: command.NotSent}, true)
	noAuth   = VerdictOfHTTP(Exchange{Delivery: command.Answered, Status: 401}, true)
	throttle = VerdictOfHTTP(Exchange{Delivery: command.Answered, Status: 429}, true)
)

func newGroup(t *testing.T, cfg GroupConfig, o Observer) *Group {
	t.Helper()
	g, err := NewGroup("test", cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func returns(v command.Verdict) func(context.Context) command.Verdict {
	return func(context.Context) command.Verdict { return v }
}

func (g *Group) must(t *testing.T, v command.Verdict) {
	t.Helper()
	if got := g.Do(t.Context(), returns(v)); got.Code != v.Code || got.Status != v.Status {
		t.Fatalf("call gave %+v, want %+v", got, v)
	}
}

func (g *Group) mustRefuse(t *testing.T) {
	t.Helper()
	v := g.Do(t.Context(), func(context.Context) command.Verdict {
		t.Error("a call ran behind a shut gate")
		return success
	})
	if v.Status != command.Failed || v.Code != command.CodeBankUnreachable || v.Category != command.CategoryTransport ||
		v.Delivery != command.NotSent || v.Retry != command.RetryPause || !v.Uncounted {
		t.Fatalf("verdict of a shut gate: %+v", v)
	}
}

func TestBreakerOpens(t *testing.T) {
	t.Parallel()
	fill := func(v command.Verdict, n int) []command.Verdict { return slices.Repeat([]command.Verdict{v}, n) }
	for name, tc := range map[string]struct {
		verdicts []command.Verdict
		open     bool
	}{
		"five faults in a row":        {fill(fault, 5), true},
		"four":                        {fill(fault, 4), false},
		"no connection":               {fill(noConn, 5), true},
		"a refusal is a success":      {append(append(fill(fault, 4), refusal), fill(fault, 4)...), false},
		"refusals":                    {fill(refusal, 50), false},
		"half of twenty":              {slices.Repeat([]command.Verdict{success, fault}, 10), true},
		"half of eighteen":            {slices.Repeat([]command.Verdict{success, fault}, 9), false},
		"unsent without a fault":      {fill(command.Verdict{Delivery: command.NotSent}, 50), false},
		"unsent between is no excuse": {append(append(fill(fault, 4), command.Verdict{Delivery: command.NotSent}), fault), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGroup(t, GroupConfig{}, nil)
				for _, v := range tc.verdicts {
					if g.Shut() {
						t.Fatal("open too early")
					}
					g.must(t, v)
				}
				if got := g.State().Breaker == "open"; got != tc.open || g.Shut() != tc.open {
					t.Errorf("open %v, want %v: %+v", got, tc.open, g.State())
				}
			})
		})
	}
}

func TestFaultsLeaveTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{ConsecutiveFailures: 1000}, nil)
		for range 19 {
			g.must(t, fault)
		}
		time.Sleep(11 * time.Second)
		g.must(t, fault)
		if g.Shut() {
			t.Error("faults of an earlier window still count")
		}
	})
}

// A breaker that opens for 30 s stops calls but for those under way; half-open, it lets
// real commands through; other operations go on unhindered.
func TestOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const commands, concurrent = 1000, 50
		var (
			bankUp           atomic.Bool
			calls, most, now atomic.Int32
			during           atomic.Int32 // calls between the opening and the first probe
			done             sync.WaitGroup
		)
		heard := &recorder{}
		g := newGroup(t, GroupConfig{OpenFor: 30 * time.Second, MaxConcurrent: concurrent, HalfOpenCalls: 3}, heard)
		other := newGroup(t, GroupConfig{}, nil)
		start := time.Now()
		for range commands {
			done.Go(func() {
				for {
					if err := g.Wait(t.Context()); err != nil {
						t.Error(err)
						return
					}
					v := g.Do(t.Context(), func(context.Context) command.Verdict {
						calls.Add(1)
						most.Store(max(most.Load(), now.Add(1)))
						defer now.Add(-1)
						if at := time.Since(start); at > 100*time.Millisecond && at <= 30*time.Second {
							during.Add(1)
						}
						time.Sleep(100 * time.Millisecond)
						if !bankUp.Load() {
							return fault
						}
						return success
					})
					if v.Status == command.Succeeded {
						return
					}
				}
			})
		}
		time.Sleep(29 * time.Second)
		synctest.Wait()
		// The five faults that open the breaker may free four slots before.
		generation := calls.Load()
		if generation > concurrent+4 || during.Load() != 0 {
			t.Errorf("%d calls, want the %d of one generation; %d later", generation, concurrent, during.Load())
		}
		if s := g.State(); s.Breaker != "open" || s.Waiting != commands || s.NextProbe.Sub(start) < 30*time.Second {
			t.Errorf("state %+v", s)
		}
		if other.Shut() {
			t.Error("another group is shut")
		}
		other.must(t, success)

		// Two probing rounds meet the outage, three commands each; then it ends.
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if n := calls.Load(); n != generation+3 {
			t.Errorf("%d calls after the first probes, want %d", n, generation+3)
		}
		bankUp.Store(true)
		done.Wait()
		if n := most.Load(); n > concurrent {
			t.Errorf("%d calls at once", n)
		}
		want := []string{
			"closed>open", "open>half-open", "half-open>open", "open>half-open", "half-open>closed",
		}
		if !slices.Equal(heard.breakers, want) {
			t.Errorf("breaker went %q, want %q", heard.breakers, want)
		}
		if took := time.Since(start); took > 65*time.Second {
			t.Errorf("took %s: somebody was forgotten", took)
		}
	})
}

func TestHalfOpenAdmitsNoMoreThanItsProbes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{HalfOpenCalls: 2, OpenFor: 10 * time.Second}, nil)
		for range 5 {
			g.must(t, fault)
		}
		g.mustRefuse(t)
		time.Sleep(10*time.Second + 1)
		release := make(chan struct{})
		var done sync.WaitGroup
		for range 2 {
			done.Go(func() {
				g.Do(t.Context(), func(context.Context) command.Verdict { <-release; return success })
			})
		}
		synctest.Wait()
		if !g.Shut() || g.State().Breaker != "half-open" || g.State().Running != 2 {
			t.Errorf("with two probes out: %+v", g.State())
		}
		g.mustRefuse(t)
		close(release)
		done.Wait()
		if g.Shut() || g.State().Breaker != "closed" {
			t.Errorf("after two good probes: %+v", g.State())
		}
	})
}

func TestLateResultOfAnOlderBreakerIsDiscarded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{HalfOpenCalls: 1, OpenFor: 10 * time.Second}, nil)
		release := make(chan struct{})
		var late sync.WaitGroup
		late.Go(func() {
			g.Do(t.Context(), func(context.Context) command.Verdict { <-release; return fault })
		})
		synctest.Wait()
		for range 5 {
			g.must(t, fault)
		}
		time.Sleep(10*time.Second + 1)
		g.must(t, success)
		close(release)
		late.Wait()
		if s := g.State(); s.Breaker != "closed" || s.Failures != 0 {
			t.Errorf("a late fault counted: %+v", s)
		}
	})
}

func TestPanicIsNobodysFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{MaxConcurrent: 1}, nil)
		for range 10 {
			func() {
				defer func() { _ = recover() }()
				g.Do(t.Context(), func(context.Context) command.Verdict { panic("bug") })
			}()
		}
		g.must(t, success)
		if s := g.State(); s.Failures != 0 || s.Running != 0 {
			t.Errorf("state %+v", s)
		}
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{Rate: 10, Burst: 1, QueueTimeout: 2 * time.Second}, nil)
		start := time.Now()
		for range 11 {
			g.must(t, success)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("11 calls at 10/s took %s", took)
		}

		g = newGroup(t, GroupConfig{MaxConcurrent: 2, QueueTimeout: 2 * time.Second}, nil)
		release := make(chan struct{})
		var done sync.WaitGroup
		for range 2 {
			done.Go(func() {
				g.Do(t.Context(), func(context.Context) command.Verdict { <-release; return success })
			})
		}
		synctest.Wait()
		start = time.Now()
		v := g.Do(t.Context(), func(context.Context) command.Verdict { t.Error("a third call ran"); return success })
		if v.Delivery != command.NotSent || v.Retry != command.RetryDelay || !v.Uncounted || time.Since(start) != 2*time.Second {
			t.Errorf("verdict %+v after %s", v, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if v := g.Do(ctx, returns(success)); v.Delivery != command.NotSent {
			t.Errorf("verdict of an ended context: %+v", v)
		}
		close(release)
		done.Wait()
		g.must(t, success)
	})
}

func TestGroupConfig(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]GroupConfig{
		"failure_ratio":  {FailureRatio: 1.5},
		"pause_max":      {PauseMax: time.Second},
		"max_concurrent": {MaxConcurrent: -1},
		"rate":           {Rate: -1},
		"burst":          {Burst: -1},
		"window":         {Window: -1},
		"open_for":       {OpenFor: -1},
		"pause_initial":  {PauseInitial: -1},
		"delay":          {Delay: -1},
		"delay_max":      {DelayMax: -1},
		"queue_timeout":  {QueueTimeout: -1},
	} {
		if _, err := NewGroup("test", cfg, nil); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// Whatever the bank answers and whoever gives up: nobody is forgotten at the
// gate, which would be a deadlock of the bubble, and the bounds hold.
func TestGateProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		cfg := GroupConfig{
			MaxConcurrent: 8, HalfOpenCalls: uint32(rapid.IntRange(1, 4).Draw(rt, "half-open")),
			ConsecutiveFailures: 3, OpenFor: 5 * time.Second, PauseInitial: 7 * time.Second,
		}
		// The bank answers by a script and well after its end.
		script := rapid.SliceOfN(rapid.SampledFrom([]command.Verdict{
			success, success, refusal, fault, noConn, noAuth, throttle,
		}), 0, 40).Draw(rt, "script")
		patience := rapid.SliceOfN(rapid.IntRange(0, 60), 1, 30).Draw(rt, "patience")
		var most int32
		var left GroupState
		synctest.Test(t, func(t *testing.T) {
			most, left = runCrowd(newGroup(t, cfg, nil), script, patience)
		})
		if most > 8 {
			rt.Errorf("%d calls at once", most)
		}
		if left.Running != 0 || left.Waiting != 0 {
			rt.Errorf("left behind: %+v", left)
		}
	})
}

// runCrowd sends one command per patience, in seconds, through g. Every third
// gives up in time; some leave after the gate without their call.
func runCrowd(g *Group, script []command.Verdict, patience []int) (most int32, left GroupState) {
	var next, running, peak atomic.Int32
	call := func(context.Context) command.Verdict {
		n := int(next.Add(1)) - 1
		peak.Store(max(peak.Load(), running.Add(1)))
		defer running.Add(-1)
		time.Sleep(time.Duration(n%5) * 100 * time.Millisecond)
		if n < len(script) {
			return script[n]
		}
		return success
	}
	var crowd sync.WaitGroup
	for i, seconds := range patience {
		crowd.Go(func() {
			ctx := context.Background()
			if i%3 == 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
				defer cancel()
			}
			for g.Wait(ctx) == nil {
				if i%5 == 4 && seconds%2 == 0 {
					return
				}
				if v := g.Do(ctx, call); v.Delivery == command.Answered && v.Retry == command.RetryNever {
					return
				}
			}
		})
	}
	crowd.Wait()
	return peak.Load(), g.State()
}
