package consumers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/kafka"
)

var errTest = errors.New("test error")

// referee is a handler that takes a random time and sometimes fails, and checks
// every promise of the scheduler on the way.
type referee struct {
	t   *rapid.T
	cfg *Config

	mu      sync.Mutex
	running map[string]int           // by topic
	busy    map[string]bool          // by topic, partition and key
	last    map[string]int64         // done last, by topic, partition and key
	fails   map[string]int           // tries that are still to fail, by topic, partition and offset
	took    map[string]time.Duration // likewise
	done    map[kafka.TopicPartition]map[int64]bool
	faults  []string
}

func (f *referee) Handle(_ context.Context, r kafka.Record) error {
	key := fmt.Sprintf("%s/%d/%s/%t", r.Topic, r.Partition, r.Key, r.Key == nil)
	id := fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset)
	tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
	f.mu.Lock()
	f.running[r.Topic]++
	total := 0
	for _, n := range f.running {
		total += n
	}
	limit := 0
	for _, t := range f.cfg.Topics {
		if t.Name == r.Topic {
			limit = t.MaxInFlight
		}
	}
	f.check(total <= f.cfg.MaxInFlight, "%d handlers run", total)
	f.check(f.running[r.Topic] <= limit, "%d handlers of %s run", f.running[r.Topic], r.Topic)
	f.check(!f.busy[key], "two records of %s run at the same time", key)
	before, ran := f.last[key]
	f.check(!ran || before < r.Offset, "%s runs after %d of its key", id, before)
	f.check(!f.done[tp][r.Offset], "%s runs again", id)
	f.busy[key] = true
	f.mu.Unlock()

	time.Sleep(f.took[id])

	f.mu.Lock()
	defer f.mu.Unlock()
	f.running[r.Topic]--
	f.busy[key] = false
	if f.fails[id] > 0 {
		f.fails[id]--
		return errTest
	}
	f.last[key] = r.Offset
	f.done[tp][r.Offset] = true
	return nil
}

func (f *referee) check(ok bool, format string, args ...any) {
	if !ok {
		f.faults = append(f.faults, fmt.Sprintf(format, args...))
	}
}

// Any mix of topics, partitions, keys, gaps, failures, handler times and gates:
// order per key, every record exactly once, every bound kept, nothing starves.
func TestSchedulerKeepsItsPromises(t *testing.T) {
	bubble(t, func(t *testing.T) {
		// Without its Deadline method, which a bubble forbids to ask.
		rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) {
			cfg := Config{
				MaxInFlight:      rapid.IntRange(3, 20).Draw(rt, "in flight"),
				PartitionRecords: rapid.IntRange(1, 50).Draw(rt, "partition records"),
				MaxBytes:         rapid.Int64Range(3, 20_000).Draw(rt, "bytes"),
			}
			for i := range rapid.IntRange(1, 3).Draw(rt, "topics") {
				cfg.Topics = append(cfg.Topics, Topic{Name: "t" + strconv.Itoa(i), MaxInFlight: rapid.IntRange(1, 20).Draw(rt, "topic in flight")})
			}
			f := &referee{
				t: rt, running: map[string]int{}, busy: map[string]bool{}, last: map[string]int64{},
				fails: map[string]int{}, took: map[string]time.Duration{}, done: map[kafka.TopicPartition]map[int64]bool{},
			}
			b := newBench(t, cfg, f, int32(rapid.IntRange(1, 3).Draw(rt, "partitions")))
			f.cfg = &b.cfg
			logs := make([][]kafka.Record, len(b.parts))
			for i, p := range b.parts {
				f.done[p.tp] = map[int64]bool{}
				logs[i] = drawLog(rt, f, p.tp)
			}
			shut := &gates{}
			for round := 0; ; round++ {
				if round < 20 { // later all gates stay open
					shut.set("t0", rapid.Bool().Draw(rt, "shut"))
				} else {
					shut.set("t0", false)
				}
				b.ask(shut)
				fed := feed(rt, b, logs)
				time.Sleep(time.Duration(rapid.IntRange(0, 30).Draw(rt, "pause")) * time.Millisecond)
				synctest.Wait()
				if !fed && round > 20 && b.left() == 0 {
					break
				}
				if round > 100_000 {
					rt.Fatal("the records never end")
				}
			}
			if len(f.faults) > 0 {
				rt.Fatal(f.faults[0])
			}
			for i, p := range b.parts {
				if got, want := b.committed(p), p.covered; got != want || len(logs[i]) > 0 {
					rt.Fatalf("%s: committed %d of %d, %d unread", p.tp, got, want, len(logs[i]))
				}
				if p.keyless != nil || p.bytes != 0 {
					rt.Fatalf("%s keeps %d bytes or a chain", p.tp, p.bytes)
				}
			}
			for _, topic := range b.topics {
				if topic.chains.count > 0 || topic.running != 0 || topic.slots.used != 0 || topic.memory.used != 0 {
					rt.Fatalf("%s: %d idle chains, %d running, %d slots, %d bytes", topic.name,
						topic.chains.count, topic.running, topic.slots.used, topic.memory.used)
				}
			}
			b.close()
		})
	})
}

