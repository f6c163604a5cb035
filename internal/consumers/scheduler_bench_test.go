package consumers

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"bankprocessor/internal/kafka"
)

func BenchmarkScheduler(b *testing.B) {
	for _, keys := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("%d keys", keys), func(b *testing.B) {
			b.ReportAllocs()
			s := newBench(b, Config{}, handlerFunc(func(context.Context, kafka.Record) error { return nil }), 1)
			p := s.parts[0]
			wake := make(chan struct{}, 1)
			p.wake = wake
			names := make([][]byte, keys)
			for i := range names {
				names[i] = []byte(strconv.Itoa(i))
			}
			batch := make([]kafka.Record, 500)
			offset := int64(0)
			for n := 0; n < b.N; n += len(batch) {
				for i := range batch {
					batch[i] = kafka.Record{Topic: testTopic, Offset: offset, Key: names[offset%int64(keys)]}
					offset++
				}
				s.deliver(p, batch, offset)
				for s.full(p) {
					<-wake
				}
			}
			for s.left() > 0 {
				<-s.empty
			}
			s.close()
		})
	}
}

// full says whether p has no room, and has its wake told when it gets some.
func (b *bench) full(p *partition) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.parked = b.pauseOf(p) != notPaused
	return p.parked
}
