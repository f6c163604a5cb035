package consumers

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/kafka"
)

// holder is a handler that holds some offsets until they are released.
type holder struct {
	*journal
	holds func(offset int64) bool
	free  chan struct{}
}

func newHolder(holds func(offset int64) bool) *holder {
	return &holder{newJournal(), holds, make(chan struct{})}
}

func (h *holder) Handle(ctx context.Context, r kafka.Record) error {
	if h.holds(r.Offset) {
		select {
		case <-h.free:
		case <-ctx.Done():
			return ErrReleased
		}
	}
	return h.journal.Handle(ctx, r)
}

// wide is a configuration in which the metadata is the first bound that a window of
// records meets.
func wide() Config {
	return Config{
		MaxInFlight: 1 << 16, TopicInFlight: 1 << 16, PartitionRecords: 1 << 16,
		DrainTimeout: time.Second,
	}
}

// publishMany publishes records whose keys all differ.
func publishMany(f *fakeCluster, records int) {
	names := make([]string, records)
	for i := range names {
		names[i] = fmt.Sprint("key-", i)
	}
	f.publish(part0, names...)
}

// checkLengths holds that no commit was longer than the brokers take.
func checkLengths(t *testing.T, f *fakeCluster, limit int) (longest int) {
	t.Helper()
	for _, call := range f.commitCalls() {
		for _, c := range call.commits {
			longest = max(longest, len(c.Metadata))
		}
	}
	if longest > limit {
		t.Errorf("a commit's metadata is %d characters long, above %d", longest, limit)
	}
	return longest
}

// checkHanded holds that the last commit names all that has ended above its offset.
func checkHanded(t *testing.T, f *fakeCluster, j *journal) {
	t.Helper()
	h := f.handed(t, part0)
	done := doneSet(h.Done)
	ended := sorted(j.endedOn(part0))
	for _, o := range ended {
		if o >= h.Base && !done.has(o) {
			t.Fatalf("offset %d has ended, and the commit of %d does not say so", o, h.Base)
		}
	}
	if said := doneSet(h.Done).count(0, 1<<62) + h.Base; said != int64(len(ended)) {
		t.Errorf("the commit says that %d are done, and %d have ended", said, len(ended))
	}
}

func TestFiftyThousandPastAStuckRecordAreHandedOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const records = 50_001
		f := newFakeCluster(1)
		publishMany(f, records)
		h := newHolder(func(o int64) bool { return o == 0 })
		r := newRig(t, Config{DrainTimeout: time.Second}, f, h)
		after(20 * time.Second)
		if n := len(h.endedOn(part0)); n != records-1 {
			t.Errorf("%d ended past the stuck one", n)
		}
		if n := checkLengths(t, f, 128); n == 0 {
			t.Error("nothing was committed")
		}
		checkHanded(t, f, h.journal)
		r.halt(t)

		next := newHolder(func(int64) bool { return false })
		r = newRig(t, Config{}, f, next)
		after(20 * time.Second)
		if got := next.startedOffsets(); !slices.Equal(got, []int64{0}) {
			t.Errorf("%d ran at the next owner, want the stuck one", len(got))
		}
		r.halt(t)
		if h := f.handed(t, part0); h.Base != records || len(h.Done) > 0 || !h.Clean {
			t.Errorf("in the end %+v is handed over", h)
		}
	})
}

// A coin holds every other record. 25,000 of them fit into the metadata; of more,
// intake waits, and each of its commits fits.
func TestRandomWindowFitsOrSlowsTheIntake(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		records int
		fits    bool
	}{
		"25,000": {25_000, true},
		"40,000": {40_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := newFakeCluster(1)
				publishMany(f, test.records)
				coins := rand.New(rand.NewPCG(3, 4))
				held := make([]bool, test.records)
				for o := range held {
					held[o] = coins.IntN(2) == 0
				}
				held[0] = true
				h := newHolder(func(o int64) bool { return held[o] })
				r := newRig(t, wide(), f, h)
				after(20 * time.Second)
				p := r.Status().Partitions[0]
				ended := len(h.endedOn(part0))
				if test.fits && (p.Position != int64(test.records) || p.Paused != "") {
					t.Errorf("paused by %q at %d with %d ended", p.Paused, p.Position, ended)
				}
				if !test.fits && (p.Paused != "metadata" || p.Position < 25_000 || p.Position >= int64(test.records)) {
					t.Errorf("paused by %q at %d with %d ended", p.Paused, p.Position, ended)
				}
				if n := checkLengths(t, f, 4096); n < 3500 {
					t.Errorf("the longest commit has %d characters: the window was not wide", n)
				}
				checkHanded(t, f, h.journal)

				close(h.free)
				after(20 * time.Second)
				if n := len(h.endedOn(part0)); n != test.records {
					t.Errorf("%d of %d ended after all were let go", n, test.records)
				}
				checkLengths(t, f, 4096)
				r.halt(t)
				if h := f.handed(t, part0); h.Base != int64(test.records) || !h.Clean {
					t.Errorf("in the end %+v is handed over", h)
				}
			})
		})
	}
}