func drawLog(t *rapid.T, f *referee, tp kafka.TopicPartition) (log []kafka.Record) {
	offset := int64(0)
	for range rapid.IntRange(0, 60).Draw(t, "records") {
		offset += rapid.Int64Range(0, 2).Draw(t, "gap")
		key := rapid.SampledFrom([]string{"", "a", "b", "c", "d", "e"}).Draw(t, "key")
		id := fmt.Sprintf("%s/%d/%d", tp.Topic, tp.Partition, offset)
		f.fails[id] = rapid.SampledFrom([]int{0, 0, 0, 0, 0, 1, 3}).Draw(t, "fails")
		f.took[id] = time.Duration(rapid.SampledFrom([]int{0, 1, 5, 200}).Draw(t, "takes")) * time.Millisecond
		log = append(log, record(tp, offset, key))
		offset++
	}
	return log
}

// feed delivers a batch to every partition that is not paused.
func feed(t *rapid.T, b *bench, logs [][]kafka.Record) (fed bool) {
	for i, p := range b.parts {
		b.mu.Lock()
		paused, pending := b.pauseOf(p), p.window.pending
		b.mu.Unlock()
		if pending > b.cfg.PartitionRecords {
			t.Fatalf("%s holds %d records of %d", p.tp, pending, b.cfg.PartitionRecords)
		}
		n := min(len(logs[i]), rapid.IntRange(1, 30).Draw(t, "batch"))
		if n == 0 || paused != notPaused {
			fed = fed || n > 0
			continue
		}
		b.deliver(p, slices.Clone(logs[i][:n]), logs[i][n-1].Offset+1)
		logs[i] = logs[i][n:]
		fed = true
	}
	return fed
}

func TestTheOldestRecordThatMayRunIsNext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j := newJournal()
		b := newBench(t, Config{MaxInFlight: 1}, j, 1)
		first := j.hold(0)
		// Keys that come in bursts: taking turns between them would run ahead of
		// what may be committed by as much as they are uneven.
		b.give(b.parts[0], "a", "a", "a", "b", "a", "b", "b", "c", "a", "", "c", "b")
		first(nil)
		synctest.Wait()
		if got, want := j.startedOffsets(), []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}; !slices.Equal(got, want) {
			t.Errorf("ran in the order %v, want %v", got, want)
		}
		b.close()
	})
}

func TestHungKeyDelaysNobodyElse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j := newJournal()
		release := j.hold(0)
		b := newBench(t, Config{}, j, 1)
		keys := []string{"hung", "hung"}
		for i := range 3000 {
			keys = append(keys, strconv.Itoa(i))
		}
		b.give(b.parts[0], keys...)
		synctest.Wait()
		if n := len(j.endedOn(topicPartition(0))); n != 3000 {
			t.Errorf("%d of the other keys' 3000 records ended", n)
		}
		if b.left() != 2 || b.committed(b.parts[0]) != 0 {
			t.Errorf("%d records left, committed %d; want 2 and 0", b.left(), b.committed(b.parts[0]))
		}
		release(nil)
		synctest.Wait()
		if got := b.committed(b.parts[0]); got != 3002 {
			t.Errorf("committed %d, want 3002", got)
		}
		b.close()
	})
}

func TestShutTopicStarvesNoOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		// Handlers of the loan topic got past the gate before it shut and hang:
		// as many as their limit, which is the total, allows.
		hung := make(chan struct{})
		invoices := newJournal()
		handler := handlerFunc(func(ctx context.Context, r kafka.Record) error {
			if r.Topic == "loan" {
				<-hung
				return nil
			}
			return invoices.Handle(ctx, r)
		})
		b := newBench(t, Config{
			Topics:      []Topic{{Name: "loan", MaxInFlight: 16}, {Name: testTopic, MaxInFlight: 16}},
			MaxInFlight: 16,
		}, handler, 1)
		loan, invoice := b.parts[0], b.parts[1]
		keys := make([]string, 100)
		for i := range keys {
			keys[i] = strconv.Itoa(i)
		}
		b.give(loan, keys...)
		synctest.Wait()
		if loan.topic.running != 12 { // 16 less the other topic's floor of 4
			t.Errorf("%d loans run, want 12", loan.topic.running)
		}
		shut := &gates{}
		shut.set("loan", true)
		b.ask(shut)
		b.give(invoice, keys...)
		synctest.Wait()
		if got := b.committed(invoice); got != 100 {
			t.Errorf("%d of 100 invoices done", got)
		}
		close(hung)
		synctest.Wait()
		if b.left() != 88 || loan.topic.running != 0 {
			t.Errorf("%d records wait and %d run behind the shut gate, want 88 and 0", b.left(), loan.topic.running)
		}
		shut.set("loan", false)
		b.ask(shut)
		synctest.Wait()
		if b.left() != 0 {
			t.Errorf("%d records are left after the gate has opened", b.left())
		}
		b.close()
	})
}

