package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"testing"
	"time"
)

// wireBatch builds a record batch of format 2 by hand.
type wireBatch struct {
	base       int64
	lastDelta  int32
	attributes int16
	producerID int64
	records    []wireRecord
}

type wireRecord struct {
	delta int64
	key   string
	value string
}

func (b wireBatch) bytes() []byte {
	var body []byte
	body = binary.BigEndian.AppendUint16(body, uint16(b.attributes))
	body = binary.BigEndian.AppendUint32(body, uint32(b.lastDelta))
	body = binary.BigEndian.AppendUint64(body, 1000) // base time
	body = binary.BigEndian.AppendUint64(body, 9000) // max time
	body = binary.BigEndian.AppendUint64(body, uint64(b.producerID))
	body = append(body, make([]byte, 2+4)...)
	body = binary.BigEndian.AppendUint32(body, uint32(len(b.records)))
	for _, r := range b.records {
		record := []byte{0}
		record = binary.AppendVarint(record, r.delta) // ms
		record = binary.AppendVarint(record, r.delta)
		record = append(binary.AppendVarint(record, int64(len(r.key))), r.key...)
		record = append(binary.AppendVarint(record, int64(len(r.value))), r.value...)
		record = binary.AppendVarint(record, 0) // headers
		body = append(binary.AppendVarint(body, int64(len(record))), record...)
	}
	var out []byte
	out = binary.BigEndian.AppendUint64(out, uint64(b.base))
	out = binary.BigEndian.AppendUint32(out, uint32(4+1+4+len(body)))
	out = append(out, 0, 0, 0, 0, 2)
	out = binary.BigEndian.AppendUint32(out, crc32.Checksum(body, castagnoli))
	return append(out, body...)
}

func ordinary(base int64, values ...string) wireBatch {
	b := wireBatch{base: base, lastDelta: int32(len(values) - 1), producerID: -1}
	for i, v := range values {
		b.records = append(b.records, wireRecord{int64(i), "k", v})
	}
	return b
}

func transactional(base, producer int64, values ...string) wireBatch {
	b := ordinary(base, values...)
	b.attributes, b.producerID = attrTransaction, producer
	return b
}

// marker is a control batch; kind 0 aborts and 1 commits.
func marker(base, producer int64, kind byte) wireBatch {
	return wireBatch{base: base, attributes: attrTransaction | attrControl, producerID: producer,
		records: []wireRecord{{0, string([]byte{0, 0, 0, kind}), "\x00\x00\x00\x00\x00\x00"}}}
}

func join(batches ...wireBatch) []byte {
	var out []byte
	for _, b := range batches {
		out = append(out, b.bytes()...)
	}
	return out
}

