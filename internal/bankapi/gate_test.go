package bankapi

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

func TestPauseDoublesAndOneCommandProbes(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]command.Verdict{
		"401": noAuth,
		"403": VerdictOfHTTP(Exchange{Delivery: command.Answered, Status: 403}, true),
		"404": VerdictOfHTTP(Exchange{Delivery: command.Answered, Status: 404}, false),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				heard := &recorder{}
				g := newGroup(t, GroupConfig{}, heard)
				g.must(t, v)
				for _, wait := range []time.Duration{30, 60, 120, 240, 300, 300} {
					wait *= time.Second
					if s := g.State(); s.Hold != HoldPaused || time.Until(s.NextProbe) != wait || s.Breaker != "closed" {
						t.Fatalf("want a pause of %s: %+v", wait, s)
					}
					var calls atomic.Int32
					var waiters sync.WaitGroup
					ctx, cancel := context.WithCancel(t.Context())
					for range 20 {
						waiters.Go(func() {
							if g.Wait(ctx) == nil {
								g.Do(ctx, func(context.Context) command.Verdict { calls.Add(1); return v })
							}
						})
					}
					time.Sleep(wait - 1)
					synctest.Wait()
					if calls.Load() != 0 || !g.Shut() {
						t.Fatalf("%d calls during a pause", calls.Load())
					}
					g.mustRefuse(t)
					time.Sleep(time.Nanosecond)
					synctest.Wait()
					if calls.Load() != 1 {
						t.Fatalf("%d probes, want 1", calls.Load())
					}
					cancel()
					waiters.Wait()
				}
				time.Sleep(300 * time.Second)
				g.must(t, refusal) // a decoded refusal proves that we are let in
				if g.Shut() || g.State().Hold != "" {
					t.Errorf("still held: %+v", g.State())
				}
				if n := len(heard.gates); heard.gates[0] != HoldPaused || heard.gates[n-1] != "" {
					t.Errorf("gate went %q", heard.gates)
				}
			})
		})
	}
}

func TestDelay(t *testing.T) {
	t.Parallel()
	asks := func(d time.Duration) command.Verdict {
		return VerdictOfHTTP(Exchange{Delivery: command.Answered, Status: 429, RetryAfter: d}, true)
	}
	for name, tc := range map[string]struct {
		verdicts []command.Verdict
		waits    []time.Duration
	}{
		"without Retry-After it doubles": {[]command.Verdict{throttle, throttle, throttle}, []time.Duration{1, 2, 4}},
		"Retry-After is honoured":        {[]command.Verdict{asks(17 * time.Second), throttle}, []time.Duration{17, 2}},
		"and capped":                     {[]command.Verdict{asks(48 * time.Hour)}, []time.Duration{3600}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGroup(t, GroupConfig{}, nil)
				for i, v := range tc.verdicts {
					g.must(t, v)
					start := time.Now()
					g.mustRefuse(t)
					if err := g.Wait(t.Context()); err != nil {
						t.Fatal(err)
					}
					if took := time.Since(start); took != tc.waits[i]*time.Second {
						t.Fatalf("wait %d took %s, want %d s", i, took, tc.waits[i])
					}
				}
				g.must(t, success)
				if g.Shut() {
					t.Error("still shut")
				}
			})
		})
	}
}

// Many calls meet the same refusal: it is one refusal, not many in a row, and
// what they answer later neither opens nor shuts the gate.
func TestAnswersFromBeforeTheHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{}, nil)
		var calls sync.WaitGroup
		for i := range 10 {
			calls.Go(func() {
				g.Do(t.Context(), func(context.Context) command.Verdict {
					time.Sleep(time.Duration(i) * time.Second)
					switch i {
					case 5:
						return success
					case 9:
						time.Sleep(time.Minute)
					}
					return noAuth
				})
			})
		}
		time.Sleep(8 * time.Second)
		synctest.Wait()
		if s := g.State(); s.Hold != HoldPaused || time.Until(s.NextProbe) != 22*time.Second {
			t.Errorf("after eight answers: %+v", s)
		}
		time.Sleep(22 * time.Second)
		g.must(t, success)
		calls.Wait() // the last one is refused, but was admitted long before
		if g.Shut() {
			t.Errorf("a refusal from before shut the gate: %+v", g.State())
		}
	})
}

func TestProbeThatTellsNothingIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{}, nil)
		g.must(t, noAuth)
		time.Sleep(30 * time.Second)
		g.must(t, fault)
		if s := g.State(); s.Hold != HoldPaused || time.Until(s.NextProbe) != 30*time.Second {
			t.Errorf("state %+v", s)
		}
		time.Sleep(30 * time.Second)
		g.must(t, success)
		if g.Shut() {
			t.Error("still shut")
		}
	})
}

