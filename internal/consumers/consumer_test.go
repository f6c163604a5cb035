package consumers

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/kafka"
)

func TestStartNamesEveryMissingTopic(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newStoppedRig(t, Config{Topics: []Topic{{Name: testTopic}, {Name: "loan"}, {Name: "customer"}}}, newFakeCluster(1), newJournal())
		err := r.Start(t.Context())
		if !errors.Is(err, kafka.ErrUnknownTopic) || !strings.Contains(err.Error(), "loan") || !strings.Contains(err.Error(), "customer") {
			t.Errorf("Start says %v", err)
		}
		r.halt(t)
		if p := r.Status().Phase; p != "stopped" {
			t.Errorf("phase %s", p)
		}
	})
}

func TestStartTriesAnUnreachableClusterUntilItsContextEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		f.failLeaders = func() error { return errNetwork }
		r := newStoppedRig(t, Config{}, f, newJournal())
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begin := time.Now()
		if err := r.Start(ctx); !errors.Is(err, errNetwork) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Start says %v", err)
		}
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("it gave up after %s", took)
		}
		r.halt(t)

		f.set(func() {
			tries := 0
			f.failLeaders = func() error {
				if tries++; tries < 4 {
					return errNetwork
				}
				return nil
			}
		})
		newRig(t, Config{}, f, newJournal())
	})
}

func TestStartRefusesWhatNoRetryMends(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		f.failLeaders = func() error { return classed(kafka.ClassFatal) }
		r := newStoppedRig(t, Config{}, f, newJournal())
		if err := r.Start(t.Context()); !errors.Is(err, classed(kafka.ClassFatal)) {
			t.Errorf("Start says %v", err)
		}
	})
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	t.Run("stop before start", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newStoppedRig(t, Config{}, newFakeCluster(1), newJournal())
			r.halt(t)
			r.halt(t)
			if err := r.Start(t.Context()); !errors.Is(err, ErrStopped) {
				t.Errorf("Start after Stop says %v", err)
			}
		})
	})
	t.Run("start twice", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newRig(t, Config{}, newFakeCluster(1), newJournal())
			if err := r.Start(t.Context()); !errors.Is(err, ErrStarted) {
				t.Errorf("the second Start says %v", err)
			}
		})
	})
	t.Run("stop twice at once", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newRig(t, Config{}, newFakeCluster(1), newJournal())
			after(time.Second)
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() { r.halt(t) })
			}
			wg.Wait()
			if r.group.closes != 1 || r.Status().Phase != "stopped" {
				t.Errorf("left the group %d times, phase %s", r.group.closes, r.Status().Phase)
			}
		})
	})
	t.Run("stop while starting", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			f := newFakeCluster(1)
			f.failLeaders = func() error { return errNetwork }
			r := newStoppedRig(t, Config{}, f, newJournal())
			started := make(chan error, 1)
			go func() { started <- r.Start(t.Context()) }()
			after(time.Second)
			r.halt(t)
			if err := <-started; !errors.Is(err, ErrStopped) {
				t.Errorf("Start says %v", err)
			}
		})
	})
	t.Run("stop at once", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := newRig(t, Config{}, newFakeCluster(1), newJournal())
			r.halt(t)
		})
	})
	t.Run("the end of Start's context ends nothing", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			f := newFakeCluster(1)
			j := newJournal()
			r := newStoppedRig(t, Config{}, f, j)
			ctx, cancel := context.WithCancel(t.Context())
			if err := r.Start(ctx); err != nil {
				t.Fatal(err)
			}
			cancel()
			f.publish(part0, "a")
			after(time.Second)
			if len(j.endedOn(part0)) != 1 {
				t.Error("nothing ran")
			}
			r.halt(t)
		})
	})
}

