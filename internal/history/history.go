package history

import (
	"context"
	"log/slog"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// Log reads partitions; *kafka.Client is one.
type Log interface {
	Fetch(ctx context.Context, parts []kafka.FetchPartition, maxWait time.Duration, maxBytes int32) ([]kafka.Fetched, error)
	LogRange(ctx context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Range, error)
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
}

// New returns a history that knows nothing. cfg must have passed Validate.
func New(cfg Config, d Deps) *History {
	if d.Observer == nil {
		d.Observer = NopObserver{}
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return &History{cfg: cfg.WithDefaults(), deps: d}
}

// Load reads what the owners of a command partition before have left in its
// attempts and results, from those offsets on (-1: not known, all there is). base
// is the partition's committed offset. It returns once everything is known that
// stood there when it was called; until then the partition must not be worked on.
// An error passes: the caller tries again.
func (h *History) Load(ctx context.Context, tp kafka.TopicPartition, base, attempts, results int64) error {
	return nil
}

// Settled says that the record at that offset is done, and that the next commit
// will say so.
func (h *History) Settled(tp kafka.TopicPartition, offset int64) {}

// Lookback returns the offsets of the attempts and results from which the next
// owner has to read, -1 where they are not known. It is asked for a commit of the
// offset base, after all that the commit calls done has been settled: what lies
// below base is settled by that, too.
func (h *History) Lookback(tp kafka.TopicPartition, base int64) (attempts, results int64) {
	return -1, -1
}

// Release forgets a partition that is handed over, its window of ids excepted.
func (h *History) Release(tp kafka.TopicPartition) {}

// Open returns what is known of the command with that id in m, and keeps others
// with the same id in the same partition waiting until Close. It returns ctx's
// cause when ctx ends first; Close is then not called.
func (h *History) Open(ctx context.Context, m *command.Message, id string) (command.Past, error) {
	return command.Past{}, nil
}

// Close ends what Open began.
func (h *History) Close(m *command.Message, id string) {}