func TestCommittedReadsBatches(t *testing.T) {
	t.Parallel()
	compacted := ordinary(10, "a", "b", "c")
	compacted.lastDelta = 9 // its last seven records are gone
	emptied := wireBatch{base: 20, lastDelta: 4, producerID: -1}
	for _, tt := range []struct {
		name    string
		from    int64
		aborted []abortedTransaction
		batches []byte
		want    string
		next    int64
	}{
		{"nothing", 5, nil, nil, "[]", 5},
		{"plain", 0, nil, join(ordinary(0, "a", "b"), ordinary(2, "c")), "[0a 1b 2c]", 3},
		{"from within a batch", 1, nil, join(ordinary(0, "a", "b")), "[1b]", 2},
		{"a batch below the offset", 2, nil, join(ordinary(0, "a", "b"), ordinary(2, "c")), "[2c]", 3},
		{"never back", 7, nil, join(ordinary(0, "a", "b")), "[]", 7},
		{"a compacted tail", 12, nil, join(compacted), "[12c]", 20},
		{"past a compacted tail", 13, nil, join(compacted), "[]", 20},
		{"an emptied batch", 10, nil, join(compacted, emptied), "[10a 11b 12c]", 25},
		{"cut off inside a batch", 0, nil, join(ordinary(0, "a"), ordinary(1, "b"))[:100], "[0a]", 1},
		{"cut off inside a head", 0, nil, join(ordinary(0, "a"))[:20], "[]", 0},
		{"committed", 0, nil, join(transactional(0, 7, "a"), marker(1, 7, 1)), "[0a]", 2},
		{"aborted", 0, []abortedTransaction{{7, 0}}, join(transactional(0, 7, "a"), marker(1, 7, 0), ordinary(2, "b")), "[2b]", 3},
		{"aborted from below the offset", 3, []abortedTransaction{{7, 1}},
			join(transactional(3, 7, "a"), marker(4, 7, 0), transactional(5, 7, "b"), marker(6, 7, 1)), "[5b]", 7},
		{"two producers interleaved", 0, []abortedTransaction{{8, 1}},
			join(transactional(0, 7, "a"), transactional(1, 8, "x"), transactional(2, 7, "b"), marker(3, 8, 0), marker(4, 7, 1)), "[0a 2b]", 5},
		{"both aborted, listed out of order", 0, []abortedTransaction{{8, 1}, {7, 0}},
			join(transactional(0, 7, "x"), transactional(1, 8, "x"), transactional(2, 7, "x"), marker(3, 8, 0), marker(4, 7, 0)), "[]", 5},
		{"a plain record of an aborting producer", 0, []abortedTransaction{{7, 0}},
			join(transactional(0, 7, "x"), func() wireBatch { b := ordinary(1, "a"); b.producerID = 7; return b }(), marker(2, 7, 0)), "[1a]", 3},
		{"aborted twice", 0, []abortedTransaction{{7, 0}, {7, 4}},
			join(transactional(0, 7, "x"), marker(1, 7, 0), transactional(2, 7, "a"), marker(3, 7, 1), transactional(4, 7, "x"), marker(5, 7, 0)), "[2a]", 6},
		{"a control record of a kind to come", 0, nil, join(marker(0, 7, 9), ordinary(1, "a")), "[1a]", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			records, next, err := committed(FetchPartition{Offset: tt.from}, tt.aborted, tt.batches, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{}
			for _, r := range records {
				got = append(got, fmt.Sprint(r.Offset, string(r.Value)))
			}
			if fmt.Sprint(got) != tt.want || next != tt.next {
				t.Errorf("got %v and %d, want %s and %d", got, next, tt.want, tt.next)
			}
		})
	}
}

func TestDamageIsFoundAndWhatStoodBeforeItKept(t *testing.T) {
	t.Parallel()
	good := ordinary(0, "a")
	for name, damage := range map[string]func(b []byte) []byte{
		"checksum":    func(b []byte) []byte { b[len(b)-2] ^= 1; return b },
		"format":      func(b []byte) []byte { b[16] = 1; return b },
		"length":      func(b []byte) []byte { b[8], b[9], b[10], b[11] = 0, 0, 0, 5; return b },
		"compression": func([]byte) []byte { return withAttributes(ordinary(1, "b"), 5) },
		"packed":      func([]byte) []byte { return withAttributes(ordinary(1, "b"), 1) },
		"count":       func([]byte) []byte { return recount(ordinary(1, "b"), 2) },
		"deltas":      func([]byte) []byte { b := ordinary(1, "b"); b.lastDelta = -1; return b.bytes() },
		"record beyond the batch": func([]byte) []byte {
			b := ordinary(1, "b", "c")
			b.lastDelta = 0
			return b.bytes()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := &partitionAnswer{batches: append(good.bytes(), damage(ordinary(1, "b").bytes())...)}
			f := read(FetchPartition{}, answer, nil)
			if f.Err != nil || len(f.Records) != 1 || f.Next != 1 {
				t.Fatalf("got %v, %d records, next %d", f.Err, len(f.Records), f.Next)
			}
			answer.batches = answer.batches[len(good.bytes()):]
			f = read(FetchPartition{Offset: 1}, answer, nil)
			if !errors.Is(f.Err, ErrCorrupt) || Class(f.Err) != ClassCorrupt || f.Next != 1 || len(f.Records) > 0 {
				t.Errorf("got %v, %d records, next %d", f.Err, len(f.Records), f.Next)
			}
		})
	}
}

