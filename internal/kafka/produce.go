package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/produce"
)

// ProducePartition is a batch for one partition.
type ProducePartition struct {
	TopicPartition
	// Records are in order; Topic, Partition and Offset are ignored, and a zero
	// Time is now. Never empty.
	Records []Record
	// Permit is asked right before the request leaves, and again while it does: its
	// error keeps the whole request from leaving (ErrWithheld). nil permits. It is
	// called from another goroutine, and may outlive Produce by a moment.
	Permit func() error
}

// Produced is what became of a ProducePartition: stored as a whole or, with Err,
// refused as a whole.
type Produced struct {
	TopicPartition
	BaseOffset int64
	Err        error
}

var errNoRecords = errors.New("a produced partition has no records")

const acksAll = -1

// Produce writes the batches with acks=all to the partitions' common leader; a
// partition is named at most once. timeout is how long the leader waits for the
// other replicas. The error is the request's: nothing is known of the records
// then, they may have been stored, unless it errors.Is ErrWithheld: they have not.
func (c *Client) Produce(ctx context.Context, parts []ProducePartition, timeout time.Duration) ([]Produced, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	// A request that lives longer may land when the partition is somebody else's.
	ctx, cancel := context.WithTimeout(ctx, max(timeout+time.Second, c.cfg.RequestTimeout))
	defer cancel()
	req := &produce.Request{Acks: acksAll, Timeout: int32(timeout.Milliseconds())}
	names := make([]TopicPartition, len(parts))
	topics := map[string]int{}
	for i, p := range parts {
		if len(p.Records) == 0 {
			return nil, fmt.Errorf("producing to %s: %w", p.TopicPartition, errNoRecords)
		}
		names[i] = p.TopicPartition
		at, ok := topics[p.Topic]
		if !ok {
			at = len(req.Topics)
			topics[p.Topic] = at
			req.Topics = append(req.Topics, produce.RequestTopic{Topic: p.Topic})
		}
		req.Topics[at].Partitions = append(req.Topics[at].Partitions, produce.RequestPartition{
			Partition: p.Partition,
			RecordSet: protocol.RecordSet{Version: 2, Records: protocol.NewRecordReader(wireRecords(p.Records)...)},
		})
	}
	permit := c.permit(ctx, parts)
	if err := permit(); err != nil { // no connection need be wasted
		return nil, fmt.Errorf("producing: %w", err)
	}
	m, err := c.roundTrip(ctx, &toLeader{
		parts: names, permission: Write, exchange: exchange{Message: req, clientID: c.cfg.ClientID, permit: permit},
	})
	if err != nil {
		return nil, fmt.Errorf("producing: %w", err)
	}
	return produced(names, m.(*produce.Response)), nil
}

func wireRecords(records []Record) []protocol.Record {
	out := make([]protocol.Record, len(records))
	for i, r := range records {
		out[i] = protocol.Record{Time: r.Time, Key: nullable(r.Key), Value: nullable(r.Value)}
		if len(r.Headers) > 0 {
			out[i].Headers = make([]protocol.Header, len(r.Headers))
			for j, h := range r.Headers {
				out[i].Headers[j] = protocol.Header(h)
			}
		}
	}
	return out
}

// nullable keeps nil and empty apart: a nil interface is null on the wire.
func nullable(b []byte) protocol.Bytes {
	if b == nil {
		return nil
	}
	return protocol.NewBytes(b)
}

func produced(names []TopicPartition, res *produce.Response) []Produced {
	answers := map[TopicPartition]Produced{}
	for _, t := range res.Topics {
		for _, p := range t.Partitions {
			tp := TopicPartition{t.Topic, p.Partition}
			answer := Produced{TopicPartition: tp, BaseOffset: p.BaseOffset}
			if p.ErrorCode != 0 {
				answer.BaseOffset = -1
				answer.Err = fmt.Errorf("producing to %s: %w", tp, needing(onTopic(Write, tp.Topic), kafkago.Error(p.ErrorCode)))
			}
			answers[tp] = answer
		}
	}
	out := make([]Produced, len(names))
	for i, tp := range names {
		answer, ok := answers[tp]
		if !ok {
			answer = Produced{TopicPartition: tp, BaseOffset: -1, Err: fmt.Errorf("producing to %s: %w", tp, errNoAnswer)}
		}
		out[i] = answer
	}
	return out
}
