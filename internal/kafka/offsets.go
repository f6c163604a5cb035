package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/offsetcommit"
	"github.com/segmentio/kafka-go/protocol/offsetfetch"
)

// Member is who commits.
type Member struct {
	Group        string
	MemberID     string
	GenerationID int32
}

// Commit is one partition's position with its metadata, of at most the brokers'
// offset.metadata.max.bytes, which is 4096 as they ship.
type Commit struct {
	TopicPartition
	Offset   int64
	Metadata string
}

// CommitOffsets commits for a member of the current generation, leader epoch -1.
// The returned map holds the partitions that were refused; the error is the
// request's. A commit counts as a heartbeat, also while the group rebalances.
func (c *Client) CommitOffsets(ctx context.Context, m Member, commits []Commit) (map[TopicPartition]error, error) {
	if len(commits) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	req := &offsetcommit.Request{
		GroupID: m.Group, MemberID: m.MemberID, GenerationID: m.GenerationID,
		RetentionTimeMs: -1,
	}
	topics := map[string]int{}
	for _, commit := range commits {
		at, ok := topics[commit.Topic]
		if !ok {
			at = len(req.Topics)
			topics[commit.Topic] = at
			req.Topics = append(req.Topics, offsetcommit.RequestTopic{Name: commit.Topic})
		}
		req.Topics[at].Partitions = append(req.Topics[at].Partitions, offsetcommit.RequestPartition{
			PartitionIndex:       commit.Partition,
			CommittedOffset:      commit.Offset,
			CommittedLeaderEpoch: -1,
			CommittedMetadata:    commit.Metadata,
		})
	}
	answer, err := c.roundTrip(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("committing offsets of %s: %w", m.Group, err)
	}
	return refusedCommits(m.Group, commits, answer.(*offsetcommit.Response)), nil
}

func refusedCommits(group string, commits []Commit, res *offsetcommit.Response) map[TopicPartition]error {
	codes := map[TopicPartition]int16{}
	for _, t := range res.Topics {
		for _, p := range t.Partitions {
			codes[TopicPartition{t.Name, p.PartitionIndex}] = p.ErrorCode
		}
	}
	refused := map[TopicPartition]error{}
	for _, commit := range commits {
		tp := commit.TopicPartition
		code, ok := codes[tp]
		switch {
		case !ok:
			refused[tp] = fmt.Errorf("committing %s: %w", tp, errNoAnswer)
		case code != 0:
			refused[tp] = fmt.Errorf("committing %s: %w", tp, committing(group, tp.Topic, kafkago.Error(code)))
		}
	}
	return refused
}

// committing says which of a commit's two permissions was missing.
func committing(group, topic string, err kafkago.Error) error {
	if err == kafkago.GroupAuthorizationFailed {
		return needing(onGroup(Read, group), err)
	}
	return needing(onTopic(Read, topic), err)
}

