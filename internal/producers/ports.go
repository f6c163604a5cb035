package producers

import (
	"context"
	"time"

	"bankprocessor/internal/kafka"
)

// Cluster is what the package needs of a Kafka client; *kafka.Client is one.
type Cluster interface {
	// Leaders returns -1 for a partition without a leader, and an error that
	// errors.Is kafka.ErrUnknownTopic for a topic that does not exist.
	Leaders(ctx context.Context, topics ...string) (map[kafka.TopicPartition]int32, error)
	RefreshMetadata()
	// Produce writes to the partitions' common leader with acks=all. It keeps nothing of
	// parts: their slices are used again.
	Produce(ctx context.Context, parts []kafka.ProducePartition, timeout time.Duration) ([]kafka.Produced, error)
}

// Observer is told what happens, for metrics. Its methods must not block.
type Observer interface {
	// Produced: a record is stored, or with err refused or given up. took runs
	// from Produce's start.
	Produced(topic string, took time.Duration, err error)
	// Batched: a request leaves with that many records and bytes.
	Batched(records int, bytes int64)
	// Retried: a partition's batch has to be sent again.
	Retried(topic string, class kafka.ErrorClass)
	// Omitted: a record was too large and is stored without part of it.
	Omitted(topic string)
}

// NopObserver observes nothing.
type NopObserver struct{}

// Produced does nothing.
func (NopObserver) Produced(string, time.Duration, error) {}

// Batched does nothing.
func (NopObserver) Batched(int, int64) {}

// Retried does nothing.
func (NopObserver) Retried(string, kafka.ErrorClass) {}

// Omitted does nothing.
func (NopObserver) Omitted(string) {}