// Any order of Start, Stop and Status from many goroutines ends with nothing
// running.
func TestLifecycleUnderStress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for range 200 {
			f := newFakeCluster(2)
			f.publish(part0, keys(20)...)
			r := newStoppedRig(t, Config{}, f, newJournal())
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					if err := r.Start(t.Context()); err != nil && !errors.Is(err, ErrStarted) && !errors.Is(err, ErrStopped) {
						t.Errorf("Start says %v", err)
					}
				})
				wg.Go(func() { r.halt(t) })
				wg.Go(func() { r.Status() })
			}
			wg.Wait()
			r.halt(t)
			if p := r.Status().Phase; p != "stopped" {
				t.Fatalf("phase %s", p)
			}
		}
	})
}

func TestFailedJoinIsShownAndTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		r := newStoppedRig(t, Config{RetryInitial: time.Second, RetryMax: time.Second}, f, j)
		r.group.errs <- errNetwork
		r.group.errs <- errNetwork
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if st := r.Status(); st.Phase != "joining" || st.LastError != errNetwork.Error() {
			t.Errorf("status %+v", st)
		}
		f.publish(part0, "a")
		after(5 * time.Second)
		if st := r.Status(); st.Phase != "running" || st.LastError != "" || len(j.endedOn(part0)) != 1 {
			t.Errorf("after the join: status %+v, %v ran", st, j.endedOn(part0))
		}
		r.halt(t)
	})
}

// A cluster whose first group this is has no coordinator for a moment: that is no
// warning. What no wait mends, or what lasts, is one.
func TestAJoinThatFailsForAMomentIsNoWarning(t *testing.T) {
	for name, tt := range map[string]struct {
		errs  []error
		warns int
	}{
		"a moment":    {[]error{errNetwork, errNetwork, errNetwork}, 0},
		"longer":      {[]error{errNetwork, errNetwork, errNetwork, errNetwork, errNetwork, errNetwork}, 1},
		"not allowed": {[]error{classed(kafka.ClassAuth), classed(kafka.ClassAuth)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f, j := newFakeCluster(1), newJournal()
				r := newStoppedRig(t, Config{}, f, j)
				for _, err := range tt.errs {
					r.group.errs <- err
				}
				if err := r.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				f.publish(part0, "a")
				after(time.Minute)
				r.halt(t)
				if n := strings.Count(r.tape.String(), "level=WARN"); n != tt.warns || len(j.endedOn(part0)) != 1 {
					t.Errorf("%d warnings, want %d:\n%s", n, tt.warns, r.tape)
				}
			})
		})
	}
}

func TestStatusShowsWhatStands(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		release := j.hold(2)
		r := newRig(t, Config{}, f, j)
		f.publish(part0, "a", "b", "c", "c", "d")
		after(time.Second)
		st := r.Status()
		want := PartitionStatus{TopicPartition: part0, Committed: 2, Position: 5, HighWatermark: 5, Lag: 3, Buffered: 2}
		if len(st.Partitions) != 1 || st.Partitions[0] != want {
			t.Errorf("partitions %+v, want %+v", st.Partitions, want)
		}
		if len(st.Topics) != 1 || st.Topics[0] != (TopicStatus{Topic: testTopic, InFlight: 1}) || st.Generation != 1 {
			t.Errorf("generation %d, topics %+v", st.Generation, st.Topics)
		}
		release(nil)
	})
}

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	if err := (Config{Group: "g", Topics: []Topic{{Name: "t"}}}).WithDefaults().Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	err := Config{
		Topics:       []Topic{{Name: "t"}, {Name: "t"}},
		DrainTimeout: time.Hour, FetchWait: time.Second, CommitInterval: time.Minute,
		Reset: "newest", MaxInFlight: 1, MetadataBytes: 1, RetryMax: 1,
	}.WithDefaults().Validate()
	for _, key := range []string{"group", "topics", "drain_timeout", "fetch_wait", "commit_interval", "reset", "max_in_flight", "metadata_bytes", "retry_max", "lease"} {
		if err == nil || !strings.Contains(err.Error(), "consumers."+key) {
			t.Errorf("%s is not named in %v", key, err)
		}
	}
	if _, err := New(Config{}, Deps{}); err == nil {
		t.Error("New takes a config without a group")
	}
}