func TestTicketsLapse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{}, nil)
		g.must(t, noAuth)
		start := time.Now()
		var through []time.Duration
		var waiters sync.WaitGroup
		var mu sync.Mutex
		for range 3 { // none of them comes to its call
			waiters.Go(func() {
				if err := g.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				through = append(through, time.Since(start))
			})
		}
		waiters.Wait()
		if want := []time.Duration{30 * time.Second, 32 * time.Second, 34 * time.Second}; !slices.Equal(through, want) {
			t.Errorf("let through at %v, want %v", through, want)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("partition is lost")
		g := newGroup(t, GroupConfig{}, nil)
		ended, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		if err := g.Wait(ended); !errors.Is(err, reason) {
			t.Errorf("open gate: %v", err)
		}
		g.must(t, noAuth)
		ctx, cancel := context.WithCancelCause(t.Context())
		var waiter sync.WaitGroup
		waiter.Go(func() {
			if err := g.Wait(ctx); !errors.Is(err, reason) {
				t.Errorf("shut gate: %v", err)
			}
		})
		synctest.Wait()
		cancel(reason)
		waiter.Wait()
		if g.State().Waiting != 0 {
			t.Error("left behind")
		}
	})
}

func TestHoldSecret(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		changedAfter, retryAfter, want time.Duration
	}{
		"until it changes":    {10 * time.Hour, 0, 10 * time.Hour},
		"or the long retry":   {10 * time.Hour, time.Hour, time.Hour},
		"whichever is sooner": {10 * time.Minute, time.Hour, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGroup(t, GroupConfig{}, nil)
				start := time.Now()
				g.HoldSecret(func() bool { return time.Since(start) >= tc.changedAfter }, tc.retryAfter)
				if s := g.State(); s.Hold != HoldSecretRefused || s.NextProbe.IsZero() != (tc.retryAfter == 0) {
					t.Errorf("state %+v", s)
				}
				g.mustRefuse(t)
				if err := g.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took < tc.want || took > tc.want+askEvery {
					t.Errorf("opened after %s, want %s", took, tc.want)
				}
				g.must(t, success)
				if g.Shut() || g.State().Hold != "" {
					t.Errorf("state %+v", g.State())
				}
			})
		})
	}
}

// The breaker's own clock may run a moment ahead of the gate's timer: whoever comes
// in between must not leave the gate without one.
func TestABreakerThatHalfOpensAheadOfTheTimerStrandsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{ConsecutiveFailures: 1, OpenFor: time.Second}, nil)
		g.must(t, fault)
		g.openUntil = g.openUntil.Add(10 * time.Millisecond)
		var through atomic.Int32
		var waiters sync.WaitGroup
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		wait := func() {
			if g.Wait(ctx) == nil {
				through.Add(1)
				g.must(t, refusal)
			}
		}
		waiters.Go(wait)
		time.Sleep(time.Second + time.Millisecond)
		waiters.Go(wait)
		synctest.Wait()
		if n := through.Load(); n != 2 {
			t.Errorf("%d of 2 were let through", n)
		}
		cancel()
		waiters.Wait()
	})
}

// Slots that are given back without a call are for those who wait as well.
func TestCallsThatComeToNothingStrandNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{MaxConcurrent: 1, Rate: 0.001, Burst: 1, QueueTimeout: time.Second}, nil)
		g.must(t, success) // the only token for a long while
		var calls sync.WaitGroup
		for range 2 { // one has the slot and waits for a token, one waits for the slot
			calls.Go(func() {
				if v := g.Do(t.Context(), returns(success)); v.Retry != command.RetryDelay {
					t.Errorf("got %+v", v)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := g.Wait(ctx); err != nil || time.Since(start) > 2*time.Second {
			t.Errorf("waited for %s: %v", time.Since(start), err)
		}
		calls.Wait()
	})
}

func TestHowLongACommandHasWaitedIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		heard := &recorder{}
		g := newGroup(t, GroupConfig{}, heard)
		if err := g.Wait(t.Context()); err != nil || len(heard.waits) != 0 {
			t.Fatalf("an open gate: %v, %v", err, heard.waits)
		}
		g.must(t, noAuth)
		short, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := g.Wait(short); err == nil {
			t.Fatal("a shut gate let a command through")
		}
		if err := g.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []time.Duration{3 * time.Second, 27 * time.Second}; !slices.Equal(heard.waits, want) {
			t.Errorf("told %v, want %v", heard.waits, want)
		}
	})
}
