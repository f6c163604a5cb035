package consumers

import (
	"context"
	"errors"
	"time"

	"bankprocessor/internal/kafka"
)

var (
	// ErrReleased is what a Handler returns for a record that it gives back with
	// nothing left behind: whoever reads it next may run it from the start.
	ErrReleased = errors.New("consumers: record released")
	// ErrDraining is the cause of a handler's ended context when the partition
	// is being handed over.
	ErrDraining = errors.New("consumers: draining")
	// ErrFenced is the cause of a handler's ended context when the group has
	// already given the partition to somebody else, or may have: the lease has run
	// out while the partition is being handed over.
	ErrFenced = errors.New("consumers: fenced by the group")
)

// Handler runs one record to its end. It is called from many goroutines.
type Handler interface {
	// Handle returns nil once the record's outcome is durable. An error that
	// errors.Is ErrReleased gives the record back unspent; any other error says
	// that it is not known what came of it. Either way it is not done: it runs
	// again here after a backoff, or at the partition's next owner.
	//
	// The end of ctx means: start nothing new, stop waiting; what has started
	// may end by its own time limit. Its cause is ErrDraining or ErrFenced.
	Handle(ctx context.Context, r kafka.Record) error
}

// History knows what a partition's owners before have left in other topics;
// *history.History is one.
type History interface {
	// Load reads it, from those offsets of the attempts and results on (-1: not
	// known). base is the committed offset. The partition is not worked on before
	// Load has returned nil; an error passes, and Load is tried again.
	Load(ctx context.Context, tp kafka.TopicPartition, base, attempts, results int64) error
	// Settled: the record is done, and every commit from now on says so.
	Settled(tp kafka.TopicPartition, offset int64)
	// Lookback returns the offsets from which the next owner has to read, for a
	// commit of the offset base whose done records have been settled before.
	Lookback(tp kafka.TopicPartition, base int64) (attempts, results int64)
	// Release forgets a partition that is handed over.
	Release(tp kafka.TopicPartition)
}

// noHistory knows nothing, and needs nothing read.
type noHistory struct{}

func (noHistory) Load(context.Context, kafka.TopicPartition, int64, int64, int64) error { return nil }
func (noHistory) Settled(kafka.TopicPartition, int64)                                   {}
func (noHistory) Lookback(kafka.TopicPartition, int64) (attempts, results int64)        { return -1, -1 }
func (noHistory) Release(kafka.TopicPartition)                                          {}

// Gate tells which topics must wait.
type Gate interface {
	// Shut says whether records of the topic cannot be carried out now. It is
	// asked many times a second and must not block.
	Shut(topic string) bool
}

// Observer is told what happens, for metrics. Its methods must not block. What
// stands at a moment (lag, in flight, paused) is in Consumer.Status.
type Observer interface {
	// Fetched: records and bytes of one partition have arrived.
	Fetched(tp kafka.TopicPartition, records, bytes int)
	// TookOver: a partition's past is known. took runs from the assignment.
	TookOver(tp kafka.TopicPartition, took time.Duration)
	// Skipped: records were not run, because a predecessor had done them.
	Skipped(tp kafka.TopicPartition, records int)
	// Lost: offsets that the group had not committed are gone from the log.
	Lost(tp kafka.TopicPartition, offsets int64)
	// Failed: a handler returned an error while nothing asked it to stop.
	Failed(topic string)
	// Committed: a commit request took that long; err when it was not accepted
	// in full.
	Committed(took time.Duration, err error)
	// Drained: a session has ended. clean when nothing is left uncertain.
	Drained(took time.Duration, clean bool)
}

// NopObserver observes nothing.
type NopObserver struct{}

// Fetched does nothing.
func (NopObserver) Fetched(kafka.TopicPartition, int, int) {}

// TookOver does nothing.
func (NopObserver) TookOver(kafka.TopicPartition, time.Duration) {}

// Skipped does nothing.
func (NopObserver) Skipped(kafka.TopicPartition, int) {}

// Lost does nothing.
func (NopObserver) Lost(kafka.TopicPartition, int64) {}

// Failed does nothing.
func (NopObserver) Failed(string) {}

// Committed does nothing.
func (NopObserver) Committed(time.Duration, error) {}

// Drained does nothing.
func (NopObserver) Drained(time.Duration, bool) {}

// Cluster is what the package needs of a Kafka client; *kafka.Client is one.
type Cluster interface {
	Leaders
	Log
	Offsets
}

// Leaders finds who leads a partition, and which topic it is of.
type Leaders interface {
	// Leaders returns an error that names every topic that does not exist.
	Leaders(ctx context.Context, topics ...string) (map[kafka.TopicPartition]int32, error)
	// TopicIDs returns the ids of those topics that exist, zero where it may not know.
	TopicIDs(ctx context.Context, topics ...string) (map[string]kafka.TopicID, error)
	RefreshMetadata()
}

// Log reads partitions.
type Log interface {
	Fetch(ctx context.Context, parts []kafka.FetchPartition, maxWait time.Duration, maxBytes int32) ([]kafka.Fetched, error)
	LogRange(ctx context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Range, error)
}

// Offsets keeps the group's positions, and who counts.
type Offsets interface {
	// Heartbeat returns nil while the group does not rebalance, an error of
	// kafka.ClassRebalancing when it was heard while it does.
	Heartbeat(ctx context.Context, m kafka.Member) error
	CommitOffsets(ctx context.Context, m kafka.Member, commits []kafka.Commit) (map[kafka.TopicPartition]error, error)
	CommittedOffsets(ctx context.Context, group string, parts []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Commit, error)
}

// Membership is one member of the group.
type Membership interface {
	// Next waits for the next generation. It is called again only after the
	// previous one's Run has returned.
	Next(ctx context.Context) (Generation, error)
	// Close leaves the group: it ends the generation, waits for its Run, and says
	// goodbye. The end of ctx cuts the last short.
	Close(ctx context.Context) error
}

// Generation is one assignment of partitions.
type Generation interface {
	Member() kafka.Member
	Partitions() []kafka.TopicPartition
	// Run calls work and returns after it. work's context ends when the group
	// wants the partitions back; they are work's until it returns.
	Run(work func(ctx context.Context))
}
