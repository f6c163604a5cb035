package kafka

import (
	"context"
	"errors"
	"fmt"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// LogEnds returns, for each partition, the offset behind the last record that its
// leader has stored, whether or not enough replicas have it yet. A record between the
// high watermark and that end is shown to nobody, and may be shown to everybody
// later: whoever must know all that stands in a partition waits until the watermark
// has come there, or until the record has been given up and the end has come down.
//
// Kafka tells the end only as that of a leader's epoch (OffsetForLeaderEpoch). The
// error passes where that epoch is over.
func (c *Client) LogEnds(ctx context.Context, parts []TopicPartition) (map[TopicPartition]int64, error) {
	if len(parts) == 0 {
		return map[TopicPartition]int64{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	epochs, err := c.leaderEpochs(ctx, parts)
	if err != nil {
		return nil, err
	}
	ends := make(map[TopicPartition]int64, len(parts))
	for _, tp := range parts {
		if ends[tp], err = c.logEnd(ctx, tp, epochs[tp]); err != nil {
			return nil, fmt.Errorf("asking for the end of %s: %w", tp, err)
		}
	}
	return ends, nil
}

func (c *Client) logEnd(ctx context.Context, tp TopicPartition, epoch int32) (int64, error) {
	req := &epochEndRequest{ReplicaID: -1, Topics: []epochEndTopic{{
		Name:       tp.Topic,
		Partitions: []epochEndPartition{{Partition: tp.Partition, CurrentLeaderEpoch: epoch, LeaderEpoch: epoch}},
	}}}
	m, err := c.roundTrip(ctx, &toLeader{
		parts: []TopicPartition{tp}, permission: Describe, exchange: exchange{Message: req, clientID: c.cfg.ClientID},
	})
	if err != nil {
		return 0, err
	}
	for _, t := range m.(*epochEndResponse).Topics {
		for _, p := range t.Partitions {
			switch code := kafkago.Error(p.ErrorCode); {
			case t.Name != tp.Topic || p.Partition != tp.Partition:
			case code != 0:
				c.RefreshMetadata()
				return 0, needing(onTopic(Describe, tp.Topic), code)
			case p.EndOffset < 0:
				c.RefreshMetadata()
				return 0, kafkago.UnknownLeaderEpoch
			default:
				return p.EndOffset, nil
			}
		}
	}
	return 0, errNoAnswer
}

// leaderEpochs returns the epochs of the partitions' leaders as far as we know.
func (c *Client) leaderEpochs(ctx context.Context, parts []TopicPartition) (map[TopicPartition]int32, error) {
	req := &metadata.Request{}
	for _, tp := range parts {
		req.TopicNames = append(req.TopicNames, tp.Topic)
	}
	m, err := c.roundTrip(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("asking for leaders: %w", err)
	}
	epochs := map[TopicPartition]int32{}
	for _, t := range m.(*metadata.Response).Topics {
		for _, p := range t.Partitions {
			epochs[TopicPartition{t.Name, p.PartitionIndex}] = p.LeaderEpoch
		}
	}
	var errs []error
	for _, tp := range parts {
		if _, ok := epochs[tp]; !ok {
			errs = append(errs, fmt.Errorf("asking for the leader of %s: %w", tp, kafkago.UnknownTopicOrPartition))
		}
	}
	return epochs, errors.Join(errs...)
}

func init() { protocol.Register(&epochEndRequest{}, &epochEndResponse{}) }

// epochEndRequest is OffsetForLeaderEpoch, which kafka-go does not know; version 3
// (Kafka 2.3) is the first that asks as a consumer.
type epochEndRequest struct {
	ReplicaID int32           `kafka:"min=v3,max=v3"`
	Topics    []epochEndTopic `kafka:"min=v3,max=v3"`
}

type epochEndTopic struct {
	Name       string              `kafka:"min=v3,max=v3"`
	Partitions []epochEndPartition `kafka:"min=v3,max=v3"`
}

type epochEndPartition struct {
	Partition          int32 `kafka:"min=v3,max=v3"`
	CurrentLeaderEpoch int32 `kafka:"min=v3,max=v3"`
	LeaderEpoch        int32 `kafka:"min=v3,max=v3"`
}

// ApiKey is the request's.
func (*epochEndRequest) ApiKey() protocol.ApiKey { return protocol.OffsetForLeaderEpoch }

type epochEndResponse struct {
	ThrottleTimeMs int32                   `kafka:"min=v3,max=v3"`
	Topics         []epochEndTopicResponse `kafka:"min=v3,max=v3"`
}

type epochEndTopicResponse struct {
	Name       string                      `kafka:"min=v3,max=v3"`
	Partitions []epochEndPartitionResponse `kafka:"min=v3,max=v3"`
}

type epochEndPartitionResponse struct {
	ErrorCode   int16 `kafka:"min=v3,max=v3"`
	Partition   int32 `kafka:"min=v3,max=v3"`
	LeaderEpoch int32 `kafka:"min=v3,max=v3"`
	EndOffset   int64 `kafka:"min=v3,max=v3"`
}

// ApiKey is the request's.
func (*epochEndResponse) ApiKey() protocol.ApiKey { return protocol.OffsetForLeaderEpoch }