func TestRecordsWithoutAKeyAreOneChainPerPartition(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j := newJournal()
		release := j.hold(0)
		b := newBench(t, Config{}, j, 2)
		b.give(b.parts[0], "", "", "key")
		b.give(b.parts[1], "key2", "", "")
		synctest.Wait()
		if got := j.endedOn(topicPartition(0)); !slices.Equal(got, []int64{2}) {
			t.Errorf("behind a hung keyless record %v ended, want the keyed one", got)
		}
		if got := j.endedOn(topicPartition(1)); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("on the other partition %v ended, want its keyless ones", got)
		}
		release(nil)
		release(nil) // the other partition's record 0
		synctest.Wait()
		if b.left() != 0 {
			t.Errorf("%d records left", b.left())
		}
		b.close()
	})
}

func TestFailingRecordHoldsItsKeyAndIsRunAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		failing := true
		var tries int
		j := newJournal()
		b := newBench(t, Config{}, handlerFunc(func(ctx context.Context, r kafka.Record) error {
			mu.Lock()
			fail := failing && r.Offset == 0
			if r.Offset == 0 {
				tries++
			}
			mu.Unlock()
			if fail {
				return errTest
			}
			return j.Handle(ctx, r)
		}), 1)
		b.give(b.parts[0], "a", "b", "a", "c")
		time.Sleep(time.Second)
		synctest.Wait()
		if got := j.endedOn(topicPartition(0)); !slices.Equal(sorted(got), []int64{1, 3}) {
			t.Errorf("%v ended while the key a fails", got)
		}
		mu.Lock()
		if tries < 50 { // at most 10 ms apart
			t.Errorf("tried %d times in a second", tries)
		}
		failing = false
		mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := j.endedOn(topicPartition(0))[2:]; !slices.Equal(got, []int64{0, 2}) {
			t.Errorf("%v ended at last, want 0 and 2 in turn", got)
		}
		b.close()
	})
}

func TestHoldStopsStarts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j := newJournal()
		b := newBench(t, Config{}, j, 1)
		b.hold(true)
		b.give(b.parts[0], "a", "b")
		synctest.Wait()
		if got := j.startedOffsets(); len(got) != 0 {
			t.Errorf("%v started while held", got)
		}
		b.hold(false)
		synctest.Wait()
		if b.left() != 0 {
			t.Errorf("%d records left", b.left())
		}
		b.close()
	})
}

func TestInheritedRecordsAreNotRun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j := newJournal()
		b := newBench(t, Config{}, j, 1)
		p := b.parts[0]
		p.inherited = doneSet{{1, 3}, {5, 8}}
		b.give(p, "a", "b", "c", "d")
		synctest.Wait()
		if got := sorted(j.startedOffsets()); !slices.Equal(got, []int64{0, 3}) {
			t.Errorf("%v ran, want 0 and 3", got)
		}
		if h := p.handover(false); h.Base != 4 || len(h.Done) != 1 || h.Done[0] != (offsetRange{5, 8}) {
			t.Errorf("hands over %+v: what was not fetched again must stay in the map", h)
		}
		// 4 is the only record between the ranges: the window passes what is
		// done behind it, and so does the position.
		b.give(p, "e")
		synctest.Wait()
		if got := b.committed(p); got != 8 || p.position != 8 {
			t.Errorf("committed %d, position %d; want 8", got, p.position)
		}
		b.close()
	})
}

func TestFullWindowLeavesARestInTheBacklog(t *testing.T) {
	bubble(t, func(t *testing.T) {
		j := newJournal()
		release := j.hold(0)
		b := newBench(t, Config{PartitionRecords: 2}, j, 1)
		p := b.parts[0]
		wake := make(chan struct{}, 1)
		p.wake, p.parked = wake, true
		b.give(p, "a", "a", "a", "b")
		synctest.Wait()
		b.mu.Lock()
		if len(p.backlog) != 2 || b.pauseOf(p) != pausedWindow || p.window.next != 2 {
			t.Errorf("backlog %d, paused by %q, window up to %d; want 2, window, 2", len(p.backlog), b.pauseOf(p), p.window.next)
		}
		b.mu.Unlock()
		release(nil)
		synctest.Wait()
		if b.left() != 0 || b.committed(p) != 4 {
			t.Errorf("%d left, committed %d; want 0 and 4", b.left(), b.committed(p))
		}
		select {
		case <-wake:
		default:
			t.Error("the fetch loop was not told that there is room")
		}
		b.close()
	})
}

func sorted(s []int64) []int64 {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}
