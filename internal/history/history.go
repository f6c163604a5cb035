package history

import (
	"context"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// Log reads partitions; *kafka.Client is one.
type Log interface {
	Fetch(ctx context.Context, parts []kafka.FetchPartition, maxWait time.Duration, maxBytes int32) ([]kafka.Fetched, error)
	LogRange(ctx context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Range, error)
	// LogEnds returns where the leaders' logs end, with what is not shown to anybody
	// yet.
	LogEnds(ctx context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]int64, error)
}

// Decoder reads attempts; *codec.Codec is one.
type Decoder interface {
	DecodeAttempt(b []byte) (*command.Attempt, error)
}

// Names says what the topics are called.
type Names interface {
	Result(n command.Name) string
	Attempts() string
	CommandOf(topic string) (command.Name, bool)
}

// Observer is told what happens, for metrics. Its methods must not block.
type Observer interface {
	// Loaded: a partition's past has been read, in that many records.
	Loaded(tp kafka.TopicPartition, records int, took time.Duration)
}

// NopObserver observes nothing.
type NopObserver struct{}

// Loaded does nothing.
func (NopObserver) Loaded(kafka.TopicPartition, int, time.Duration) {}

// Deps are a history's collaborators. Observer and Logger may be nil.
type Deps struct {
	Log      Log
	Decoder  Decoder
	Names    Names
	Observer Observer
	Logger   *slog.Logger
}

// History is safe for concurrent use and owns no goroutine.
type History struct {
	cfg  Config
	deps Deps
	seed maphash.Seed // of the sums of values, which do not leave the process

	// parts are, by their numbers, the partitions of every topic. They are looked up
	// several times for every command and hardly ever get more: a new list takes the
	// place of the one before.
	parts atomic.Pointer[[][]*partition]

	mu       sync.Mutex          // parts change under it
	attempts map[int32]*frontier // of the attempts partitions
}

// New returns a history that knows nothing. cfg must have passed Validate.
func New(cfg Config, d Deps) *History {
	if d.Observer == nil {
		d.Observer = NopObserver{}
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	h := &History{
		cfg: cfg.WithDefaults(), deps: d, seed: maphash.MakeSeed(), attempts: make(map[int32]*frontier),
	}
	h.parts.Store(&[][]*partition{})
	return h
}

// partition returns what is known of tp. It stays the same for as long as h does.
func (h *History) partition(tp kafka.TopicPartition) *partition {
	if p := find(*h.parts.Load(), tp); p != nil {
		return p
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	parts := slices.Clone(*h.parts.Load())
	if p := find(parts, tp); p != nil {
		return p
	}
	attempts, ok := h.attempts[tp.Partition]
	if !ok {
		attempts = newFrontier()
		h.attempts[tp.Partition] = attempts
	}
	p := &partition{tp: tp, nextAttempt: attempts, known: newKnown(h.cfg.Window)}
	if more := int(tp.Partition) + 1 - len(parts); more > 0 {
		parts = append(parts, make([][]*partition, more)...)
	}
	parts[tp.Partition] = append(slices.Clip(parts[tp.Partition]), p)
	h.parts.Store(&parts)
	return p
}

// find returns tp's part of parts, nil when it has none.
func find(parts [][]*partition, tp kafka.TopicPartition) *partition {
	if int(tp.Partition) >= len(parts) {
		return nil
	}
	for _, p := range parts[tp.Partition] {
		if p.tp.Topic == tp.Topic {
			return p
		}
	}
	return nil
}

func (h *History) partitionOf(m *command.Message) *partition {
	return h.partition(kafka.TopicPartition{Topic: m.Topic, Partition: m.Partition})
}

// Settled says that the record at that offset is done, and that every commit from
// now on will say so.
func (h *History) Settled(tp kafka.TopicPartition, offset int64) {
	p := h.partition(tp)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle(offset)
}

// Lookback returns the offsets of the attempts and results from which the next
// owner has to read, -1 where they are not known, or of no use: attempts are read
// for commands alone that change something. It is asked for a commit of
// the offset base, after all that the commit calls done has been settled: what lies
// below base is settled by that, too.
//
// Nothing that the commit does not call done has an attempt or an outcome below
// them: a record's floor is the offset that the next one was known to reach when its
// first produce began, so that it holds as well for a produce that may have been
// stored without an acknowledgement.
func (h *History) Lookback(tp kafka.TopicPartition, base int64) (attempts, results int64) {
	p := h.partition(tp)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.loaded {
		return unknown, unknown
	}
	p.pass(base)
	attempts = unknown
	if p.attempted {
		attempts = p.attemptFloors.least(p.nextAttempt.next.Load())
	}
	return attempts, p.resultFloors.least(p.nextResult.next.Load())
}

// Release forgets a partition that is handed over. Whoever still has a command of it
// under way keeps its turn until Close.
func (h *History) Release(tp kafka.TopicPartition) {
	p := h.partition(tp)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(h.cfg.Window)
}

// sum tells values apart; it is never 0.
func (h *History) sum(value []byte) uint64 { return max(1, maphash.Bytes(h.seed, value)) }
