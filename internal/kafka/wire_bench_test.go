package kafka

import (
	"bytes"
	"testing"
	"time"

	"bankprocessor/test/allocs"
)

const benchRecords = 100

// likeCommands are records as commands are.
func likeCommands() []Record {
	records := make([]Record, benchRecords)
	for i := range records {
		records[i] = Record{
			Key: []byte("4711|0815"), Value: bytes.Repeat([]byte("v"), 200), Time: someTime,
			Headers: []Header{
				{"traceparent", []byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
				{"content-type", []byte("application/avro")},
				{"source", []byte("upstream")},
			},
		}
	}
	return records
}

// likeOutcomes are records as outcomes are.
func likeOutcomes() []Record {
	records := likeCommands()
	for i := range records {
		records[i].Time = time.Time{}
		for range 8 {
			records[i].Headers = append(records[i].Headers, Header{"ce_something", bytes.Repeat([]byte("h"), 20)})
		}
	}
	return records
}

func perRecord(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRecords, "ns/record")
}

func BenchmarkDecode(b *testing.B) {
	answer := appendBatch(nil, likeCommands(), someTime)
	headers := &headerNames{}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := committed(FetchPartition{TopicPartition: partitionA}, nil, answer, headers); err != nil {
			b.Fatal(err)
		}
	}
	perRecord(b)
}

func BenchmarkEncode(b *testing.B) {
	parts := []ProducePartition{{TopicPartition: partitionA, Records: likeOutcomes()}}
	names := []TopicPartition{partitionA}
	b.ReportAllocs()
	for b.Loop() {
		newProduceRequest(parts, names, time.Second, "client").request.free()
	}
	perRecord(b)
}

// What a record costs on its way in is one copy of its bytes and one list of headers,
// and on its way out nothing.
func TestRecordsTakeFewAllocations(t *testing.T) {
	answer, headers := appendBatch(nil, likeCommands(), someTime), &headerNames{}
	parts := []ProducePartition{{TopicPartition: partitionA, Records: likeOutcomes()}}
	names := []TopicPartition{partitionA}
	for name, tt := range map[string]struct {
		perBatch float64
		run      func()
	}{
		"in": {2*benchRecords + 4, func() {
			if _, _, err := committed(FetchPartition{TopicPartition: partitionA}, nil, answer, headers); err != nil {
				t.Error(err)
			}
		}},
		"out": {4, func() { newProduceRequest(parts, names, time.Second, "client").request.free() }},
	} {
		t.Run(name, func(t *testing.T) { allocs.AtMost(t, tt.perBatch, tt.run) })
	}
}

// A request that is not large is one write.
func TestARequestIsOneWrite(t *testing.T) {
	t.Parallel()
	client, _, left, got := fenced(t)
	if _, err := client.Produce(testContext(t), marked(piece/2), time.Second); err != nil {
		t.Fatal(err)
	}
	if whole, parts := left.whole.Load(), left.parts.Load(); whole != 1 || parts != 0 || got.Load() != 1 {
		t.Errorf("%d writes of a request, and %d of parts", whole, parts)
	}
}
