package consumers

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/kafka"
)

var part0 = topicPartition(0)

func keys(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "k" + strconv.Itoa(i)
	}
	return names
}

// after lets d pass and everything that it brings about happen.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestSessionRunsAndCommits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(3)
		j := newJournal()
		r := newRig(t, Config{}, f, j)
		for n := range int32(3) {
			f.publish(topicPartition(n), keys(250)...)
		}
		after(time.Second)
		for n := range int32(3) {
			if h := f.handed(t, topicPartition(n)); h.Base != 250 || h.Clean || len(h.Done) > 0 {
				t.Errorf("while it runs, %d hands over %+v; want 250 and not clean", n, h)
			}
		}
		r.halt(t)
		if h := f.handed(t, part0); h.Base != 250 || !h.Clean {
			t.Errorf("after its stop it hands over %+v; want 250 and clean", h)
		}
		if n := len(j.startedOffsets()); n != 750 {
			t.Errorf("%d records ran, want 750", n)
		}
	})
}

func TestCommitsProveTheLeaseWithNothingNew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(2)
		r := newRig(t, Config{}, f, newJournal())
		after(10 * time.Second)
		calls := f.commitCalls()
		last := calls[0].at
		for _, c := range calls[1:] {
			if gap := c.at.Sub(last); gap > time.Second {
				t.Errorf("%s between two commits", gap)
			}
			last = c.at
			if c.member.GenerationID != 1 {
				t.Errorf("committed for generation %d", c.member.GenerationID)
			}
		}
		if age := time.Since(r.LastAck()); age > time.Second {
			t.Errorf("the last acknowledged commit is %s old", age)
		}
	})
}

func TestNothingRunsBeforeTheFirstCommit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		f.committed[part0] = kafka.Commit{
			TopicPartition: part0, Offset: 1,
			Metadata: handover{Base: 1, Attempts: 7, Results: 8, Clean: true}.encode(),
		}
		f.refuse = func(call int, _ kafka.Commit) error {
			if call < 5 {
				return errNetwork
			}
			return nil
		}
		j := newJournal()
		newRig(t, Config{CommitInterval: 500 * time.Millisecond}, f, j)
		f.publish(part0, keys(3)...)
		after(2400 * time.Millisecond)
		if got := j.startedOffsets(); len(got) > 0 {
			t.Errorf("%v ran while the group still says that the hand-over was clean", got)
		}
		after(200 * time.Millisecond)
		if h := f.handed(t, part0); h.Clean || h.Attempts != 7 || h.Results != 8 {
			t.Errorf("the first commit says %+v; want not clean, looking back from 7 and 8", h)
		}
		after(time.Second)
		if got := sorted(j.startedOffsets()); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("%v ran, want 1 and 2", got)
		}
	})
}

func TestFencedMemberCommitsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		j.hold(0)
		var cause error
		newRig(t, Config{}, f, handlerFunc(func(ctx context.Context, rec kafka.Record) error {
			err := j.Handle(ctx, rec)
			if err != nil && cause == nil {
				cause = context.Cause(ctx)
			}
			return err
		}))
		f.publish(part0, "a", "a", "b")
		after(time.Second)
		before := len(f.commitCalls())
		f.set(func() {
			f.refuse = func(call int, _ kafka.Commit) error {
				if call == before {
					return errFence
				}
				return nil
			}
		})
		after(1100 * time.Millisecond)
		if !errors.Is(cause, ErrFenced) {
			t.Errorf("the handler's context ended by %v", cause)
		}
		generations := map[int32]int{}
		for _, c := range f.commitCalls()[before:] {
			generations[c.member.GenerationID]++
		}
		if generations[1] != 1 || generations[2] == 0 {
			t.Errorf("commits per generation after the fence: %v; want 1 of the first, some of the next", generations)
		}
	})
}

func TestCommitWhileRebalancingIsTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		r := newRig(t, Config{}, f, j)
		f.publish(part0, keys(10)...)
		after(time.Second)
		before := len(f.commitCalls())
		f.publish(part0, keys(10)...)
		synctest.Wait()
		f.set(func() {
			f.refuse = func(call int, _ kafka.Commit) error {
				if call < before+3 {
					return errRebalance
				}
				return nil
			}
		})
		r.halt(t)
		if h := f.handed(t, part0); h.Base != 20 || !h.Clean {
			t.Errorf("handed over %+v; want 20 and clean", h)
		}
	})
}

func TestExpiredLeaseStartsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		r := newRig(t, Config{SessionTimeout: 6 * time.Second, Lease: 3 * time.Second}, f, j)
		after(time.Second)
		f.set(func() { f.hangCommits = true })
		after(3500 * time.Millisecond)
		f.publish(part0, "a")
		after(time.Second)
		if got := j.startedOffsets(); len(got) > 0 {
			t.Errorf("%v ran %s after the last acknowledged commit", got, time.Since(r.LastAck()))
		}
		if p := r.Status().Partitions[0].Paused; p != "lease" {
			t.Errorf("paused by %q, want the lease", p)
		}
		f.set(func() { f.hangCommits = false })
		after(10 * time.Second)
		if got := j.startedOffsets(); !slices.Equal(got, []int64{0}) {
			t.Errorf("%v ran once commits were acknowledged again", got)
		}
	})
}

