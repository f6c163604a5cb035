package consumers

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/command"
	"bankprocessor/internal/history"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

var (
	attempts0 = kafka.TopicPartition{Topic: "bank.attempts"}
	results0  = kafka.TopicPartition{Topic: testTopic + ".result"}
)

// A commit's word to the next owner (internal/history), with the scheduler and the
// history as they are: whatever is not done in a commit that the group has taken has
// all its attempts and outcomes, whenever they were stored, at or above its offsets.
func TestEveryCommitKeepsItsWord(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) {
			w := newWord(rt)
			life := w.begin(t)
			for range rapid.IntRange(0, 8).Draw(rt, "events") {
				after(time.Duration(rapid.IntRange(1, 2500).Draw(rt, "quiet")) * time.Millisecond)
				switch rapid.SampledFrom([]string{"publish", "rebalance", "crash", "refuse", "take"}).Draw(rt, "event") {
				case "publish":
					w.publish(rt)
				case "rebalance":
					life.rig.group.rebalance()
				case "crash":
					life = w.crash(t, life)
				case "refuse":
					w.set(func() { w.refuses = true })
				case "take":
					w.set(func() { w.refuses = false })
				}
			}
			w.set(func() { w.refuses = false })
			for range 100 { // at most: then a command has been lost
				if after(3 * time.Second); w.over(t) {
					break
				}
			}
			life.rig.halt(t)
			w.judge(rt, t)
		})
	})
}

// over says whether the group has been told that every command is done.
func (w *word) over(t *testing.T) bool {
	h := w.handed(t, part0)
	w.mu.Lock()
	defer w.mu.Unlock()
	return h.Base == w.logs[part0].next
}

// word is one command partition, the logs of what becomes of it, and what the group
// was told of it.
type word struct {
	*fakeCluster
	lives int32
	plans map[int64]plan // by offset

	refuses bool
	taken   []kafka.Commit
}

// LogEnds is where everything that is stored is shown.
func (w *word) LogEnds(ctx context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]int64, error) {
	ranges, err := w.LogRange(ctx, parts)
	ends := map[kafka.TopicPartition]int64{}
	for tp, r := range ranges {
		ends[tp] = r.Next
	}
	return ends, err
}

// plan is how long the handler of a record takes before and after each of its
// produces, and how many of them are stored without an acknowledgement.
type plan struct {
	takes [5]time.Duration
	lost  int
}

func newWord(rt *rapid.T) *word {
	w := &word{fakeCluster: newFakeCluster(1), plans: map[int64]plan{}}
	w.create(attempts0.Topic, 1)
	w.create(results0.Topic, 1)
	w.publish(rt)
	w.refuse = func(_ int, c kafka.Commit) error { // under the cluster's lock
		if w.refuses {
			return errNetwork
		}
		w.taken = append(w.taken, c)
		return nil
	}
	w.counted = func(m kafka.Member) error {
		if m.GenerationID/1000 != w.lives {
			return errFence
		}
		return nil
	}
	return w
}

func (w *word) publish(rt *rapid.T) {
	for range rapid.IntRange(1, 12).Draw(rt, "records") {
		p := plan{lost: rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(rt, "lost")}
		for i := range p.takes {
			p.takes[i] = time.Duration(rapid.SampledFrom([]int{0, 1, 100, 700, 2000}).Draw(rt, "takes")) * time.Millisecond
		}
		w.set(func() { w.plans[w.logs[part0].next] = p })
		w.fakeCluster.publish(part0, rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "key"))
	}
}

// life is one process.
type life struct {
	w    *word
	past *history.History
	rig  *rig

	mu   sync.Mutex
	dead bool
}

