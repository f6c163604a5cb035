package kafka

import (
	"context"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// FetchPartition asks for one partition from Offset on.
type FetchPartition struct {
	TopicPartition
	Offset int64
	// MaxBytes bounds the answer for the partition. A single batch that is
	// larger is returned all the same.
	MaxBytes int32
}

// Fetched is what one partition answered.
type Fetched struct {
	TopicPartition
	// Records holds committed data records only, in offset order, none below
	// the asked offset. Aborted transactions and control records are gone. They
	// are the caller's own: nothing of them is shared with later answers.
	Records []Record
	// Next is the offset to ask for next; it is past every aborted, control or
	// compacted offset that the answer covered.
	Next int64
	// HighWatermark and LastStableOffset as of the answer, LogStart the first
	// offset that still exists.
	HighWatermark, LastStableOffset, LogStart int64
	// Err is the partition's own error, classified by Class; the other fields
	// are then empty but for LogStart, and Next is the asked offset.
	Err error
}

// Fetch makes one read-committed fetch to the partitions' common leader. It
// returns after maxWait at the latest when there is nothing to read. The error
// is the request's; each partition has its own in Fetched.Err. A partition is
// named at most once.
func (c *Client) Fetch(ctx context.Context, parts []FetchPartition, maxWait time.Duration, maxBytes int32) ([]Fetched, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait+c.cfg.RequestTimeout)
	defer cancel()
	names := make([]TopicPartition, len(parts))
	for i, p := range parts {
		names[i] = p.TopicPartition
	}
	req := newFetchRequest(parts, maxWait, maxBytes)
	m, err := c.roundTrip(ctx, &toLeader{
		parts: names, permission: Read,
		exchange: exchange{Message: req, clientID: c.cfg.ClientID, encode: req.encode, read: readFetchAnswer},
	})
	if err != nil {
		return nil, fmt.Errorf("fetching: %w", err)
	}
	answer := m.(*fetchAnswer)
	defer answer.body.free() // records are copied out of it
	if answer.errorCode != 0 {
		return nil, fmt.Errorf("fetching: %w", kafkago.Error(answer.errorCode))
	}
	fetched := make([]Fetched, len(parts))
	for i, p := range parts {
		fetched[i] = read(p, answer.of(p.TopicPartition), c.names)
	}
	return fetched, nil
}

// read turns one partition's answer into committed records; a is nil when the
// broker did not mention the partition.
func read(asked FetchPartition, a *partitionAnswer, headers *headerNames) Fetched {
	f := Fetched{TopicPartition: asked.TopicPartition, Next: asked.Offset}
	switch {
	case a == nil:
		f.Err = fmt.Errorf("fetching %s: %w", asked.TopicPartition, errNoAnswer)
		return f
	case a.errorCode != 0:
		f.LogStart = a.logStart
		f.Err = fmt.Errorf("fetching %s at %d: %w", asked.TopicPartition, asked.Offset, needing(onTopic(Read, asked.Topic), kafkago.Error(a.errorCode)))
		return f
	}
	records, next, err := committed(asked, a.aborted, a.batches, headers)
	if err != nil && len(records) == 0 && next == asked.Offset {
		f.LogStart = a.logStart
		f.Err = fmt.Errorf("reading %s at %d: %w", asked.TopicPartition, next, err)
		return f
	}
	// What came before a damaged batch is good; the next fetch meets the damage
	// first.
	f.Records, f.Next = records, next
	f.HighWatermark, f.LastStableOffset, f.LogStart = a.highWatermark, a.lastStable, a.logStart
	return f
}
