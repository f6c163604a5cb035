package kafka

import (
	"context"
	"time"
)

// Client speaks to one Kafka cluster over one pooled transport. It is safe for
// concurrent use.
type Client struct{}

// New builds a client; it connects to nothing yet.
func New(cfg Config) (*Client, error) { panic("seam") }

// Close closes idle connections.
func (c *Client) Close() {}

// Config is how to reach the cluster.
type Config struct {
	Brokers  []string
	ClientID string
}

// Leaders returns the leading broker's node id of every partition of the topics.
// A topic that does not exist is an error that errors.Is ErrUnknownTopic and
// names every missing topic.
func (c *Client) Leaders(ctx context.Context, topics ...string) (map[TopicPartition]int32, error) {
	panic("seam")
}

// RefreshMetadata forgets what the transport knows of leaders, after a leader
// error.
func (c *Client) RefreshMetadata() { panic("seam") }

// FetchPartition asks for one partition from Offset on.
type FetchPartition struct {
	TopicPartition
	Offset   int64
	MaxBytes int32
}

// Fetched is what one partition answered.
type Fetched struct {
	TopicPartition
	// Records holds committed data records only, in offset order, none below
	// the asked offset. Aborted transactions and control records are gone.
	Records []Record
	// Next is the offset to ask for next; it is past every aborted, control or
	// compacted offset that the answer covered.
	Next int64
	// HighWatermark and LastStableOffset as of the answer, LogStart the first
	// offset that still exists.
	HighWatermark, LastStableOffset, LogStart int64
	// Err is the partition's own error, classified by Class; the other fields
	// are then empty but for LogStart.
	Err error
}

// Fetch makes one read-committed fetch to the partitions' common leader. It
// returns after maxWait at the latest when there is nothing to read. The error
// is the request's; each partition has its own in Fetched.Err.
func (c *Client) Fetch(ctx context.Context, parts []FetchPartition, maxWait time.Duration, maxBytes int32) ([]Fetched, error) {
	panic("seam")
}

// ProducePartition is a batch for one partition.
type ProducePartition struct {
	TopicPartition
	Records []Record // Topic, Partition and Offset are ignored
}

// Produced is what became of a ProducePartition.
type Produced struct {
	TopicPartition
	BaseOffset int64
	Err        error
}

// Produce writes the batches with acks=all to the partitions' common leader.
func (c *Client) Produce(ctx context.Context, parts []ProducePartition, timeout time.Duration) ([]Produced, error) {
	panic("seam")
}

// Member is who commits.
type Member struct {
	Group        string
	MemberID     string
	GenerationID int32
}

// Commit is one partition's position with its metadata (at most 4,096 bytes).
type Commit struct {
	TopicPartition
	Offset   int64
	Metadata string
}

// CommitOffsets commits for a member of the current generation, leader epoch -1.
// The returned map holds the partitions that were refused; the error is the
// request's.
func (c *Client) CommitOffsets(ctx context.Context, m Member, commits []Commit) (map[TopicPartition]error, error) {
	panic("seam")
}

// CommittedOffsets returns what the group last committed; a partition without a
// commit has Offset -1.
func (c *Client) CommittedOffsets(ctx context.Context, group string, parts []TopicPartition) (map[TopicPartition]Commit, error) {
	panic("seam")
}

// LogRange returns first and next offsets of each partition.
func (c *Client) LogRange(ctx context.Context, parts []TopicPartition) (map[TopicPartition]Range, error) {
	panic("seam")
}

// Range is the half-open range of offsets [First, Next) that a partition holds.
type Range struct{ First, Next int64 }