// The next owner of a random window runs what was held and nothing else.
func TestRandomWindowIsTakenOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const records = 25_000
		f := newFakeCluster(1)
		publishMany(f, records)
		coins := rand.New(rand.NewPCG(5, 6))
		var held []int64
		isHeld := make([]bool, records)
		for o := range isHeld {
			if isHeld[o] = coins.IntN(2) == 0; isHeld[o] {
				held = append(held, int64(o))
			}
		}
		r := newRig(t, wide(), f, newHolder(func(o int64) bool { return isHeld[o] }))
		after(10 * time.Second)
		r.halt(t)
		next := newHolder(func(int64) bool { return false })
		newRig(t, wide(), f, next)
		after(20 * time.Second)
		if got := sorted(next.startedOffsets()); !slices.Equal(got, held) {
			t.Errorf("%d ran at the next owner, want the %d that were held", len(got), len(held))
		}
	})
}

// The brokers keep less than is configured: nothing is shortened, intake waits, the
// member keeps its partitions, and what was taken in comes to its end.
func TestBrokersThatKeepLessThanConfigured(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const records, broker = 40_000, 300
		f := newFakeCluster(2)
		f.refuse = func(_ int, c kafka.Commit) error {
			if len(c.Metadata) > broker {
				return classed(kafka.ClassTooLarge)
			}
			return nil
		}
		publishMany(f, 3000)
		h := newHolder(func(o int64) bool { return o%2 == 0 })
		r := newRig(t, wide(), f, h)
		after(time.Second)
		before := r.Status().Partitions
		publishMany(f, records-3000)
		after(time.Minute)
		for i, p := range r.Status().Partitions {
			if p.TopicPartition == part0 && (p.Paused != "metadata" || p.Position > before[i].Position) {
				t.Errorf("paused by %q at %d, %d a minute before", p.Paused, p.Position, before[i].Position)
			}
		}
		if age := time.Since(r.LastAck()); age > 2*time.Second {
			t.Errorf("the group's last word is %s old", age)
		}
		log := r.tape.String()
		for _, name := range []string{"offset.metadata.max.bytes", "intake.metadata_bytes=4096"} {
			if strings.Count(log, name) != 1 {
				t.Errorf("the log names %s %d times:\n%s", name, strings.Count(log, name), log)
			}
		}
		close(h.free)
		after(time.Minute)
		synctest.Wait()
		if h := f.handed(t, part0); h.Base != records {
			t.Errorf("committed %d of %d in the end", h.Base, records)
		}
	})
}

// What an owner before has handed over is longer than these brokers keep, as when
// the limit was lowered meanwhile: that partition's work goes on until it can be
// committed, and no other waits for it.
func TestAHandOverThatIsTooLongHoldsNothingUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const records, broker = 2000, 300
		f, other := newFakeCluster(2), kafka.TopicPartition{Topic: testTopic, Partition: 1}
		var done []offsetRange
		for o := int64(1); o < records; o += 2 {
			done = append(done, offsetRange{o, o + 1})
		}
		f.left(part0, handover{Done: done, Attempts: -1, Results: -1})
		f.refuse = func(_ int, c kafka.Commit) error {
			if len(c.Metadata) > broker {
				return classed(kafka.ClassTooLarge)
			}
			return nil
		}
		publishMany(f, records)
		f.publish(other, keys(3)...)
		h := newHolder(func(int64) bool { return false })
		newRig(t, wide(), f, h)
		after(time.Minute)
		for tp, want := range map[kafka.TopicPartition]int{part0: records - len(done), other: 3} {
			if n := len(h.endedOn(tp)); n != want {
				t.Errorf("%d records of %s were carried out, want %d", n, tp, want)
			}
		}
		if h := f.handed(t, part0); h.Base != records {
			t.Errorf("committed %d of %d in the end", h.Base, records)
		}
	})
}
