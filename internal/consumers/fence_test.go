package consumers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/lease"
)

// careful is a handler that does what it does as processing does: it asks the lease
// before it acts, and waits for it while its context lasts.
type careful struct {
	lease *lease.Lease

	mu     sync.Mutex
	acts   map[int64][]time.Time   // by offset
	causes []error                 // of contexts that ended
	ended  map[int64]time.Time     // by offset
	busy   map[int64]chan struct{} // by offset: what is between its first act and its second
}

func newCareful() *careful {
	return &careful{acts: map[int64][]time.Time{}, ended: map[int64]time.Time{}, busy: map[int64]chan struct{}{}}
}

// hold makes the record at offset wait between its two acts, whatever its context,
// as a bank call does and a stopped process.
func (c *careful) hold(offset int64) (release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := make(chan struct{})
	c.busy[offset] = held
	return sync.OnceFunc(func() { close(held) })
}

// act waits until the lease is held, and acts.
func (c *careful) act(ctx context.Context, offset int64) error {
	if err := c.lease.Wait(ctx); err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.causes = append(c.causes, err)
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acts[offset] = append(c.acts[offset], time.Now())
	return nil
}

func (c *careful) Handle(ctx context.Context, r kafka.Record) error {
	if err := c.act(ctx, r.Offset); err != nil {
		return err
	}
	c.mu.Lock()
	held := c.busy[r.Offset]
	c.mu.Unlock()
	if held != nil {
		<-held
	}
	if err := c.act(ctx, r.Offset); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended[r.Offset] = time.Now()
	return nil
}

// actsSince are the offsets that acted after that moment.
func (c *careful) actsSince(since time.Time) (offsets []int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for offset, acts := range c.acts {
		for _, at := range acts {
			if at.After(since) {
				offsets = append(offsets, offset)
			}
		}
	}
	return sorted(offsets)
}

// newLeasedRig is a rig whose handler asks its lease.
func newLeasedRig(t *testing.T, cfg Config, f *fakeCluster, c *careful) *rig {
	t.Helper()
	r := newStoppedRig(t, cfg, f, c)
	c.lease = r.lease
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.halt(t) })
	return r
}

// A process is stopped beyond its session, in the middle of a call, and goes on. By
// then another member has the partition, has done one record more and has committed.
// Nothing is done for the old generation, and the next one starts from what the
// group says now.
func TestAProcessThatWasStoppedBeyondItsSession(t *testing.T) {
	for name, tt := range map[string]struct {
		told func(*rig) // how it learns of the rebalance, if before a commit tells
	}{
		"a commit says so":    {func(*rig) {}},
		"a heartbeat says so": {func(r *rig) { r.group.rebalance() }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f, c := newFakeCluster(1), newCareful()
				release := c.hold(5)
				r := newLeasedRig(t, Config{}, f, c)
				f.publish(part0, keys(10)...)
				after(time.Second)
				before := f.handed(t, part0)
				if before.Base != 5 || !slices.Equal(before.Done, []offsetRange{{6, 10}}) {
					t.Fatalf("handed over %+v before the stop", before)
				}
				// Stopped: what it sends gets nowhere.
				f.set(func() { f.hangCommits, f.counted = true, hang })
				after(25 * time.Second)
				f.publish(part0, keys(2)...)
				after(10 * time.Second)
				f.set(func() {
					f.hangCommits = false
					f.counted = func(m kafka.Member) error {
						if m.GenerationID == 1 {
							return errFence
						}
						return nil
					}
				})
				f.left(part0, handover{Base: 11, Attempts: 30, Results: 40, Topic: before.Topic})
				committed, goesOn := len(f.commitCalls()), time.Now()
				tt.told(r)
				release()
				after(300 * time.Millisecond)
				for tp, offset := range map[string]int64{"the call's outcome": 5, "a new record": 10} {
					if slices.Contains(c.actsSince(goesOn), offset) {
						t.Errorf("%s left a process that was fenced", tp)
					}
				}
				after(15 * time.Second)
				old := 0 // commits of the old generation, which the group refuses
				for _, call := range f.commitCalls()[committed:] {
					if call.member.GenerationID == 1 {
						old++
					}
				}
				if old > 1 {
					t.Errorf("the old generation tried %d times to commit", old)
				}
				c.mu.Lock()
				if len(c.causes) != 1 || !errors.Is(c.causes[0], ErrFenced) {
					t.Errorf("handlers' contexts ended by %v, want one fence", c.causes)
				}
				c.mu.Unlock()
				if got := c.actsSince(goesOn); !slices.Equal(got, []int64{11, 11}) {
					t.Errorf("%v acted after it went on, want what the other member has not done", got)
				}
				if h := f.handed(t, part0); h.Base != 12 {
					t.Errorf("handed over %+v", h)
				}
			})
		})
	}
}

// hang is what nobody answers.
func hang(kafka.Member) error { return errNetwork }

