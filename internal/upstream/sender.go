package upstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
)

// Sender stores records in command topics. It is safe for concurrent use.
type Sender struct {
	batcher *producers.Batcher

	mu         sync.Mutex
	partitions map[string]int32
}

// NewSender returns a sender that runs until Close.
func NewSender(ctx context.Context, client *kafka.Client, log *slog.Logger) (*Sender, error) {
	batcher, err := producers.NewBatcher(producers.Config{}, client, producers.NopObserver{}, log)
	if err != nil {
		return nil, err
	}
	batcher.Start(ctx)
	return &Sender{batcher: batcher, partitions: map[string]int32{}}, nil
}

// Close waits until ctx ends for what is under way.
func (s *Sender) Close(ctx context.Context) error { return s.batcher.Stop(ctx) }

// Send stores the records, those of one key in their order, each on the
// partition of its key, and returns them with partition and offset once all are
// acknowledged with acks=all. What is not stored has offset -1, and the error
// says why. It waits for brokers that are away until ctx ends.
func (s *Sender) Send(ctx context.Context, records ...kafka.Record) ([]kafka.Record, error) {
	sent := make([]kafka.Record, len(records))
	lanes := map[kafka.TopicPartition][]int{}
	for i, r := range records {
		n, err := s.count(ctx, r.Topic)
		if err != nil {
			return nil, fmt.Errorf("sending to %s: %w", r.Topic, err)
		}
		r.Partition, r.Offset = kafka.PartitionOf(r.Key, n), -1
		sent[i] = r
		tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
		lanes[tp] = append(lanes[tp], i)
	}
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for tp, lane := range lanes {
		wait.Go(func() {
			for _, i := range lane {
				offset, err := s.batcher.Produce(ctx, sent[i])
				if err != nil {
					mu.Lock()
					defer mu.Unlock()
					errs = append(errs, fmt.Errorf("sending to %s, partition %d: %w", tp.Topic, tp.Partition, err))
					return
				}
				sent[i].Offset = offset
			}
		})
	}
	wait.Wait()
	return sent, errors.Join(errs...)
}

func (s *Sender) count(ctx context.Context, topic string) (int32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, known := s.partitions[topic]; known {
		return n, nil
	}
	n, err := s.batcher.Partitions(ctx, topic)
	if err == nil {
		s.partitions[topic] = n
	}
	return n, err
}
