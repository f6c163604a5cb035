package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go/protocol"
)

// fetchAnswer is a fetch response of versions 4 to 11, none of which is flexible,
// with its record batches left undecoded.
type fetchAnswer struct {
	errorCode  int16
	partitions map[TopicPartition]*partitionAnswer
}

type partitionAnswer struct {
	errorCode                           int16
	highWatermark, lastStable, logStart int64
	aborted                             []abortedTransaction
	batches                             []byte
}

type abortedTransaction struct{ producerID, firstOffset int64 }

// ApiKey makes a fetchAnswer a message of kafka-go's.
func (*fetchAnswer) ApiKey() protocol.ApiKey { return protocol.Fetch }

// maxAnswer bounds an answer against a size field that is not one.
const maxAnswer = 1 << 30

var errFetchVersion = errors.New("the broker speaks no fetch version from 4 to 11")

func readFetchAnswer(r io.Reader, version int16) (*fetchAnswer, error) {
	if version < 4 || version > 11 {
		return nil, errFetchVersion
	}
	body, err := readAnswer(r)
	if err != nil {
		return nil, fmt.Errorf("reading fetch answer: %w", err)
	}
	return decodeFetchAnswer(body, version)
}

// readAnswer reads one answer that kafka-go does not know, up to its end and
// without its length and correlation id.
func readAnswer(r io.Reader) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int32(binary.BigEndian.Uint32(head[:4])) - 4
	id := int32(binary.BigEndian.Uint32(head[4:]))
	if size < 0 || size > maxAnswer || id != correlation {
		return nil, fmt.Errorf("%w: size %d, correlation %d", ErrCorrupt, size, id)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return body, nil
}

func decodeFetchAnswer(body []byte, version int16) (*fetchAnswer, error) {
	d := &decoder{b: body}
	a := &fetchAnswer{partitions: map[TopicPartition]*partitionAnswer{}}
	d.int32() // throttle time
	if version >= 7 {
		a.errorCode = d.int16()
		d.int32() // session id
	}
	for range d.count() {
		topic := d.string()
		for range d.count() {
			index, p := decodePartition(d, version)
			if d.bad {
				break
			}
			a.partitions[TopicPartition{topic, index}] = p
		}
	}
	if d.bad {
		return nil, fmt.Errorf("decoding fetch answer: %w", ErrCorrupt)
	}
	return a, nil
}

func decodePartition(d *decoder, version int16) (int32, *partitionAnswer) {
	p := &partitionAnswer{}
	index := d.int32()
	p.errorCode = d.int16()
	p.highWatermark = d.int64()
	p.lastStable = d.int64()
	p.logStart = -1
	if version >= 5 {
		p.logStart = d.int64()
	}
	for range d.count() {
		p.aborted = append(p.aborted, abortedTransaction{producerID: d.int64(), firstOffset: d.int64()})
	}
	if version >= 11 {
		d.int32() // preferred read replica
	}
	if n := d.int32(); n > 0 {
		p.batches = d.take(int(n))
	}
	return index, p
}
