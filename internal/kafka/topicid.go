package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// TopicID tells a topic from another one that has had its name before; the zero
// value is none.
type TopicID [16]byte

// TopicIDs returns the ids of those topics that exist; the zero id says that we may
// not know. It asks a broker, not the transport's cache.
func (c *Client) TopicIDs(ctx context.Context, names ...string) (map[string]TopicID, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	answer, err := c.roundTrip(ctx, &topicIDsRequest{clientID: c.cfg.ClientID, names: names})
	if err != nil {
		return nil, fmt.Errorf("reading topic ids: %w", err)
	}
	ids := map[string]TopicID{}
	var errs []error
	for _, t := range answer.(*topicIDsAnswer).topics {
		switch code := kafkago.Error(t.errorCode); code {
		case 0, kafkago.LeaderNotAvailable:
			ids[t.name] = t.id
		case kafkago.TopicAuthorizationFailed: // the others' ids are wanted all the same
			ids[t.name] = TopicID{}
		case kafkago.UnknownTopicOrPartition:
		default:
			errs = append(errs, fmt.Errorf("reading the id of topic %s: %w", t.name, code))
		}
	}
	return ids, errors.Join(errs...)
}

// topicIDsVersion is the first version of the metadata request whose answer has
// topic ids (Kafka 2.8); kafka-go knows none from 9 on. From 9 on lengths are
// uvarints of one more, and every structure ends in tagged fields.
const topicIDsVersion = 10

// topicIDsRequest is a metadata request that creates no topic.
type topicIDsRequest struct {
	clientID string
	names    []string
}

// topicIDsAnswer is what of its answer is wanted.
type topicIDsAnswer struct{ topics []topicIdentity }

type topicIdentity struct {
	errorCode int16
	name      string
	id        TopicID
}

// ApiKey is the metadata request's.
func (*topicIDsRequest) ApiKey() protocol.ApiKey { return protocol.Metadata }

// ApiKey is the metadata request's.
func (*topicIDsAnswer) ApiKey() protocol.ApiKey { return protocol.Metadata }

// Required has kafka-go leave the exchange to RawExchange.
func (*topicIDsRequest) Required(map[protocol.ApiKey]int16) bool { return true }

// RawExchange writes the request and reads the answer.
func (r *topicIDsRequest) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if _, err := rw.Write(r.encode()); err != nil {
		return nil, fmt.Errorf("writing metadata request: %w", err)
	}
	answer, err := readAnswer(rw)
	if err != nil {
		return nil, fmt.Errorf("reading metadata answer: %w", err)
	}
	defer answer.free()
	return decodeTopicIDs(answer.b)
}

func (r *topicIDsRequest) encode() []byte {
	const noTags = 0
	b := appendHead(nil, protocol.Metadata, topicIDsVersion, r.clientID)
	b = append(b, noTags)
	b = binary.AppendUvarint(b, uint64(len(r.names))+1)
	for _, name := range r.names {
		b = append(b, make([]byte, len(TopicID{}))...) // asked by name
		b = binary.AppendUvarint(b, uint64(len(name))+1)
		b = append(b, name...)
		b = append(b, noTags)
	}
	b = append(b, 0, 0, 0) // create no topic, and say nothing of what is allowed
	b = append(b, noTags)
	finishRequest(b)
	return b
}

func decodeTopicIDs(body []byte) (*topicIDsAnswer, error) {
	d := &decoder{b: body}
	d.tags()
	d.int32() // throttle time
	for range d.compactCount() {
		d.int32()         // node
		d.compactString() // host
		d.int32()         // port
		d.compactString() // rack
		d.tags()
	}
	d.compactString() // cluster
	d.int32()         // controller
	a := &topicIDsAnswer{}
	for range d.compactCount() {
		t := topicIdentity{errorCode: d.int16(), name: d.compactString()}
		copy(t.id[:], d.take(len(t.id)))
		d.int8() // internal
		for range d.compactCount() {
			d.int16()     // error
			d.take(12)    // index, leader, leader epoch
			for range 3 { // replicas: all, in sync, offline
				d.take(4 * d.compactCount())
			}
			d.tags()
		}
		d.int32() // allowed operations
		d.tags()
		if d.bad {
			break
		}
		a.topics = append(a.topics, t)
	}
	if d.bad {
		return nil, fmt.Errorf("decoding metadata answer: %w", ErrCorrupt)
	}
	return a, nil
}
