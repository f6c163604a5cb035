package consumers

import (
	"context"
	"runtime"
	"strconv"
	"testing"

	"bankprocessor/internal/kafka"
)

// Config.MaxBytes bounds what is buffered: the memory that a record really takes, in
// the window or before it, is what it is accounted with.
func TestWhatIsBufferedIsAccounted(t *testing.T) {
	const records = 50_000
	for name, window := range map[string]int{"in the window": records, "before the window": 1} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{PartitionRecords: window, PartitionBytes: 1 << 30, MaxBytes: 1 << 30}
			s := newBench(t, cfg, handlerFunc(func(context.Context, kafka.Record) error { return nil }), 1)
			defer s.close()
			s.hold(true)
			p, before := s.parts[0], heapBytes()
			for next := int64(0); next < records; {
				batch := make([]kafka.Record, 500)
				for i := range batch {
					batch[i] = kafka.Record{
						Topic: testTopic, Offset: next, Key: strconv.AppendInt(nil, next, 10), Value: make([]byte, 480),
						Headers: []kafka.Header{{Key: "traceparent", Value: make([]byte, 55)}},
					}
					next++
				}
				s.deliver(p, batch, next)
			}
			each, accounted := (heapBytes()-before)/records, p.bytes/records
			t.Logf("%d bytes a record, %d accounted", each, accounted)
			if each > accounted*11/10 {
				t.Errorf("a record takes %d bytes and is accounted with %d", each, accounted)
			}
			s.drain()
			s.mu.Lock()
			s.held = false
			s.startAll()
			s.mu.Unlock()
			for s.left() > 0 {
				<-s.empty
			}
		})
	}
}

func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
