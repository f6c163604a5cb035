package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go/protocol"
)

// produceRequest is a produce request of versions 3 to 8, which differ in their
// answers alone.
type produceRequest struct {
	request *buffer
	names   []TopicPartition
}

const anyProduceVersion = 3

var errProduceVersion = errors.New("the broker speaks no produce version from 3 to 8")

// newProduceRequest writes the batches into one buffer: what is asked for before it
// leaves is all that then comes before the write.
func newProduceRequest(parts []ProducePartition, names []TopicPartition, timeout time.Duration, clientID string) *produceRequest {
	big := binary.BigEndian
	buf := requests.get()
	b := appendHead(buf.b, protocol.Produce, anyProduceVersion, clientID)
	b = append(b, 0xff, 0xff) // no transaction
	b = append(b, 0xff, 0xff) // acks of all replicas
	b = big.AppendUint32(b, uint32(timeout.Milliseconds()))
	now := time.Now()
	topics := topicsOf(names)
	b = big.AppendUint32(b, uint32(len(topics)))
	for _, t := range topics {
		b = appendString(b, t.name)
		b = big.AppendUint32(b, t.partitions)
		for i := range parts {
			if parts[i].Topic != t.name {
				continue
			}
			b = big.AppendUint32(b, uint32(parts[i].Partition))
			size := len(b)
			b = appendBatch(big.AppendUint32(b, 0), parts[i].Records, now)
			big.PutUint32(b[size:], uint32(len(b)-size-4))
		}
	}
	finishRequest(b)
	buf.b = b
	return &produceRequest{request: buf, names: names}
}

// topicCount is a topic with how many of its partitions a request names.
type topicCount struct {
	name       string
	partitions uint32
}

// topicsOf counts the partitions of each topic, in the order of first appearance.
func topicsOf(names []TopicPartition) []topicCount {
	topics := make([]topicCount, 0, 4)
	for _, tp := range names {
		at := 0
		for at < len(topics) && topics[at].name != tp.Topic {
			at++
		}
		if at == len(topics) {
			topics = append(topics, topicCount{name: tp.Topic})
		}
		topics[at].partitions++
	}
	return topics
}

// ApiKey is the produce request's.
func (*produceRequest) ApiKey() protocol.ApiKey { return protocol.Produce }

func (r *produceRequest) encode(version int16, _ string) ([]byte, error) {
	if version < anyProduceVersion || version > 8 {
		return nil, errProduceVersion
	}
	binary.BigEndian.PutUint16(r.request.b[6:], uint16(version))
	return r.request.b, nil
}

// produceAnswer says of each partition of a request what became of it.
type produceAnswer struct{ produced []Produced }

// ApiKey is the produce request's.
func (*produceAnswer) ApiKey() protocol.ApiKey { return protocol.Produce }

func (r *produceRequest) read(from io.Reader, version int16) (protocol.Message, error) {
	body, err := readAnswer(from)
	if err != nil {
		return nil, fmt.Errorf("reading produce answer: %w", err)
	}
	defer body.free()
	produced, err := decodeProduceAnswer(body.b, version, r.names)
	if err != nil {
		return nil, err
	}
	return &produceAnswer{produced}, nil
}

// decodeProduceAnswer returns what is said of the partitions, in their order.
func decodeProduceAnswer(body []byte, version int16, names []TopicPartition) ([]Produced, error) {
	d := &decoder{b: body}
	out := make([]Produced, len(names))
	at := -1 // brokers answer in the order of the request, mostly
	for range d.count() {
		topic := d.take(int(d.int16()))
		for range d.count() {
			index, code, base := d.int32(), d.int16(), d.int64()
			d.int64() // time of a topic that has its own
			if version >= 5 {
				d.int64() // start of the log
			}
			if version >= 8 {
				d.recordErrors()
			}
			if d.bad {
				break
			}
			if next := position(names, at+1, topic, index); next >= 0 {
				at = next
				out[at] = producedAt(names[at], code, base)
			}
		}
	}
	if d.bad {
		return nil, fmt.Errorf("decoding produce answer: %w", ErrCorrupt)
	}
	for i := range out {
		if out[i].Topic == "" {
			out[i] = Produced{TopicPartition: names[i], BaseOffset: -1, Err: fmt.Errorf("producing to %s: %w", names[i], errNoAnswer)}
		}
	}
	return out, nil
}

// position finds a partition among names, from that one on; -1 when it is not there.
func position(names []TopicPartition, from int, topic []byte, index int32) int {
	for i := range names {
		at := (from + i) % len(names)
		if names[at].Partition == index && names[at].Topic == string(topic) {
			return at
		}
	}
	return -1
}

// recordErrors passes over what is wrong with single records, and the text to it.
func (d *decoder) recordErrors() {
	for range d.count() {
		d.int32() // which
		d.nullableString()
	}
	d.nullableString()
}

func (d *decoder) nullableString() {
	if n := d.int16(); n > 0 {
		d.take(int(n))
	}
}
