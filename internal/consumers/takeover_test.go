package consumers

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/kafka"
)

// left has the group say what an owner before has left behind.
func (f *fakeCluster) left(tp kafka.TopicPartition, h handover) {
	f.set(func() {
		f.committed[tp] = kafka.Commit{TopicPartition: tp, Offset: h.Base, Metadata: h.encode()}
	})
}

func TestASlowLoadHoldsUpItsPartitionAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, j, h := newFakeCluster(3), newJournal(), newFakeHistory()
		f.left(part0, handover{Base: 1, Done: []offsetRange{{3, 5}}, Attempts: 7, Results: 8})
		release := h.hold(part0)
		r := newPastRig(t, Config{}, f, j, h)
		for n := range int32(3) {
			f.publish(topicPartition(n), keys(6)...)
		}
		after(10 * time.Second)
		if got := j.endedOn(part0); len(got) > 0 {
			t.Errorf("%v ran of a partition whose past is not known", got)
		}
		if a, b := j.endedOn(topicPartition(1)), j.endedOn(topicPartition(2)); len(a) != 6 || len(b) != 6 {
			t.Errorf("%v and %v ran of the others, want 6 each", a, b)
		}
		for _, p := range r.Status().Partitions {
			if waits := p.TopicPartition == part0; (p.Paused == "takeover") != waits || waits && p.Buffered > 0 {
				t.Errorf("%s is paused by %q with %d records", p.TopicPartition, p.Paused, p.Buffered)
			}
		}
		h.set(func() { h.look = [2]int64{70, 80} })
		if got := f.handed(t, part0); got.Attempts != 7 || got.Results != 8 || got.Base != 1 || len(got.Done) != 1 {
			t.Errorf("before its past is known it hands over %+v; want what was left", got)
		}
		release()
		after(time.Second)
		if got := sorted(j.endedOn(part0)); !slices.Equal(got, []int64{1, 2, 5}) {
			t.Errorf("%v ran, want 1, 2 and 5", got)
		}
		if got := f.handed(t, part0); got.Attempts != 70 || got.Results != 80 || got.Base != 6 {
			t.Errorf("hands over %+v; want the history's look-back", got)
		}
		if loads, _ := h.of(part0); !slices.Equal(loads, []loadCall{{part0, 1, 7, 8}}) {
			t.Errorf("loaded %+v", loads)
		}
		if got := sorted(h.settled[part0]); !slices.Equal(got, []int64{1, 2, 3, 4, 5}) {
			t.Errorf("%v is settled, want what was left done and what ran", got)
		}
		if took := r.observed.took; took[part0] != 10*time.Second || took[topicPartition(1)] != 0 || len(took) != 3 {
			t.Errorf("the takeovers took %v", took)
		}
	})
}

func TestFailedLoadsAreTriedAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		err     error
		refresh bool
	}{
		"no network":  {errNetwork, false},
		"leader gone": {errMoved, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f, j, h := newFakeCluster(1), newJournal(), newFakeHistory()
				fail := failing(10, tt.err)
				h.fail = func(kafka.TopicPartition) error {
					if n := len(j.startedOffsets()); n > 0 {
						t.Errorf("%d records ran before their past was known", n)
					}
					return fail()
				}
				r := newPastRig(t, Config{}, f, j, h)
				f.publish(part0, keys(3)...)
				after(30 * time.Second)
				if got := j.endedOn(part0); len(got) != 3 {
					t.Errorf("%v ran, want all once the past was known", got)
				}
				if loads, _ := h.of(part0); len(loads) != 11 || loads[10] != (loadCall{part0, 0, -1, -1}) {
					t.Errorf("loaded %+v", loads)
				}
				if n := strings.Count(r.tape.String(), "reading a partition's past failed"); n != 1 {
					t.Errorf("warned %d times", n)
				}
				if refreshed := f.refreshes >= 10; refreshed != tt.refresh {
					t.Errorf("leaders were looked up again %d times", f.refreshes)
				}
			})
		})
	}
}

func TestLoadsRunSideBySideAndBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, j, h := newFakeCluster(100), newJournal(), newFakeHistory()
		for n := range int32(99) { // whose leaders are all away
			defer h.hold(topicPartition(n))()
		}
		last := topicPartition(99)
		f.publish(last, "a")
		newPastRig(t, Config{}, f, j, h)
		synctest.Wait()
		for waited := time.Duration(0); waited < 10*time.Second; waited += takeoverPatience {
			_, running := h.of(last)
			if limit := takeoverSlots * (1 + int(waited/takeoverPatience)); running > limit {
				t.Errorf("after %s %d loads run, want at most %d", waited, running, limit)
			}
			after(takeoverPatience)
		}
		if got := j.endedOn(last); len(got) != 1 {
			t.Error("99 partitions whose leaders are away hold up another")
		}
	})
}