func (w *word) begin(t *testing.T) *life {
	w.set(func() { w.lives++ })
	l := &life{w: w}
	l.past = history.New(history.Config{Window: 3}, history.Deps{Log: w, Decoder: plain{}, Names: topics.Config{}})
	l.rig = newStoppedPastRig(t, Config{DrainTimeout: 5 * time.Second}, w.fakeCluster, l, l.past)
	l.rig.group.parts = []kafka.TopicPartition{part0}
	l.rig.group.id = w.lives * 1000
	if err := l.rig.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

// crash ends a process wherever it is and begins another.
func (w *word) crash(t *testing.T, l *life) *life {
	l.mu.Lock()
	l.dead = true
	l.mu.Unlock()
	next := w.begin(t)
	l.rig.halt(t)
	return next
}

// Handle does what processing does, as far as the logs can see it.
func (l *life) Handle(ctx context.Context, r kafka.Record) error {
	m := &command.Message{Topic: r.Topic, Name: command.DBSInvoiceUpsert, Partition: r.Partition, Offset: r.Offset, Value: r.Value}
	id := fmt.Sprintf("00000000-0000-4000-8000-%012x", r.Offset)
	past, err := l.past.Open(ctx, m, id)
	if err != nil {
		return ErrReleased
	}
	defer l.past.Close(m, id)
	if past.Concluded {
		return nil
	}
	recorder := l.past.Recorder(l)
	a := &command.Attempt{CommandID: id, Command: m.Name, ChannelRequestID: strconv.Itoa(len(past.Attempts)), Offset: r.Offset}
	if err := recorder.Attempt(ctx, m, a); err != nil {
		return err
	}
	time.Sleep(l.w.plan(r.Offset).takes[4]) // the bank
	return recorder.Outcome(ctx, m, &command.Outcome{CommandID: id, Command: m.Name})
}

func (w *word) plan(offset int64) plan {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.plans[offset]
}

// Attempt stores an attempt.
func (l *life) Attempt(_ context.Context, m *command.Message, a *command.Attempt) (int64, error) {
	value, err := json.Marshal(a)
	if err != nil {
		return 0, err
	}
	return l.store(m.Offset, 0, attempts0, kafka.Record{Value: value})
}

// Outcome stores an outcome.
func (l *life) Outcome(_ context.Context, m *command.Message, o *command.Outcome) (int64, error) {
	return l.store(m.Offset, 2, results0, kafka.Record{Headers: []kafka.Header{
		{Key: command.HeaderSubject, Value: []byte(o.CommandID)},
		{Key: command.HeaderCommandOffset, Value: []byte(strconv.FormatInt(m.Offset, 10))},
	}})
}

// DeadLetter is never called.
func (l *life) DeadLetter(context.Context, *command.DeadLetter) error { return errTest }

// store appends r after the plan's wait, and says so, or not, after another.
func (l *life) store(offset int64, step int, to kafka.TopicPartition, r kafka.Record) (int64, error) {
	time.Sleep(l.w.plan(offset).takes[step])
	l.mu.Lock()
	dead := l.dead
	l.mu.Unlock()
	if dead {
		return 0, errTest
	}
	lost := false
	l.w.set(func() {
		log := l.w.logs[to]
		r.Topic, r.Partition, r.Offset = to.Topic, to.Partition, log.next
		log.records = append(log.records, r)
		log.next++
		if p := l.w.plans[offset]; p.lost > 0 {
			lost, p.lost = true, p.lost-1
			l.w.plans[offset] = p
		}
	})
	time.Sleep(l.w.plan(offset).takes[step+1])
	if lost {
		return 0, errTest
	}
	return r.Offset, nil
}

// plain reads attempts as store has written them.
type plain struct{}

func (plain) DecodeAttempt(b []byte) (*command.Attempt, error) {
	a := &command.Attempt{}
	return a, json.Unmarshal(b, a)
}

// judge holds every commit that was taken to the logs as they are in the end.
func (w *word) judge(rt *rapid.T, t *testing.T) {
	synctest.Wait()
	concluded := map[int64]bool{}
	attempted, outcomes := w.logs[attempts0].records, w.logs[results0].records
	offsets := map[*kafka.Record]int64{} // of the command's record
	for i := range attempted {
		a, err := plain{}.DecodeAttempt(attempted[i].Value)
		if err != nil {
			rt.Fatal(err)
		}
		offsets[&attempted[i]] = a.Offset
	}
	for i := range outcomes {
		offset, err := strconv.ParseInt(string(outcomes[i].Headers[1].Value), 10, 64)
		if err != nil {
			rt.Fatal(err)
		}
		offsets[&outcomes[i]] = offset
		concluded[offset] = true
	}
	for _, c := range w.taken {
		h, err := decodeHandover(c.Metadata, c.Offset)
		if err != nil {
			rt.Fatal(err)
		}
		done := append(doneSet{{0, h.Base}}, h.Done...)
		for records, from := range map[*[]kafka.Record]int64{&attempted: h.Attempts, &outcomes: h.Results} {
			for i := range max(0, from) {
				r := &(*records)[i]
				if offset := offsets[r]; done.count(offset, offset+1) == 0 {
					rt.Fatalf("a commit looks back to %d and %d, and %d, which it does not call done, has %s at %d",
						h.Attempts, h.Results, offset, r.Topic, r.Offset)
				}
			}
		}
	}
	if n := w.logs[part0].next; int64(len(concluded)) != n {
		rt.Fatalf("%d of %d commands have an outcome", len(concluded), n)
	}
	if h := w.handed(t, part0); h.Base != w.logs[part0].next || h.Attempts != int64(len(attempted)) || h.Results != int64(len(outcomes)) {
		rt.Fatalf("in the end it hands over %+v, with %d attempts and %d outcomes in the logs", h, len(attempted), len(outcomes))
	}
}
