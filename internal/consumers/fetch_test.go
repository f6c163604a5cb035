package consumers

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/kafka"
)

func TestFetchFollowsAMovedLeader(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(4)
		j := newJournal()
		newRig(t, Config{}, f, j)
		for n := range int32(4) {
			f.publish(topicPartition(n), keys(10)...)
		}
		after(time.Second)
		f.set(func() {
			f.logs[part0].leader = 2 // metadata still says 1, until it is refreshed
			f.logs[topicPartition(1)].leader = 3
		})
		for n := range int32(4) {
			f.publish(topicPartition(n), keys(10)...)
		}
		after(time.Second)
		for n := range int32(4) {
			if got := sorted(j.endedOn(topicPartition(n))); len(got) != 20 || got[19] != 19 {
				t.Errorf("on partition %d %d records ran, want each of 20 once", n, len(got))
			}
		}
		if f.refreshes == 0 || f.refreshes > 5 {
			t.Errorf("metadata was refreshed %d times", f.refreshes)
		}
	})
}

func TestPartitionWithoutALeaderWaitsForOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(2)
		f.logs[part0].leader, f.logs[part0].told = -1, -1
		j := newJournal()
		newRig(t, Config{RetryMax: time.Second}, f, j)
		f.publish(part0, "a")
		f.publish(topicPartition(1), "a")
		after(5 * time.Second)
		if len(j.endedOn(part0)) != 0 || len(j.endedOn(topicPartition(1))) != 1 {
			t.Errorf("%v and %v ran", j.endedOn(part0), j.endedOn(topicPartition(1)))
		}
		f.set(func() { f.logs[part0].leader, f.logs[part0].told = 1, 1 })
		after(2 * time.Second)
		if len(j.endedOn(part0)) != 1 {
			t.Error("the partition with a new leader was not read")
		}
	})
}

func TestUnreachableBrokerIsTriedAgainAndLoggedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		j := newJournal()
		r := newRig(t, Config{}, f, j)
		after(time.Second)
		f.set(func() { f.failFetch = func([]kafka.FetchPartition) error { return io.EOF } })
		f.publish(part0, "a")
		begin := time.Now()
		after(time.Minute)
		if n := len(f.fetchedSince(part0, begin)); n > 60 {
			t.Errorf("%d fetches in a minute of no answer", n)
		}
		f.set(func() { f.failFetch = nil })
		after(3 * time.Second)
		if got := j.endedOn(part0); !slices.Equal(got, []int64{0}) {
			t.Errorf("%v ran after the broker is back", got)
		}
		if log := r.tape.String(); strings.Count(log, "broker does not answer") != 1 || strings.Count(log, "broker answers again") != 1 {
			t.Errorf("the log says\n%s", log)
		}
	})
}

func TestARefusalAfterAnOutageIsLogged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		r := newStoppedRig(t, Config{}, f, newJournal())
		r.class = kafka.Class
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer r.halt(t)
		after(time.Second)
		for _, err := range []error{io.EOF, &kafka.SettingError{Setting: "kafka.sasl.password"}, io.EOF, &kafka.SettingError{Setting: "kafka.sasl.password"}} {
			f.set(func() { f.failFetch = func([]kafka.FetchPartition) error { return err } })
			after(10 * time.Second)
		}
		if log := r.tape.String(); strings.Count(log, "broker does not answer") != 2 || strings.Count(log, "kafka.sasl.password") != 1 {
			t.Errorf("the log says\n%s", log)
		}
	})
}

func TestDamagedPartitionHoldsUpNoOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(2)
		j := newJournal()
		r := newStoppedRig(t, Config{RetryMax: time.Second}, f, j)
		r.class = func(err error) kafka.ErrorClass {
			if errors.Is(err, errMoved) { // here standing for a batch that cannot be read
				return kafka.ClassCorrupt
			}
			return classOf(err)
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer r.halt(t)
		after(time.Second)
		f.set(func() { f.logs[part0].leader = 9 })
		f.publish(part0, "a")
		f.publish(topicPartition(1), "a")
		after(3 * time.Second)
		if len(j.endedOn(part0)) != 0 || len(j.endedOn(topicPartition(1))) != 1 {
			t.Errorf("%v and %v ran", j.endedOn(part0), j.endedOn(topicPartition(1)))
		}
		if f.refreshes != 0 {
			t.Error("a damaged batch had the leaders looked up")
		}
	})
}

