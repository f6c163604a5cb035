package consumers

import (
	"errors"
	"fmt"
	"time"
)

// Reset says where to read when the group's position is not in the log.
type Reset string

// The resets. They apply to a partition that the group never committed, and to
// one whose committed offset has been deleted. A committed offset beyond the
// log's end is never reset: the log was truncated, and only a person knows why; the
// partition waits until the offset exists. Nor is one that belongs to an earlier
// topic of the same name (identity.go).
const (
	Earliest Reset = "earliest" // the first record that still exists
	Latest   Reset = "latest"   // only what is published from now on
	Stop     Reset = "stop"     // read nothing until a person sets the offset
)

// Topic is one topic to read.
type Topic struct {
	Name string
	// MaxInFlight bounds the topic's running handlers; 0 takes
	// Config.TopicInFlight.
	MaxInFlight int
}

// Config is how records are taken in. The zero value of every field but Group
// and Topics takes its default.
type Config struct {
	Group string
	// Topics are set by the program, not by a configuration file.
	Topics []Topic `yaml:"-"`

	// SessionTimeout and RebalanceTimeout are the group's. A partition must be
	// handed over within both.
	SessionTimeout   time.Duration // default 30 s
	RebalanceTimeout time.Duration // default 60 s
	// HeartbeatInterval is also how late a rebalance is noticed.
	HeartbeatInterval time.Duration // default 2 s, at most a third of SessionTimeout
	// DrainTimeout bounds a drain: handlers that still run after it are told to
	// stop waiting.
	DrainTimeout time.Duration // default a third of the shorter of the two
	// Lease is how old the last acknowledged commit may be before no further
	// record is started: somebody else may own the partitions by then.
	Lease time.Duration // default two thirds of SessionTimeout

	// MaxInFlight bounds all running handlers, TopicInFlight those of one topic.
	MaxInFlight   int // default 1,024
	TopicInFlight int // default 256
	// PartitionRecords and PartitionBytes bound what one partition buffers;
	// MaxBytes bounds what all do, exceeded by one fetch per broker at most.
	PartitionRecords int   // default 4,096
	PartitionBytes   int64 // default 16 MiB
	MaxBytes         int64 // default 256 MiB
	// Span bounds how many offsets past a stuck record are worked on.
	Span int64 // default 1,048,576
	// MetadataBytes is the broker's offset.metadata.max.bytes.
	MetadataBytes int // default 4,096

	// FetchWait is how long a fetch with nothing to read waits at the broker. A
	// pause takes effect within it.
	FetchWait time.Duration // default 200 ms, at most 250 ms
	// FetchTimeout bounds a fetch request.
	FetchTimeout time.Duration // default 10 s
	// FetchBytes and FetchPartitionBytes bound one answer.
	FetchBytes          int32 // default 8 MiB
	FetchPartitionBytes int32 // default 1 MiB

	// CommitInterval is the time between two commits.
	CommitInterval time.Duration // default 500 ms, at most 1 s
	// Reset says where to read when the position is not in the log.
	Reset Reset // default earliest
	// RetryInitial and RetryMax bound the backoff of a failing record, a failing
	// broker and a failing join: a broker's return is noticed within RetryMax.
	RetryInitial time.Duration // default 100 ms
	RetryMax     time.Duration // default 2 s
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	orDefault(&c.SessionTimeout, 30*time.Second)
	orDefault(&c.RebalanceTimeout, 60*time.Second)
	orDefault(&c.HeartbeatInterval, min(2*time.Second, c.SessionTimeout/3))
	orDefault(&c.DrainTimeout, min(c.SessionTimeout, c.RebalanceTimeout)/3)
	orDefault(&c.Lease, c.SessionTimeout*2/3)
	orDefault(&c.MaxInFlight, 1024)
	orDefault(&c.TopicInFlight, 256)
	orDefault(&c.PartitionRecords, 4096)
	orDefault(&c.PartitionBytes, 16<<20)
	orDefault(&c.MaxBytes, 256<<20)
	orDefault(&c.Span, 1<<20)
	orDefault(&c.MetadataBytes, 4096)
	orDefault(&c.FetchWait, 200*time.Millisecond)
	orDefault(&c.FetchTimeout, 10*time.Second)
	orDefault(&c.FetchBytes, 8<<20)
	orDefault(&c.FetchPartitionBytes, 1<<20)
	orDefault(&c.CommitInterval, 500*time.Millisecond)
	orDefault(&c.Reset, Earliest)
	orDefault(&c.RetryInitial, 100*time.Millisecond)
	orDefault(&c.RetryMax, 2*time.Second)
	topics := make([]Topic, len(c.Topics))
	for i, t := range c.Topics {
		orDefault(&t.MaxInFlight, c.TopicInFlight)
		topics[i] = t
	}
	c.Topics = topics
	return c
}