// CommittedOffsets returns what the group last committed; a partition without a
// commit has Offset -1.
func (c *Client) CommittedOffsets(ctx context.Context, group string, parts []TopicPartition) (map[TopicPartition]Commit, error) {
	if len(parts) == 0 {
		return map[TopicPartition]Commit{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	req := &offsetfetch.Request{GroupID: group}
	topics := map[string]int{}
	for _, tp := range parts {
		at, ok := topics[tp.Topic]
		if !ok {
			at = len(req.Topics)
			topics[tp.Topic] = at
			req.Topics = append(req.Topics, offsetfetch.RequestTopic{Name: tp.Topic})
		}
		req.Topics[at].PartitionIndexes = append(req.Topics[at].PartitionIndexes, tp.Partition)
	}
	m, err := c.roundTrip(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("reading commits of %s: %w", group, err)
	}
	res := m.(*offsetfetch.Response)
	if res.ErrorCode != 0 {
		return nil, fmt.Errorf("reading commits of %s: %w", group, needing(onGroup(Describe, group), kafkago.Error(res.ErrorCode)))
	}
	commits := map[TopicPartition]Commit{}
	for _, t := range res.Topics {
		for _, p := range t.Partitions {
			tp := TopicPartition{t.Name, p.PartitionIndex}
			if p.ErrorCode != 0 {
				return nil, fmt.Errorf("reading commit of %s: %w", tp, needing(onTopic(Describe, tp.Topic), kafkago.Error(p.ErrorCode)))
			}
			commits[tp] = Commit{TopicPartition: tp, Offset: p.CommittedOffset, Metadata: p.Metadata}
		}
	}
	for _, tp := range parts {
		if _, ok := commits[tp]; !ok {
			return nil, fmt.Errorf("reading commit of %s: %w", tp, errNoAnswer)
		}
	}
	return commits, nil
}

// Range is the half-open range of offsets [First, Next) that a partition holds.
type Range struct{ First, Next int64 }

// LogRange returns first and next offsets of each partition, next being the last
// stable offset: the offset that a Fetch reaches and does not pass until an open
// transaction ends.
func (c *Client) LogRange(ctx context.Context, parts []TopicPartition) (map[TopicPartition]Range, error) {
	if len(parts) == 0 {
		return map[TopicPartition]Range{}, nil
	}
	first, err := c.listOffsets(ctx, parts, kafkago.FirstOffset)
	if err != nil {
		return nil, err
	}
	next, err := c.listOffsets(ctx, parts, kafkago.LastOffset)
	if err != nil {
		return nil, err
	}
	ranges := map[TopicPartition]Range{}
	for _, tp := range parts {
		ranges[tp] = Range{First: first[tp], Next: next[tp]}
	}
	return ranges, nil
}

// OffsetsSince returns of each partition the offset of the first record that is not
// older than at, by the records' own timestamps, -1 where there is none.
func (c *Client) OffsetsSince(ctx context.Context, parts []TopicPartition, at time.Time) (map[TopicPartition]int64, error) {
	if len(parts) == 0 {
		return map[TopicPartition]int64{}, nil
	}
	// Below 0 the protocol has names, not moments.
	return c.listOffsets(ctx, parts, max(0, at.UnixMilli()))
}

// listTries is how often brokers are asked: kafka-go hides in Unknown that one of several
// could not be, be it for a connection that has just ended.
const listTries = 3

func (c *Client) listOffsets(ctx context.Context, parts []TopicPartition, timestamp int64) (offsets map[TopicPartition]int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	for range listTries {
		if offsets, err = c.askOffsets(ctx, parts, timestamp); !errors.Is(err, kafkago.Unknown) || ctx.Err() != nil {
			break
		}
		c.RefreshMetadata()
	}
	return offsets, err
}

func (c *Client) askOffsets(ctx context.Context, parts []TopicPartition, timestamp int64) (map[TopicPartition]int64, error) {
	req := &listoffsets.Request{ReplicaID: -1, IsolationLevel: readCommitted}
	for _, tp := range parts {
		req.Topics = append(req.Topics, listoffsets.RequestTopic{
			Topic: tp.Topic,
			Partitions: []listoffsets.RequestPartition{{
				Partition: tp.Partition, CurrentLeaderEpoch: -1, Timestamp: timestamp,
			}},
		})
	}
	m, err := c.roundTrip(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("listing offsets: %w", err)
	}
	offsets := map[TopicPartition]int64{}
	for _, t := range m.(*listoffsets.Response).Topics {
		for _, p := range t.Partitions {
			tp := TopicPartition{t.Topic, p.Partition}
			if p.ErrorCode != 0 {
				return nil, fmt.Errorf("listing offsets of %s: %w", tp, needing(onTopic(Describe, tp.Topic), kafkago.Error(p.ErrorCode)))
			}
			offsets[tp] = p.Offset
		}
	}
	for _, tp := range parts {
		if _, ok := offsets[tp]; !ok {
			return nil, fmt.Errorf("listing offsets of %s: %w", tp, errNoAnswer)
		}
	}
	return offsets, nil
}
