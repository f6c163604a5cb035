package kafka

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/segmentio/kafka-go/protocol"
)

// fetchAnswer is a fetch response of versions 4 to 11, none of which is flexible,
// with its record batches left undecoded.
type fetchAnswer struct {
	errorCode  int16
	partitions []partitionAnswer
	found      int     // where the last one that was asked for stands
	body       *buffer // that the partitions lie in
}

type partitionAnswer struct {
	topic                               []byte
	index                               int32
	errorCode                           int16
	highWatermark, lastStable, logStart int64
	aborted                             []abortedTransaction
	batches                             []byte
}

// of returns what is said of a partition, nil when nothing is. Brokers answer in the
// order of the request, so that the next one asked for is mostly the next one.
func (a *fetchAnswer) of(tp TopicPartition) *partitionAnswer {
	for i := range a.partitions {
		at := (a.found + 1 + i) % len(a.partitions)
		if p := &a.partitions[at]; p.index == tp.Partition && string(p.topic) == tp.Topic {
			a.found = at
			return p
		}
	}
	return nil
}

type abortedTransaction struct{ producerID, firstOffset int64 }

// ApiKey makes a fetchAnswer a message of kafka-go's.
func (*fetchAnswer) ApiKey() protocol.ApiKey { return protocol.Fetch }

const (
	// maxAnswer bounds an answer against a size field that is not one.
	maxAnswer = 1 << 30
	// ahead is how much room an answer gets before any of it has come.
	ahead = 16 << 20
)

func readFetchAnswer(r io.Reader, version int16) (protocol.Message, error) {
	body, err := readAnswer(r)
	if err != nil {
		return nil, fmt.Errorf("reading fetch answer: %w", err)
	}
	answer, err := decodeFetchAnswer(body.b, version)
	if err != nil {
		return nil, err
	}
	answer.body = body
	return answer, nil
}

// readAnswer reads one answer that kafka-go does not know, up to its end and
// without its length and correlation id.
func readAnswer(r io.Reader) (*buffer, error) {
	body := answers.get()
	body.size(8)
	if _, err := io.ReadFull(r, body.b); err != nil {
		return nil, err
	}
	size := int32(binary.BigEndian.Uint32(body.b[:4])) - 4
	id := int32(binary.BigEndian.Uint32(body.b[4:]))
	if size < 0 || size > maxAnswer || id != correlation {
		return nil, fmt.Errorf("%w: size %d, correlation %d", ErrCorrupt, size, id)
	}
	body.b = body.b[:0]
	for have := 0; have < int(size); have = len(body.b) {
		body.grow(min(int(size), max(2*have, ahead)))
		if _, err := io.ReadFull(r, body.b[have:]); err != nil {
			return nil, err
		}
	}
	return body, nil
}

func decodeFetchAnswer(body []byte, version int16) (*fetchAnswer, error) {
	d := &decoder{b: body}
	a := &fetchAnswer{}
	d.int32() // throttle time
	if version >= 7 {
		a.errorCode = d.int16()
		d.int32() // session id
	}
	for range d.count() {
		topic := d.take(int(d.int16()))
		for range d.count() {
			p := decodePartition(d, version)
			if d.bad {
				break
			}
			p.topic = topic
			a.partitions = append(a.partitions, p)
		}
	}
	if d.bad {
		return nil, fmt.Errorf("decoding fetch answer: %w", ErrCorrupt)
	}
	return a, nil
}

func decodePartition(d *decoder, version int16) partitionAnswer {
	p := partitionAnswer{index: d.int32(), errorCode: d.int16(), highWatermark: d.int64(), lastStable: d.int64(), logStart: -1}
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
	return p
}