func TestPositionOutsideTheLog(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reset     Reset
		committed int64 // -1 for none
		done      []offsetRange
		ran       []int64
		lost      int64
		paused    string
		log       string
	}{
		"never committed, earliest": {reset: Earliest, committed: -1, ran: []int64{4, 5, 6, 7}},
		"never committed, latest":   {reset: Latest, committed: -1, ran: []int64{6, 7}},
		"never committed, stop":     {reset: Stop, committed: -1, paused: "offset not in log", log: "position is not in the log"},
		"deleted, earliest":         {reset: Earliest, committed: 1, ran: []int64{4, 5, 6, 7}, lost: 3, log: "lost=3"},
		"deleted but done":          {reset: Earliest, committed: 1, done: []offsetRange{{2, 6}}, ran: []int64{6, 7}, lost: 1, log: "lost=1"},
		"deleted, latest":           {reset: Latest, committed: 1, ran: []int64{6, 7}, lost: 5, log: "lost=5"},
		"deleted, stop":             {reset: Stop, committed: 1, paused: "offset not in log", log: "position is not in the log"},
		"beyond the end, earliest":  {reset: Earliest, committed: 100, paused: "offset not in log", log: "position is not in the log"},
		"beyond the end, latest":    {reset: Latest, committed: 100, paused: "offset not in log", log: "position is not in the log"},
		"in the log":                {reset: Stop, committed: 5, ran: []int64{5, 6, 7}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := newFakeCluster(1)
				f.publish(part0, keys(6)...)
				f.truncate(part0, 4)
				if test.committed >= 0 {
					h := handover{Base: test.committed, Done: test.done, Attempts: -1, Results: -1}
					f.committed[part0] = kafka.Commit{TopicPartition: part0, Offset: test.committed, Metadata: h.encode()}
				}
				j := newJournal()
				r := newRig(t, Config{Reset: test.reset, RetryMax: time.Second}, f, j)
				after(2 * time.Second)
				f.publish(part0, keys(2)...)
				after(10 * time.Second)
				if got := sorted(j.startedOffsets()); !slices.Equal(got, test.ran) {
					t.Errorf("%v ran, want %v", got, test.ran)
				}
				if r.observed.lost != test.lost {
					t.Errorf("%d lost, want %d", r.observed.lost, test.lost)
				}
				if got := r.Status().Partitions[0].Paused; got != test.paused {
					t.Errorf("paused by %q, want %q", got, test.paused)
				}
				if log := r.tape.String(); test.log != "" && strings.Count(log, test.log) != 1 {
					t.Errorf("the log does not say %q once:\n%s", test.log, log)
				}
			})
		})
	}
}

func TestStoppedPositionGoesOnOnceItExists(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(1)
		f.committed[part0] = kafka.Commit{TopicPartition: part0, Offset: 3}
		j := newJournal()
		newRig(t, Config{RetryMax: time.Second}, f, j)
		after(5 * time.Second)
		f.publish(part0, keys(5)...)
		after(5 * time.Second)
		if got := sorted(j.startedOffsets()); !slices.Equal(got, []int64{3, 4}) {
			t.Errorf("%v ran, want 3 and 4", got)
		}
	})
}

// Memory that one topic's stuck records hold is not another's to wait for.
func TestBytesAreBoundedPerPartitionAndInAll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := newFakeCluster(2)
		f.create("loan", 1)
		stuck := make(chan struct{})
		j := newJournal()
		r := newRig(t, Config{
			Topics:         []Topic{{Name: testTopic}, {Name: "loan"}},
			PartitionBytes: 60_000, MaxBytes: 100_000,
		}, f, handlerFunc(func(ctx context.Context, rec kafka.Record) error {
			if rec.Topic == testTopic {
				<-stuck
			}
			return j.Handle(ctx, rec)
		}))
		loan := kafka.TopicPartition{Topic: "loan"}
		for n := range int32(2) {
			f.publish(topicPartition(n), keys(2000)...)
		}
		after(time.Second)
		f.publish(loan, keys(2000)...)
		after(5 * time.Second)
		if n := len(j.endedOn(loan)); n != 2000 {
			t.Errorf("%d of 2000 loans ran", n)
		}
		buffered, paused := 0, map[string]bool{}
		for _, p := range r.Status().Partitions {
			buffered += p.Buffered
			paused[p.Paused] = true
		}
		// A record counts for some 260 bytes, and a fetch of 100 exceeds.
		if buffered > 100_000/250+2*fakeBatch || !paused["memory"] {
			t.Errorf("%d records buffered, paused by %v", buffered, paused)
		}
		close(stuck)
		after(10 * time.Second)
		if n := len(j.endedOn(part0)) + len(j.endedOn(topicPartition(1))); n != 4000 {
			t.Errorf("%d of 4000 invoices ran in the end", n)
		}
	})
}
