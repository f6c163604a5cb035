package kafka

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"time"

	"github.com/segmentio/kafka-go/compress"
)

// ErrCorrupt is wrapped by every refusal of bytes that are not what the protocol
// says they are.
var ErrCorrupt = errors.New("corrupt data from the broker")

var errNoAnswer = errors.New("the broker left the partition out of its answer")

// errPartial says that the answer was cut off inside a batch, as brokers do at
// MaxBytes.
var errPartial = errors.New("partial batch")

// batch is a record batch of format 2, the only one that Kafka 4 knows.
type batch struct {
	base, last     int64 // offsets, inclusive
	attributes     int16
	baseTime       int64 // ms
	maxTime        int64 // ms
	producerID     int64
	count          int32
	payload        []byte
	topicPartition TopicPartition
	names          *headerNames // of headers
}

const (
	batchHead       = 61 // bytes before the records
	attrCompression = 7
	attrAppendTime  = 1 << 3
	attrTransaction = 1 << 4
	attrControl     = 1 << 5
	minRecord       = 7 // bytes: size, attributes, two deltas, key, value, no headers
	// maxDecompressed bounds what one batch may unpack to.
	maxDecompressed = 1 << 29
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// committed returns the records of an answer that belong to no aborted
// transaction, and the offset after the last batch. With an error it returns
// what came before the damage.
//
// The broker's list has each aborted transaction's producer and first offset.
// From there on that producer's batches are aborted, up to its abort marker;
// several producers interleave, and one producer may abort and commit in turn.
func committed(asked FetchPartition, aborted []abortedTransaction, batches []byte, headers *headerNames) ([]Record, int64, error) {
	aborted = slices.Clone(aborted)
	slices.SortFunc(aborted, func(a, b abortedTransaction) int { return int(a.firstOffset - b.firstOffset) })
	aborting := make(map[int64]bool, len(aborted))
	next := asked.Offset
	var records []Record
	for len(batches) > 0 {
		b, rest, err := nextBatch(batches)
		if errors.Is(err, errPartial) {
			return records, next, nil
		}
		if err != nil {
			return records, next, err
		}
		batches, b.topicPartition, b.names = rest, asked.TopicPartition, headers
		for len(aborted) > 0 && aborted[0].firstOffset <= b.last {
			aborting[aborted[0].producerID] = true
			aborted = aborted[1:]
		}
		switch {
		case b.attributes&attrControl != 0:
			isAbort, err := b.isAbortMarker()
			if err != nil {
				return records, next, err
			}
			if isAbort {
				delete(aborting, b.producerID)
			}
		case b.attributes&attrTransaction != 0 && aborting[b.producerID]:
		case b.last < asked.Offset:
		default:
			if records, err = b.appendRecords(records, asked.Offset); err != nil {
				return records, next, err
			}
		}
		next = max(next, b.last+1)
	}
	return records, next, nil
}

func nextBatch(b []byte) (batch, []byte, error) {
	if len(b) < batchHead {
		return batch{}, nil, errPartial
	}
	d := &decoder{b: b}
	base, length := d.int64(), int(d.int32())
	if length < batchHead-12 {
		return batch{}, nil, fmt.Errorf("%w: batch of %d bytes", ErrCorrupt, length)
	}
	if length > len(d.b) {
		return batch{}, nil, errPartial
	}
	rest := d.b[length:]
	d.b = d.b[:length]
	d.int32() // partition leader epoch
	if magic := d.int8(); magic != 2 {
		return batch{}, nil, fmt.Errorf("%w: record format %d", ErrCorrupt, magic)
	}
	if sum := uint32(d.int32()); sum != crc32.Checksum(d.b, castagnoli) {
		return batch{}, nil, fmt.Errorf("%w: checksum of the batch at %d", ErrCorrupt, base)
	}
	out := batch{base: base, attributes: d.int16()}
	out.last = base + int64(d.int32())
	out.baseTime, out.maxTime = d.int64(), d.int64()
	out.producerID = d.int64()
	d.int16() // producer epoch
	d.int32() // base sequence
	out.count = d.int32()
	out.payload = d.b
	if out.last < base {
		return batch{}, nil, fmt.Errorf("%w: batch from %d to %d", ErrCorrupt, base, out.last)
	}
	return out, rest, nil
}

// isAbortMarker reads a control batch: its one record's key is a version and a
// type, and type 0 is an abort.
func (b *batch) isAbortMarker() (bool, error) {
	records, err := b.appendRecords(nil, b.base)
	if err != nil || len(records) == 0 {
		return false, err
	}
	d := &decoder{b: records[0].Key}
	d.int16() // version
	kind := d.int16()
	return kind == 0 && !d.bad, nil
}

// appendRecords appends the records at offset from and above.
func (b *batch) appendRecords(dst []Record, from int64) ([]Record, error) {
	payload, buf, err := b.unpack()
	if err != nil {
		return dst, fmt.Errorf("%w: unpacking the batch at %d: %w", ErrCorrupt, b.base, err)
	}
	if buf != nil {
		defer buf.free()
	}
	d := decoder{b: payload}
	start := len(dst)
	dst = slices.Grow(dst, min(max(int(b.count), 0), len(payload)/minRecord))
	for range b.count {
		dst = append(dst, Record{})
		wanted, err := b.record(&dst[len(dst)-1], d.varBytes(), from)
		if err != nil || d.bad {
			return dst[:start], fmt.Errorf("%w: record in the batch at %d", ErrCorrupt, b.base)
		}
		if !wanted {
			dst = dst[:len(dst)-1]
		}
	}
	return dst, nil
}

// unpack returns the records' bytes, and what is to be freed after them.
func (b *batch) unpack() ([]byte, *buffer, error) {
	kind := compress.Compression(b.attributes & attrCompression)
	if kind == compress.None {
		return b.payload, nil, nil
	}
	codec := kind.Codec()
	if codec == nil {
		return nil, nil, fmt.Errorf("compression %d", kind)
	}
	r := codec.NewReader(bytes.NewReader(b.payload))
	defer func() { _ = r.Close() }()
	buf := unpacked.get()
	w := bytes.NewBuffer(buf.b)
	n, err := w.ReadFrom(io.LimitReader(r, maxDecompressed+1))
	buf.b = w.Bytes()
	if err == nil && n > maxDecompressed {
		err = fmt.Errorf("more than %d bytes", maxDecompressed)
	}
	if err != nil {
		buf.free()
		return nil, nil, err
	}
	return buf.b, buf, nil
}

// record decodes one record into r, unless its offset is below from: then it is not
// wanted, and not worth the copy. Its bytes are copied, so that a record kept does
// not keep the whole answer.
func (b *batch) record(r *Record, raw []byte, from int64) (wanted bool, err error) {
	d := decoder{b: raw}
	d.int8() // attributes, unused
	timeDelta := d.varint()
	offset := b.base + d.varint()
	if offset < from && !d.bad {
		return false, nil
	}
	d.b = bytes.Clone(d.b)
	r.Topic, r.Partition, r.Offset = b.topicPartition.Topic, b.topicPartition.Partition, offset
	r.Time = time.UnixMilli(b.baseTime + timeDelta).UTC()
	if b.attributes&attrAppendTime != 0 {
		r.Time = time.UnixMilli(b.maxTime).UTC()
	}
	r.Key, r.Value = d.varBytes(), d.varBytes()
	headers := d.varint()
	if headers < 0 || headers > int64(len(d.b))/2 { // bytes, at least, that each takes
		return false, ErrCorrupt
	}
	if headers > 0 {
		r.Headers = make([]Header, headers)
	}
	for i := range r.Headers {
		r.Headers[i] = Header{Key: b.names.of(d.varBytes()), Value: d.varBytes()}
	}
	if d.bad || len(d.b) != 0 || offset > b.last {
		return false, ErrCorrupt
	}
	return true, nil
}
