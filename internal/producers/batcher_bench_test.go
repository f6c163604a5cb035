package producers

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"bankprocessor/internal/kafka"
)

// still is a cluster of one leader that stores nothing and answers at once.
type still struct{ requests, records atomic.Int64 }

func (*still) Leaders(_ context.Context, topics ...string) (map[kafka.TopicPartition]int32, error) {
	leaders := map[kafka.TopicPartition]int32{}
	for _, topic := range topics {
		for p := range int32(6) {
			leaders[kafka.TopicPartition{Topic: topic, Partition: p}] = 0
		}
	}
	return leaders, nil
}

func (*still) RefreshMetadata() {}

func (s *still) Produce(_ context.Context, parts []kafka.ProducePartition, _ time.Duration) ([]kafka.Produced, error) {
	s.requests.Add(1)
	produced := make([]kafka.Produced, len(parts))
	for i, p := range parts {
		if err := p.Permit(); err != nil {
			return nil, err
		}
		s.records.Add(int64(len(p.Records)))
		produced[i].TopicPartition = p.TopicPartition
	}
	return produced, nil
}

func startBatcher(tb testing.TB, cluster Cluster) *Batcher {
	tb.Helper()
	batcher, err := NewBatcher(Config{}, cluster, NopObserver{}, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	batcher.Start(tb.Context())
	tb.Cleanup(func() {
		if err := batcher.Stop(context.WithoutCancel(tb.Context())); err != nil {
			tb.Error(err)
		}
	})
	return batcher
}

// BenchmarkBatcher is what a record costs between its caller and the client.
func BenchmarkBatcher(b *testing.B) {
	for name, callers := range map[string]int{"1 caller": 0, "1000 callers": 500} {
		b.Run(name, func(b *testing.B) {
			cluster := &still{}
			batcher := startBatcher(b, cluster)
			r := kafka.Record{Topic: "a", Key: []byte("k"), Value: make([]byte, 300)}
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			b.ReportAllocs()
			if callers == 0 {
				for b.Loop() {
					if _, err := batcher.Produce(ctx, r); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.SetParallelism(callers) // for each of two processors
			b.RunParallel(func(pb *testing.PB) {
				r := r
				for i := int32(0); pb.Next(); i++ {
					r.Partition = i % 6
					if _, err := batcher.Produce(ctx, r); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(cluster.records.Load())/float64(cluster.requests.Load()), "records/request")
		})
	}
}
