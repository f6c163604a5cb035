package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"
)

// kafka-go is the reference for what we write and read ourselves.

var someTime = time.UnixMilli(1_700_000_000_123)

// drawRecords draws records as they may come in and go out: nil and empty apart.
func drawRecords(t *rapid.T) []Record {
	some := rapid.OneOf(rapid.Just[[]byte](nil), rapid.SliceOfN(rapid.Byte(), 0, 300))
	name := rapid.SampledFrom([]string{"", "traceparent", "ce_id", "a name that nobody else has"})
	records := make([]Record, rapid.IntRange(1, 5).Draw(t, "records"))
	for i := range records {
		r := Record{Key: some.Draw(t, "key"), Value: some.Draw(t, "value")}
		if rapid.Bool().Draw(t, "timed") {
			r.Time = time.UnixMilli(rapid.Int64Range(1, 1<<42).Draw(t, "ms"))
		}
		for range rapid.IntRange(0, 4).Draw(t, "headers") {
			r.Headers = append(r.Headers, Header{name.Draw(t, "name"), some.Draw(t, "text")})
		}
		records[i] = r
	}
	return records
}

// referenceRecords are the records for kafka-go, at that time where they have none.
func referenceRecords(records []Record, now time.Time) protocol.RecordSet {
	out := make([]protocol.Record, len(records))
	for i, r := range records {
		if out[i].Time = r.Time; r.Time.IsZero() {
			out[i].Time = now
		}
		if r.Key != nil {
			out[i].Key = protocol.NewBytes(r.Key)
		}
		if r.Value != nil {
			out[i].Value = protocol.NewBytes(r.Value)
		}
		for _, h := range r.Headers {
			out[i].Headers = append(out[i].Headers, protocol.Header(h))
		}
	}
	return protocol.RecordSet{Version: 2, Records: protocol.NewRecordReader(out...)}
}

func TestABatchIsWrittenAsKafkaGoWritesIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		records := drawRecords(t)
		want := &bytes.Buffer{}
		set := referenceRecords(records, someTime)
		if _, err := set.WriteTo(want); err != nil {
			t.Fatal(err)
		}
		got := appendBatch([]byte("before"), records, someTime)
		if !bytes.Equal(got[len("before"):], want.Bytes()[4:]) { // without its size
			t.Fatalf("got\n%x\nwant\n%x", got[len("before"):], want.Bytes()[4:])
		}
	})
}

// What one side writes, we and franz-go read as it was.
func TestABatchIsReadBack(t *testing.T) {
	t.Parallel()
	headers := &headerNames{}
	rapid.Check(t, func(t *rapid.T) {
		records := drawRecords(t)
		batch := appendBatch(nil, records, someTime)
		got, next, err := committed(FetchPartition{TopicPartition: partitionA}, nil, batch, headers)
		if err != nil || next != int64(len(records)) || len(got) != len(records) {
			t.Fatal(err, next, len(got))
		}
		want := franzRecords(t, batch)
		for i, r := range records {
			if r.Time.IsZero() {
				r.Time = someTime
			}
			r.Topic, r.Partition, r.Offset, r.Time = "a", 0, int64(i), r.Time.UTC()
			if diff := cmp.Diff(r, got[i]); diff != "" {
				t.Fatal(diff)
			}
			if k := want[i]; !reflect.DeepEqual(k.Key, r.Key) || !reflect.DeepEqual(k.Value, r.Value) || len(k.Headers) != len(r.Headers) {
				t.Fatalf("franz-go reads %+v", k)
			}
		}
	})
}

// franzRecords checks what franz-go makes of a batch.
func franzRecords(t *rapid.T, raw []byte) []kmsg.Record {
	var batch kmsg.RecordBatch
	if err := batch.ReadFrom(raw); err != nil {
		t.Fatal(err)
	}
	if int(batch.Length) != len(raw)-12 || batch.Magic != 2 || batch.ProducerID != -1 || batch.ProducerEpoch != -1 ||
		batch.FirstSequence != -1 || batch.PartitionLeaderEpoch != -1 || int(batch.LastOffsetDelta) != int(batch.NumRecords)-1 {
		t.Fatalf("franz-go reads %+v", batch)
	}
	records := make([]kmsg.Record, batch.NumRecords)
	left := batch.Records
	for i := range records {
		length, n := binary.Varint(left)
		if err := records[i].ReadFrom(left[:n+int(length)]); err != nil {
			t.Fatal(err)
		}
		left = left[n+int(length):]
	}
	if len(left) > 0 {
		t.Fatalf("%d bytes more", len(left))
	}
	return records
}