// While a member is counted out and no answer reaches it, a drain ends what runs once
// the lease has, and the last commit is not tried for long.
func TestALeaseThatRunsOutEndsADrain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, j := newFakeCluster(1), newJournal()
		j.hold(0)
		var cause error
		var ended time.Time
		r := newRig(t, Config{DrainTimeout: 25 * time.Second, RebalanceTimeout: 2 * time.Minute}, f,
			handlerFunc(func(ctx context.Context, rec kafka.Record) error {
				err := j.Handle(ctx, rec)
				if err != nil && cause == nil {
					cause, ended = context.Cause(ctx), time.Now()
				}
				return err
			}))
		f.publish(part0, "a", "b", "c")
		after(time.Second)
		proved := r.LastAck()
		back := f.away(errNetwork)
		f.set(func() { f.counted = hang })
		after(15 * time.Second)
		r.group.rebalance()
		after(time.Until(proved.Add(r.cfg.Lease)))
		if took := ended.Sub(proved); !errors.Is(cause, ErrFenced) || took != r.cfg.Lease {
			t.Errorf("the handler's context ended by %v, %s after the last proof", cause, took)
		}
		after(2 * time.Second)
		if r.group.generation() != 2 {
			t.Error("the last commit is still being tried")
		}
		f.set(func() { f.counted = nil })
		back()
	})
}

// Commits are taken to the very moment at which the group gives the partitions away.
// The lease ends before that, by what a call may take.
func TestAnOverdueHandlerDoesNothingOnceTheGroupHasWaitedLongEnough(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, c := newFakeCluster(1), newCareful()
		early, late := c.hold(0), c.hold(1)
		r := newLeasedRig(t, Config{DrainTimeout: 5 * time.Second}, f, c)
		f.publish(part0, "a", "b")
		after(10*time.Second + 500*time.Millisecond)
		rebalance := time.Now()
		f.set(func() { f.counted = func(kafka.Member) error { return errRebalance } })
		after(2 * time.Second) // until a heartbeat tells
		r.group.rebalance()
		// The group waits for a minute, and a call may take ten seconds.
		after(time.Until(rebalance.Add(48 * time.Second)))
		early()
		after(time.Millisecond)
		if _, ok := c.ended[0]; !ok {
			t.Error("a call that ends in time does not end its command")
		}
		after(time.Until(rebalance.Add(50 * time.Second)))
		if age := time.Since(r.LastAck()); age > 2*time.Second {
			t.Fatalf("the last commit was taken %s ago", age)
		}
		late()
		after(time.Second)
		if _, ok := c.ended[1]; ok || len(c.acts[1]) != 1 {
			t.Errorf("a call that ends %s after the rebalance began is followed by %v", time.Since(rebalance), c.acts[1])
		}
		if len(c.causes) != 1 {
			t.Errorf("contexts ended by %v", c.causes)
		}
		f.set(func() { f.counted = nil })
	})
}

// A lease is the generation's: an old proof is none for the next.
func TestANewGenerationHasNoLeaseBeforeItsFirstCommit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, c := newFakeCluster(1), newCareful()
		r := newLeasedRig(t, Config{}, f, c)
		f.publish(part0, "a")
		after(1250 * time.Millisecond)
		if err := r.lease.Check(); err != nil {
			t.Error(err)
		}
		last := r.LastAck()
		f.set(func() {
			f.refuse = func(int, kafka.Commit) error {
				if r.group.generation() > 1 {
					return errNetwork
				}
				return nil
			}
		})
		r.group.rebalance()
		after(5 * time.Second)
		if r.lease.Check() == nil || !r.LastAck().After(last) {
			t.Errorf("the lease is held without a commit of the new generation; last one %s", r.LastAck())
		}
		f.set(func() { f.refuse = nil })
		after(3 * time.Second)
		if err := r.lease.Check(); err != nil {
			t.Errorf("after the commit: %v", err)
		}
		r.halt(t)
		if r.lease.Check() == nil {
			t.Error("the lease is held after the last session")
		}
	})
}

// The lease goes first: whoever is told of the fence finds it gone.
func TestAFenceRevokesTheLeaseBeforeItIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		var r *rig
		var held error
		r = newStoppedRig(t, Config{}, f, handlerFunc(func(ctx context.Context, _ kafka.Record) error {
			<-ctx.Done()
			held = r.lease.Check()
			return ErrReleased
		}))
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.publish(part0, "a")
		after(time.Second)
		f.set(func() {
			f.counted = func(m kafka.Member) error {
				if m.GenerationID == 1 {
					return errFence
				}
				return nil
			}
		})
		after(1500 * time.Millisecond)
		if !errors.Is(held, lease.ErrLost) || !strings.Contains(r.tape.String(), "fenced by the group") {
			t.Errorf("told of the fence with the lease: %v", held)
		}
		r.halt(t)
	})
}

// A member with nothing to commit proves itself by its heartbeats.
func TestAMemberWithoutPartitionsIsProvedByItsHeartbeats(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		r := newStoppedRig(t, Config{}, f, newJournal())
		r.group.parts = nil
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		after(10 * time.Second)
		if age := time.Since(r.LastAck()); age > time.Second || r.lease.Check() != nil {
			t.Errorf("the last proof is %s old", age)
		}
		f.set(func() { f.counted = hang })
		after(21 * time.Second)
		if r.lease.Check() == nil {
			t.Error("the lease is held by a member that nobody has heard for longer than its term")
		}
		r.halt(t)
	})
}