// handOver is how long after the beginning of a rebalance the lease may be held: the
// group waits for RebalanceTimeout, and what begins under the lease takes up to what
// the session outlasts it by.
func (c *Config) handOver() time.Duration {
	return c.RebalanceTimeout - (c.SessionTimeout - c.Lease)
}

func (c *Config) topicNames() []string {
	names := make([]string, len(c.Topics))
	for i, t := range c.Topics {
		names[i] = t.Name
	}
	return names
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Validate returns every fault of a Config that has its defaults, joined.
func (c Config) Validate() error {
	var errs []error
	need := func(ok bool, key, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("consumers.%s: want %s", key, want))
		}
	}
	need(c.Group != "", "group", "a name")
	need(len(c.Topics) > 0, "topics", "at least one topic")
	seen := make(map[string]bool)
	for _, t := range c.Topics {
		need(t.Name != "", "topics", "no empty name")
		need(!seen[t.Name], "topics", "each topic once: "+t.Name)
		need(t.MaxInFlight > 0, "topics."+t.Name+".max_in_flight", "at least 1")
		seen[t.Name] = true
	}
	need(c.SessionTimeout > 0, "session_timeout", "a positive duration")
	need(c.RebalanceTimeout > 0, "rebalance_timeout", "a positive duration")
	need(c.HeartbeatInterval > 0 && c.HeartbeatInterval <= c.SessionTimeout/3,
		"heartbeat_interval", "at most a third of session_timeout")
	need(c.DrainTimeout > 0 && c.DrainTimeout < min(c.SessionTimeout, c.RebalanceTimeout),
		"drain_timeout", "less than session_timeout and rebalance_timeout")
	need(c.Lease > c.CommitInterval && c.Lease < c.SessionTimeout,
		"lease", "more than commit_interval and less than session_timeout")
	need(c.DrainTimeout+c.HeartbeatInterval < c.handOver(), "rebalance_timeout",
		"more than drain_timeout, heartbeat_interval and what session_timeout is longer than lease together")
	need(c.MaxInFlight >= len(c.Topics), "max_in_flight", "at least one per topic")
	need(c.PartitionRecords > 0, "partition_records", "at least 1")
	need(c.PartitionBytes > 0, "partition_bytes", "a positive size")
	need(c.MaxBytes >= int64(len(c.Topics)), "max_bytes", "a positive size")
	need(c.Span > 0, "span", "at least 1 offset")
	need(c.MetadataBytes >= 256 && c.MetadataBytes <= 1<<15-1, "metadata_bytes", "256 to 32,767")
	need(c.FetchWait > 0 && c.FetchWait <= 250*time.Millisecond, "fetch_wait", "at most 250ms")
	need(c.FetchTimeout > c.FetchWait, "fetch_timeout", "more than fetch_wait")
	need(c.FetchBytes > 0 && c.FetchPartitionBytes > 0, "fetch_bytes", "a positive size")
	need(c.CommitInterval > 0 && c.CommitInterval <= time.Second, "commit_interval", "at most 1s")
	need(c.Reset == Earliest || c.Reset == Latest || c.Reset == Stop, "reset", "earliest, latest or stop")
	need(c.RetryInitial > 0 && c.RetryMax >= c.RetryInitial, "retry_max", "at least retry_initial")
	return errors.Join(errs...)
}