func TestAProduceRequestIsWrittenAsKafkaGoWritesIt(t *testing.T) {
	t.Parallel()
	parts := []ProducePartition{
		{TopicPartition: TopicPartition{"b", 3}, Records: []Record{{Time: someTime, Value: []byte("1")}}},
		{TopicPartition: TopicPartition{"a", 0}, Records: []Record{{Time: someTime, Key: []byte("k")}, {Time: someTime}}},
		{TopicPartition: TopicPartition{"b", 1}, Records: []Record{{Time: someTime, Value: []byte{}}}},
	}
	names := []TopicPartition{{"b", 3}, {"a", 0}, {"b", 1}}
	req := newProduceRequest(parts, names, 5*time.Second, "client")
	for version := int16(3); version <= 8; version++ {
		want := &bytes.Buffer{}
		set := func(i int) produce.RequestPartition {
			return produce.RequestPartition{Partition: parts[i].Partition, RecordSet: referenceRecords(parts[i].Records, someTime)}
		}
		if err := protocol.WriteRequest(want, version, correlation, "client", &produce.Request{
			Acks: -1, Timeout: 5000, Topics: []produce.RequestTopic{
				{Topic: "b", Partitions: []produce.RequestPartition{set(0), set(2)}},
				{Topic: "a", Partitions: []produce.RequestPartition{set(1)}},
			},
		}); err != nil {
			t.Fatal(err)
		}
		if got, err := req.encode(version, ""); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("version %d: %v\ngot  %x\nwant %x", version, err, got, want.Bytes())
		}
	}
	for _, version := range []int16{0, 2, 9} {
		if _, err := req.encode(version, ""); !errors.Is(err, errProduceVersion) {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

func TestAProduceAnswerIsReadAsKafkaGoWritesIt(t *testing.T) {
	t.Parallel()
	names := []TopicPartition{{"b", 3}, {"a", 0}, {"b", 1}, {"c", 0}}
	for version := int16(3); version <= 8; version++ {
		wire := &bytes.Buffer{}
		if err := protocol.WriteResponse(wire, version, correlation, &produce.Response{Topics: []produce.ResponseTopic{
			{Topic: "a", Partitions: []produce.ResponsePartition{{Partition: 0, BaseOffset: 7, LogAppendTime: -1, ErrorMessage: "none"}}},
			{Topic: "never asked", Partitions: []produce.ResponsePartition{{Partition: 3, BaseOffset: 1}}},
			{Topic: "b", Partitions: []produce.ResponsePartition{
				{Partition: 1, BaseOffset: 9},
				{
					Partition: 3, ErrorCode: int16(kafkago.MessageSizeTooLarge), BaseOffset: -1, ErrorMessage: "too large",
					RecordErrors: []produce.ResponseError{{BatchIndex: 1, BatchIndexErrorMessage: "this one"}, {BatchIndex: 2}},
				},
			}},
		}}); err != nil {
			t.Fatal(err)
		}
		m, err := (&produceRequest{names: names}).read(wire, version)
		if err != nil {
			t.Fatal(err)
		}
		got := m.(*produceAnswer).produced
		if got[1].BaseOffset != 7 || got[2].BaseOffset != 9 || got[1].Err != nil || got[2].Err != nil {
			t.Errorf("version %d: %+v", version, got)
		}
		if Class(got[0].Err) != ClassTooLarge || !errors.Is(got[3].Err, errNoAnswer) || got[0].BaseOffset != -1 {
			t.Errorf("version %d: %+v", version, got)
		}
		for i := range got {
			if got[i].TopicPartition != names[i] {
				t.Errorf("version %d: %s stands for %s", version, got[i].TopicPartition, names[i])
			}
		}
	}
}

func TestAFetchRequestIsWrittenAsKafkaGoWritesIt(t *testing.T) {
	t.Parallel()
	req := &fetchRequest{first: 1, maxWait: 500 * time.Millisecond, maxBytes: 50 << 20, parts: []FetchPartition{
		{TopicPartition{"a", 0}, 10, 1 << 20}, {TopicPartition{"a", 4}, 1 << 40, 2 << 20}, {TopicPartition{"b", 1}, 0, 3},
	}}
	reference := func(p FetchPartition) fetch.RequestPartition {
		return fetch.RequestPartition{
			Partition: p.Partition, CurrentLeaderEpoch: -1, FetchOffset: p.Offset, LogStartOffset: -1, PartitionMaxBytes: p.MaxBytes,
		}
	}
	for version := int16(4); version <= 11; version++ {
		want := &bytes.Buffer{}
		if err := protocol.WriteRequest(want, version, correlation, "client", &fetch.Request{
			ReplicaID: -1, MaxWaitTime: 500, MinBytes: 1, MaxBytes: 50 << 20, IsolationLevel: readCommitted, SessionEpoch: -1,
			Topics: []fetch.RequestTopic{
				{Topic: "a", Partitions: []fetch.RequestPartition{reference(req.parts[1])}},
				{Topic: "b", Partitions: []fetch.RequestPartition{reference(req.parts[2])}},
				{Topic: "a", Partitions: []fetch.RequestPartition{reference(req.parts[0])}},
			},
		}); err != nil {
			t.Fatal(err)
		}
		if got, err := req.encode(version, "client"); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("version %d: %v\ngot  %x\nwant %x", version, err, got, want.Bytes())
		}
	}
	for _, version := range []int16{3, 12} {
		if _, err := req.encode(version, ""); !errors.Is(err, errFetchVersion) {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

// A broker may answer in any order, and leave partitions out.
func TestAPartitionsAnswerIsFoundWhereverItStands(t *testing.T) {
	t.Parallel()
	a := &fetchAnswer{}
	for _, i := range []int32{4, 0, 3, 1} {
		a.partitions = append(a.partitions, partitionAnswer{topic: []byte("a"), index: i})
	}
	for i := range int32(6) {
		p := a.of(TopicPartition{"a", i})
		if said := i != 2 && i != 5; (p != nil) != said || said && p.index != i {
			t.Errorf("partition %d: %+v", i, p)
		}
		if p := a.of(TopicPartition{"b", i}); p != nil {
			t.Errorf("another topic's: %+v", p)
		}
	}
	if p := (&fetchAnswer{}).of(partitionA); p != nil {
		t.Errorf("got %+v", p)
	}
}

func TestHeaderNamesAreKeptOnceAndNotForEver(t *testing.T) {
	t.Parallel()
	n := &headerNames{}
	for round := range 2 {
		for i := range 2 * maxNames {
			name := fmt.Sprint("name-", i)
			if got := n.of([]byte(name)); got != name {
				t.Fatalf("got %q for %q in round %d", got, name, round)
			}
		}
	}
	long := string(bytes.Repeat([]byte("x"), maxNameSize+1))
	if got := n.of([]byte(long)); got != long || len(*n.known.Load()) != maxNames {
		t.Errorf("%d names are kept", len(*n.known.Load()))
	}
}

// asked keeps how much room the last read was given.
type asked struct {
	from io.Reader
	room int
}

func (a *asked) Read(b []byte) (int, error) {
	a.room = len(b)
	return a.from.Read(b)
}

// A size is a claim: room is made for what comes.
func TestAnAnswerTakesNoMoreRoomThanItNeeds(t *testing.T) {
	t.Parallel()
	head := binary.BigEndian.AppendUint32(nil, maxAnswer)
	from := &asked{from: bytes.NewReader(binary.BigEndian.AppendUint32(head, correlation))}
	if _, err := readAnswer(from); !errors.Is(err, io.EOF) || from.room > ahead {
		t.Errorf("got %v with room for %d bytes", err, from.room)
	}
	body := bytes.Repeat([]byte("0123456"), 3*ahead/7)
	whole := binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))
	whole = append(binary.BigEndian.AppendUint32(whole, correlation), body...)
	if got, err := readAnswer(bytes.NewReader(whole)); err != nil || !bytes.Equal(got.b, body) {
		t.Error("a large answer is not read whole:", err)
	}
}

func FuzzProduceAnswer(f *testing.F) {
	wire := &bytes.Buffer{}
	if err := protocol.WriteResponse(wire, 8, correlation, &produce.Response{Topics: []produce.ResponseTopic{
		{Topic: "a", Partitions: []produce.ResponsePartition{{Partition: 0, BaseOffset: 7}}},
	}}); err != nil {
		f.Fatal(err)
	}
	f.Add(wire.Bytes(), int16(8))
	f.Fuzz(func(t *testing.T, wire []byte, version int16) {
		if version < 3 || version > 8 {
			return
		}
		m, err := (&produceRequest{names: []TopicPartition{partitionA}}).read(bytes.NewReader(wire), version)
		if err != nil {
			return
		}
		if got := m.(*produceAnswer).produced; len(got) != 1 || got[0].TopicPartition != partitionA {
			t.Errorf("got %+v", got)
		}
	})
}
