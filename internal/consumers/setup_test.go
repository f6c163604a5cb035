package consumers

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/kafka"
)

const testTopic = "dbs.invoice.upsert"

func topicPartition(n int32) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: testTopic, Partition: n}
}

type handlerFunc func(ctx context.Context, r kafka.Record) error

func (f handlerFunc) Handle(ctx context.Context, r kafka.Record) error { return f(ctx, r) }

// testRetrier waits next to nothing between tries.
func testRetrier() retrier {
	return retrier{
		initial: time.Millisecond, max: 10 * time.Millisecond,
		observer: NopObserver{}, log: slog.New(slog.DiscardHandler),
	}
}

// gates is a Gate that tests open and shut.
type gates struct {
	mu   sync.Mutex
	shut map[string]bool
}

func (g *gates) Shut(topic string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut[topic]
}

func (g *gates) set(topic string, shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut == nil {
		g.shut = map[string]bool{}
	}
	g.shut[topic] = shut
}

// bench is a scheduler with partitions and nothing around it.
type bench struct {
	*scheduler
	cfg Config
}

// newBench returns a scheduler over the topics, each with the partitions 0 to
// partitions-1 that begin at offset 0.
func newBench(t testing.TB, cfg Config, handler Handler, partitions int32) *bench {
	t.Helper()
	cfg.Group = "test"
	if cfg.Topics == nil {
		cfg.Topics = []Topic{{Name: testTopic}}
	}
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	b := &bench{cfg: cfg}
	b.scheduler = newScheduler(t.Context(), &b.cfg, handler, noHistory{}, testRetrier())
	for _, topic := range b.topics {
		for n := range partitions {
			p := newPartition(kafka.TopicPartition{Topic: topic.name, Partition: n}, topic)
			p.place(0)
			p.loaded = true
			b.parts = append(b.parts, p)
		}
	}
	return b
}

// give delivers one record per key to p; an empty key is none.
func (b *bench) give(p *partition, keys ...string) {
	var records []kafka.Record
	next := p.covered
	for _, key := range keys {
		records = append(records, record(p.tp, next, key))
		next++
	}
	b.deliver(p, records, next)
}

func record(tp kafka.TopicPartition, offset int64, key string) kafka.Record {
	r := kafka.Record{Topic: tp.Topic, Partition: tp.Partition, Offset: offset, Value: []byte("v")}
	if key != "" {
		r.Key = []byte(key)
	}
	return r
}

func (b *bench) committed(p *partition) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return p.window.committed()
}

// journal is a handler that writes down what starts and what ends, and lets a test
// decide when.
type journal struct {
	mu      sync.Mutex
	started []kafka.Record
	ended   map[kafka.TopicPartition][]int64
	holds   map[int64]chan error // by offset
}

func newJournal() *journal {
	return &journal{ended: map[kafka.TopicPartition][]int64{}, holds: map[int64]chan error{}}
}

// hold makes the record at offset wait until the returned function is called with
// what it is to return.
func (j *journal) hold(offset int64) (release func(error)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	held := make(chan error, 1)
	j.holds[offset] = held
	return func(err error) { held <- err }
}

func (j *journal) Handle(ctx context.Context, r kafka.Record) error {
	j.mu.Lock()
	j.started = append(j.started, r)
	held := j.holds[r.Offset]
	j.mu.Unlock()
	if held != nil {
		select {
		case err := <-held:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ErrReleased
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
	j.ended[tp] = append(j.ended[tp], r.Offset)
	return nil
}

func (j *journal) endedOn(tp kafka.TopicPartition) []int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]int64(nil), j.ended[tp]...)
}

func (j *journal) startedOffsets() (offsets []int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range j.started {
		offsets = append(offsets, r.Offset)
	}
	return offsets
}

// bubble runs test in a synctest bubble.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}
