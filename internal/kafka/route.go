package kafka

import (
	"encoding/binary"
	"errors"
	"io"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// errLeadersDiffer says that the partitions of one request no longer have one
// leader in common.
var errLeadersDiffer = errors.New("the partitions no longer have a common leader")

// The transport decides by a message's type where it goes. The two types below
// carry any registered request to where we want it.

// toLeader is a request for the common leader of its partitions.
type toLeader struct {
	exchange
	parts []TopicPartition
	// permission is what the request needs on its topics.
	permission Operation
}

// Broker finds the common leader. A topic that we may not see has no leader that
// we know: it holds up no other, and the broker says of it what it says.
func (m *toLeader) Broker(cluster protocol.Cluster) (protocol.Broker, error) {
	found := protocol.Broker{ID: -1}
	var denied error
	var topic protocol.Topic
	for i, tp := range m.parts {
		ok := i > 0 && tp.Topic == m.parts[i-1].Topic
		if !ok {
			topic, ok = cluster.Topics[tp.Topic]
		}
		if !ok {
			return found, protocol.NewErrNoTopic(tp.Topic)
		}
		if err := kafkago.Error(topic.Error); err == kafkago.TopicAuthorizationFailed {
			denied = needing(onTopic(m.permission, tp.Topic), err)
			continue
		}
		partition, ok := topic.Partitions[tp.Partition]
		if !ok {
			return found, protocol.NewErrNoPartition(tp.Topic, tp.Partition)
		}
		leader, ok := cluster.Brokers[partition.Leader]
		if !ok {
			return found, protocol.NewErrNoLeader(tp.Topic, tp.Partition)
		}
		if found.ID >= 0 && found.ID != leader.ID {
			return found, errLeadersDiffer
		}
		found = leader
	}
	if found.ID < 0 {
		return found, denied
	}
	return found, nil
}

// toCoordinator is a request for the coordinator of a group.
type toCoordinator struct {
	exchange
	group string
}

// Group returns the group whose coordinator is asked.
func (m *toCoordinator) Group() string { return m.group }

// exchange writes a request and reads its answer on a connection of its own, one
// request at a time.
type exchange struct {
	protocol.Message
	clientID string
	// encode returns the whole request in any version that kafka-go negotiates, or
	// with an error; nil takes kafka-go's own encoder. Its read is not nil.
	encode func(version int16, clientID string) ([]byte, error)
	// read reads the answer; nil takes kafka-go's own encoder and decoder.
	read func(r io.Reader, version int16) (protocol.Message, error)
	// permit is asked at the last moment; nil permits.
	permit  func() error
	version int16
}

// correlation is the id of every request: a connection carries one at a time.
const correlation = 1

// Required is asked just before RawExchange on the same connection, and is the
// only place that tells the negotiated version.
func (m *exchange) Required(versions map[protocol.ApiKey]int16) bool {
	m.version = versions[m.ApiKey()]
	return true
}

// RawExchange writes the request and reads the answer.
func (m *exchange) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if p, ok := m.Message.(protocol.PreparedMessage); ok {
		p.Prepare(m.version)
	}
	if m.permit != nil {
		rw = &permitted{ReadWriter: rw, permit: m.permit}
	}
	if m.read == nil {
		return protocol.RoundTrip(rw, m.version, correlation, m.clientID, m.Message)
	}
	if err := m.write(rw); err != nil {
		return nil, err
	}
	return m.read(rw, m.version)
}

func (m *exchange) write(w io.Writer) error {
	if m.encode == nil {
		return protocol.WriteRequest(w, m.version, correlation, m.clientID, m.Message)
	}
	request, err := m.encode(m.version, m.clientID)
	if err != nil {
		return err
	}
	_, err = w.Write(request)
	return err
}

// appendHead begins a request of a version that is not flexible. finishRequest puts
// its size in once it is whole.
func appendHead(dst []byte, key protocol.ApiKey, version int16, clientID string) []byte {
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(key))
	dst = binary.BigEndian.AppendUint16(dst, uint16(version))
	dst = binary.BigEndian.AppendUint32(dst, correlation)
	return appendString(dst, clientID)
}

func finishRequest(request []byte) {
	binary.BigEndian.PutUint32(request, uint32(len(request)-4))
}

func appendString(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}