// A partition that nobody has committed has a past too: outcomes whose commit was
// lost, and ids that were answered on it.
func TestAPartitionWithoutAPositionIsLoadedFromWhereItBegins(t *testing.T) {
	for reset, want := range map[Reset]int64{Earliest: 2, Latest: 5} {
		t.Run(string(reset), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f, j, h := newFakeCluster(1), newJournal(), newFakeHistory()
				f.publish(part0, keys(5)...)
				f.truncate(part0, 2)
				f.failRange = failing(3, errNetwork)
				newPastRig(t, Config{Reset: reset}, f, j, h)
				after(10 * time.Second)
				if loads, _ := h.of(part0); !slices.Equal(loads, []loadCall{{part0, want, -1, -1}}) {
					t.Errorf("loaded %+v, want once from %d", loads, want)
				}
				if got := j.endedOn(part0); len(got) != int(5-want) {
					t.Errorf("%v ran", got)
				}
			})
		})
	}
}

// What stands in a topic that was made anew is nobody's past until a person decides.
func TestATopicMadeAnewIsNotLoaded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, j, h := newFakeCluster(2), newJournal(), newFakeHistory()
		f.left(part0, handover{Base: 3, Attempts: 7, Results: 8, Topic: kafka.TopicID{9}})
		f.publish(part0, keys(9)...)
		r := newPastRig(t, Config{}, f, j, h)
		after(10 * time.Second)
		if loads, _ := h.of(part0); len(loads) > 0 || r.Status().Partitions[0].Paused == r.Status().Partitions[1].Paused {
			t.Errorf("loaded %+v, status %+v", loads, r.Status().Partitions)
		}
	})
}

// Rebalances in the middle of a load end it; nothing of what was inherited is lost
// on the way, and the generation that gets to the load's end starts from it.
func TestARebalanceInTheMiddleOfALoad(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, j, h := newFakeCluster(2), newJournal(), newFakeHistory()
		left := handover{Base: 1, Done: []offsetRange{{3, 5}}, Attempts: 7, Results: 8, Topic: kafka.TopicID{0: 1}, Clean: true}
		f.left(part0, left)
		f.publish(part0, keys(6)...)
		release := h.hold(part0)
		h.set(func() { h.look = [2]int64{70, 80} })
		r := newPastRig(t, Config{}, f, j, h)
		for round := range 5 {
			after(300 * time.Millisecond)
			r.group.rebalance()
			synctest.Wait()
			last := f.lastOf(int32(round+1), part0)
			if h, err := decodeHandover(last.Metadata, last.Offset); err != nil || !slices.Equal(h.Done, left.Done) ||
				h.Base != 1 || h.Attempts != 7 || h.Results != 8 || !h.Clean {
				t.Errorf("generation %d, which has not begun, handed over %+v, %v", round+1, h, err)
			}
			if _, running := h.of(part0); running > 1 {
				t.Errorf("%d loads run after the rebalance", running)
			}
		}
		if n := len(h.released); n != 10 {
			t.Errorf("%d partitions were released by 5 generations of 2", n)
		}
		release()
		after(time.Second)
		if got := sorted(j.startedOffsets()); !slices.Equal(got, []int64{1, 2, 5}) {
			t.Errorf("%v ran, want 1, 2 and 5 once", got)
		}
		r.halt(t)
		loads, running := h.of(part0)
		if running > 0 || len(loads) != 6 || slices.ContainsFunc(loads, func(l loadCall) bool { return l != loads[0] }) {
			t.Errorf("%d loads run on; loaded %+v, want six alike", running, loads)
		}
		if got := f.handed(t, part0); got.Attempts != 70 || got.Results != 80 || got.Base != 6 || !got.Clean {
			t.Errorf("handed over %+v", got)
		}
	})
}

// lastOf is what a generation has committed last of a partition.
func (f *fakeCluster) lastOf(generation int32, tp kafka.TopicPartition) (last kafka.Commit) {
	for _, call := range f.commitCalls() {
		for _, c := range call.commits {
			if call.member.GenerationID == generation && c.TopicPartition == tp {
				last = c
			}
		}
	}
	return last
}

// A record's settlement lets its past go: a commit that does not call it done must
// not be able to come after it.
func TestWhatIsSettledIsDoneInEveryCommit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f, j, h := newFakeCluster(1), newJournal(), newFakeHistory()
		j.hold(0)
		var r *rig
		settled := 0
		h.settle = func(_ kafka.TopicPartition, offset int64) {
			r.mu.Lock()
			s := r.session
			r.mu.Unlock()
			s.sched.mu.Lock()
			defer s.sched.mu.Unlock()
			settled++
			got := s.parts[part0].handover(false)
			if !slices.ContainsFunc(got.Done, func(d offsetRange) bool { return d.First <= offset && offset < d.End }) {
				t.Errorf("%d is settled; a commit would say %+v", offset, got)
			}
		}
		r = newStoppedPastRig(t, Config{MaxInFlight: 2}, f, j, h)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.publish(part0, keys(50)...)
		after(time.Second)
		r.halt(t)
		if settled != 49 {
			t.Errorf("%d were settled, want all but the one that waits", settled)
		}
	})
}
