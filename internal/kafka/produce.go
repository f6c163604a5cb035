package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// ProducePartition is a batch for one partition.
type ProducePartition struct {
	TopicPartition
	// Records are in order; Topic, Partition and Offset are ignored, and a zero
	// Time is now. Never empty. Nothing of them is kept when Produce returns.
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
	names := make([]TopicPartition, len(parts))
	for i, p := range parts {
		if len(p.Records) == 0 {
			return nil, fmt.Errorf("producing to %s: %w", p.TopicPartition, errNoRecords)
		}
		names[i] = p.TopicPartition
	}
	permit := c.permit(ctx, parts)
	if err := permit(); err != nil { // no connection need be wasted
		return nil, fmt.Errorf("producing: %w", err)
	}
	req := newProduceRequest(parts, names, timeout, c.cfg.ClientID)
	m, err := c.roundTrip(ctx, &toLeader{parts: names, permission: Write, exchange: exchange{
		Message: req, clientID: c.cfg.ClientID, encode: req.encode, read: req.read, permit: permit,
	}})
	if err != nil {
		return nil, fmt.Errorf("producing: %w", err)
	}
	req.request.free()
	return m.(*produceAnswer).produced, nil
}

func producedAt(tp TopicPartition, code int16, base int64) Produced {
	if code == 0 {
		return Produced{TopicPartition: tp, BaseOffset: base}
	}
	err := fmt.Errorf("producing to %s: %w", tp, needing(onTopic(Write, tp.Topic), kafkago.Error(code)))
	return Produced{TopicPartition: tp, BaseOffset: -1, Err: err}
}