func TestShutGateStopsFetchingAndKeepsMemoryFlat(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		f.create("loan", 1)
		loan := kafka.TopicPartition{Topic: "loan"}
		var mu sync.Mutex
		ran := map[string]int{}
		r := newRig(t, Config{Topics: []Topic{{Name: testTopic}, {Name: "loan"}}}, f, handlerFunc(func(_ context.Context, rec kafka.Record) error {
			mu.Lock()
			defer mu.Unlock()
			ran[rec.Topic]++
			return nil
		}))
		after(time.Second)
		r.gates.set("loan", true)
		after(250 * time.Millisecond)
		shut := time.Now()
		for range 30 {
			f.publish(loan, keys(1000)...)
			f.publish(part0, keys(100)...)
			after(time.Second)
		}
		if at := f.fetchedSince(loan, shut); len(at) > 0 {
			t.Errorf("the shut topic was fetched %s after 250ms", at[0].Sub(shut))
		}
		mu.Lock()
		if ran["loan"] > 0 || ran[testTopic] != 3000 {
			t.Errorf("while the loan gate is shut, %v ran; want 3000 invoices", ran)
		}
		mu.Unlock()
		for _, p := range r.Status().Partitions {
			if p.Topic == "loan" && (p.Buffered > 2*fakeBatch || p.Paused != "gate") {
				t.Errorf("%d records buffered, paused by %q", p.Buffered, p.Paused)
			}
		}
		r.gates.set("loan", false)
		after(10 * time.Second)
		mu.Lock()
		if ran["loan"] != 30_000 {
			t.Errorf("%d of 30000 loans ran after the gate opened", ran["loan"])
		}
		mu.Unlock()
	})
}

func TestStuckKeyWithFiftyThousandDonePastIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		j.hold(0)
		r := newRig(t, Config{DrainTimeout: time.Second}, f, j)
		f.publish(part0, "stuck")
		for range 50 {
			f.publish(part0, keys(1000)...)
		}
		after(10 * time.Second)
		if h := f.handed(t, part0); h.Base != 0 || !slices.Equal(h.Done, []offsetRange{{1, 50_001}}) {
			t.Errorf("committed %+v; want 0 with 1..50001 done", h)
		}
		r.halt(t)
	})
}

// With every second key stuck, the done-map would outgrow the metadata: intake
// slows before that, and every commit fits.
func TestIntakeSlowsBeforeTheMapOutgrowsTheMetadata(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		stuck := make(chan struct{})
		r := newRig(t, Config{MetadataBytes: 256, MaxInFlight: 4096, TopicInFlight: 4096}, f,
			handlerFunc(func(_ context.Context, rec kafka.Record) error {
				if rec.Offset%2 == 0 {
					<-stuck
				}
				return nil
			}))
		f.publish(part0, keys(4000)...)
		after(5 * time.Second)
		p := r.Status().Partitions[0]
		if p.Paused != "metadata" || p.Position > 2000 {
			t.Errorf("paused by %q at %d; want metadata, far from the end", p.Paused, p.Position)
		}
		close(stuck)
		after(5 * time.Second)
		for _, call := range f.commitCalls() {
			for _, c := range call.commits {
				if len(c.Metadata) > 256 {
					t.Fatalf("metadata of %d bytes", len(c.Metadata))
				}
			}
		}
		if h := f.handed(t, part0); h.Base != 4000 {
			t.Errorf("committed %d of 4000 in the end", h.Base)
		}
	})
}

func TestForeignMetadataCountsAsNothingDone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		f.publish(part0, keys(3)...)
		f.committed[part0] = kafka.Commit{TopicPartition: part0, Offset: 1, Metadata: "another tool was here"}
		j := newJournal()
		r := newRig(t, Config{}, f, j)
		after(time.Second)
		if got := sorted(j.startedOffsets()); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("%v ran, want 1 and 2", got)
		}
		if log := r.tape.String(); !strings.Contains(log, "metadata cannot be read") || strings.Contains(log, "another tool") {
			t.Errorf("the log says %s", log)
		}
	})
}

func TestCommittedOffsetsAndRangesAreTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(2)
		f.committed[part0] = kafka.Commit{TopicPartition: part0, Offset: 1}
		f.failLoad, f.failRange = failing(3, errNetwork), failing(3, errNetwork)
		f.publish(part0, keys(3)...)
		f.publish(topicPartition(1), keys(3)...)
		j := newJournal()
		r := newRig(t, Config{}, f, j)
		after(10 * time.Second)
		if a, b := j.endedOn(part0), j.endedOn(topicPartition(1)); len(a) != 2 || len(b) != 3 {
			t.Errorf("%v and %v ran, want 2 and 3 records", a, b)
		}
		if n := strings.Count(r.tape.String(), "reading the committed offsets failed"); n != 1 {
			t.Errorf("logged %d times", n)
		}
	})
}

func TestGenerationThatEndsBeforeItsOffsetsAreKnown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		f.failLoad = func() error { return errNetwork }
		r := newRig(t, Config{}, f, newJournal())
		after(time.Second)
		r.halt(t)
		if n := len(f.commitCalls()); n != 0 {
			t.Errorf("%d commits of positions that nobody knows", n)
		}
	})
}

func TestTopicOfAnotherMembersConfigurationIsLeftAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		f.create("strange", 1)
		j := newJournal()
		r := newRig(t, Config{}, f, j) // reads the test topic alone
		f.publish(kafka.TopicPartition{Topic: "strange"}, "a")
		f.publish(part0, "a")
		after(time.Second)
		if got := j.startedOffsets(); len(got) != 1 || !strings.Contains(r.tape.String(), "topic=strange") {
			t.Errorf("%v ran; the log says\n%s", got, r.tape)
		}
	})
}