func withAttributes(b wireBatch, attributes int16) []byte {
	b.attributes = attributes
	return b.bytes()
}

// recount claims another number of records than there are.
func recount(b wireBatch, n uint32) []byte {
	out := b.bytes()
	binary.BigEndian.PutUint32(out[57:], n)
	binary.BigEndian.PutUint32(out[17:], crc32.Checksum(out[21:], castagnoli))
	return out
}

func TestTheTimeOfARecord(t *testing.T) {
	t.Parallel()
	for attributes, want := range map[int16]int64{0: 1001, attrAppendTime: 9000} {
		b := ordinary(0, "a", "b")
		b.attributes = attributes
		records, _, err := committed(FetchPartition{}, nil, b.bytes(), nil)
		if err != nil || !records[1].Time.Equal(time.UnixMilli(want)) || records[1].Time.Location() != time.UTC {
			t.Errorf("got %v, %v", records, err)
		}
	}
}

func TestRecordsOutliveTheAnswer(t *testing.T) {
	t.Parallel()
	answer := ordinary(0, "value").bytes()
	records, _, err := committed(FetchPartition{}, nil, answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	clear(answer)
	if string(records[0].Key) != "k" || string(records[0].Value) != "value" {
		t.Errorf("got %q and %q", records[0].Key, records[0].Value)
	}
}

func FuzzBatches(f *testing.F) {
	for _, seed := range [][]byte{
		nil, join(ordinary(0, "a", "b"), ordinary(2, "c")), join(transactional(0, 7, "a"), marker(1, 7, 0)),
		withAttributes(ordinary(0, "a"), 1), withAttributes(ordinary(0, "a"), 4), recount(ordinary(0, "a"), 1<<31-1),
	} {
		f.Add(seed, int64(0), int64(7))
	}
	f.Fuzz(func(t *testing.T, batches []byte, from, producer int64) {
		// The checksum would keep almost every input out.
		if len(batches) >= batchHead {
			if n := int64(binary.BigEndian.Uint32(batches[8:])) + 12; n >= batchHead && n <= int64(len(batches)) {
				binary.BigEndian.PutUint32(batches[17:], crc32.Checksum(batches[21:n], castagnoli))
			}
		}
		records, next, _ := committed(FetchPartition{Offset: from}, []abortedTransaction{{producer, 0}}, batches, &headerNames{})
		if next < from {
			t.Errorf("went back from %d to %d", from, next)
		}
		for _, r := range records {
			if r.Offset < from || r.Offset >= next {
				t.Errorf("offset %d is outside [%d, %d)", r.Offset, from, next)
			}
		}
	})
}

func FuzzFetchAnswer(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0}, int16(4))
	var body []byte
	body = append(body, make([]byte, 4+2+4)...)       // throttle, error, session
	body = append(body, 0, 0, 0, 1, 0, 1, 'a')        // topics
	body = append(body, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) // partitions, index, error
	body = append(body, make([]byte, 3*8)...)         // offsets
	body = append(body, 0, 0, 0, 1)                   // aborted
	body = append(body, make([]byte, 2*8)...)         //
	body = append(body, make([]byte, 4)...)           // replica
	body = append(body, 0, 0, 0, 3, 1, 2, 3)          // batches
	f.Add(body, int16(11))
	f.Fuzz(func(t *testing.T, body []byte, version int16) {
		if version < 4 || version > 11 {
			return
		}
		if a, err := decodeFetchAnswer(body, version); (a == nil) == (err == nil) {
			t.Errorf("got %v and %v", a, err)
		}
	})
}
