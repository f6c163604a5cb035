package consumers

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"bankprocessor/internal/kafka"
	"bankprocessor/test/allocs"
)

// What the scheduler costs per record, from deliver to the position that may be
// committed: it must not depend on how many partitions and distinct keys there are.
// A yielding handler lets others run before it ends, as one that waits for a bank
// does, so that as many run as may.
func BenchmarkScheduler(b *testing.B) {
	handlers := map[string]handlerFunc{
		"at once":  func(context.Context, kafka.Record) error { return nil },
		"yielding": func(context.Context, kafka.Record) error { runtime.Gosched(); return nil },
	}
	for _, name := range []string{"at once", "yielding"} {
		for _, partitions := range []int32{1, 6, 48} {
			for _, keys := range []int{1, 1000, 10_000, 1_000_000} {
				b.Run(fmt.Sprintf("%s/%d partitions/%d keys", name, partitions, keys), func(b *testing.B) {
					benchmarkScheduler(b, handlers[name], partitions, keys)
				})
			}
		}
	}
}

func benchmarkScheduler(b *testing.B, handler Handler, partitions int32, keys int) {
	b.ReportAllocs()
	s := newBench(b, Config{}, handler, partitions)
	wake := make(chan struct{}, 1)
	for _, p := range s.parts {
		p.wake = wake
	}
	value, headers := make([]byte, 600), []kafka.Header{{Key: "traceparent", Value: make([]byte, 55)}}
	batch := make([]kafka.Record, 500)
	number := 0
	for n, round := 0, 0; n < b.N; n, round = n+len(batch), round+1 {
		p := s.parts[round%len(s.parts)]
		next := p.covered
		names := make([]byte, 0, 16*len(batch))
		for i := range batch {
			number++
			at := len(names)
			names = strconv.AppendInt(names, int64(number*7919%keys), 10)
			batch[i] = kafka.Record{
				Topic: testTopic, Partition: p.tp.Partition, Offset: next, Key: names[at:len(names):len(names)],
				Value: value, Headers: headers,
			}
			next++
		}
		s.deliver(p, batch, next)
		for s.full(p) {
			<-wake
		}
	}
	for s.left() > 0 {
		<-s.empty
	}
	s.close()
}

// full says whether p has no room, and has its wake told when it gets some.
func (b *bench) full(p *partition) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.parked = b.pauseOf(p) != notPaused
	return p.parked
}

// Tasks, chains and workers are used again.
func TestTheSchedulerAllocatesNextToNothing(t *testing.T) {
	s := newBench(t, Config{}, handlerFunc(func(context.Context, kafka.Record) error { return nil }), 1)
	defer s.close()
	const records = 500
	p, batch := s.parts[0], make([]kafka.Record, records)
	keys := make([]byte, 2*records)
	for i := range records {
		keys[2*i], keys[2*i+1] = byte(i), byte(i>>8)
	}
	allocs.AtMost(t, records/20, func() {
		next := p.covered
		for i := range batch {
			batch[i] = kafka.Record{Topic: testTopic, Offset: next, Key: keys[2*i : 2*i+2]}
			next++
		}
		s.deliver(p, batch, next)
		for s.left() > 0 {
			<-s.empty
		}
	})
}
