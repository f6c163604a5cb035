package simulation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"bankprocessor/internal/kafka"
)

// requestTimeout bounds a request to Kafka.
const requestTimeout = 1500 * time.Millisecond

var (
	errDead = errors.New("the process is dead")
	errLost = fmt.Errorf("the answer was lost: %w", kafkago.NetworkException)
)

// partitionLog is one partition. What has been appended never changes.
type partitionLog struct{ records []kafka.Record }

func (l *partitionLog) next() int64 { return int64(len(l.records)) }

// store appends r and returns its offset.
func (w *world) store(r kafka.Record) int64 {
	log := w.logs[kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}]
	r.Offset, r.Time = log.next(), time.Now()
	log.records = append(log.records, r)
	return r.Offset
}

// node is Kafka as one life sees it: consumers.Cluster, history.Log and
// producers.Writer.
type node struct {
	w *world
	l *life
}

func (n node) Leaders(context.Context, ...string) (map[kafka.TopicPartition]int32, error) {
	leaders := make(map[kafka.TopicPartition]int32, len(n.w.logs))
	for tp := range n.w.logs {
		leaders[tp] = 1
	}
	return leaders, nil
}

func (n node) TopicIDs(_ context.Context, topics ...string) (map[string]kafka.TopicID, error) {
	ids := make(map[string]kafka.TopicID, len(topics))
	for _, topic := range topics {
		ids[topic] = topicID(topic)
	}
	return ids, nil
}

func topicID(topic string) (id kafka.TopicID) {
	copy(id[:], topic)
	return id
}

func (n node) RefreshMetadata() {}

func (n node) Partitions(context.Context, string) (int32, error) {
	return int32(n.w.plan.partitions), nil
}

// Fetch waits for something to read, at most maxWait.
func (n node) Fetch(ctx context.Context, parts []kafka.FetchPartition, maxWait time.Duration, _ int32) ([]kafka.Fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var answers []kafka.Fetched
	readable := func() bool {
		return slices.ContainsFunc(parts, func(p kafka.FetchPartition) bool {
			return n.w.logs[p.TopicPartition].next() > p.Offset
		})
	}
	o := &op{life: n.l, kind: kindFetch, tp: parts[0].TopicPartition, key: fmt.Sprint(parts[0].Offset), ready: readable}
	o.apply = func() bool {
		answers = n.w.read(parts)
		return true
	}
	idle := time.AfterFunc(maxWait, func() {
		n.w.mu.Lock()
		defer n.w.mu.Unlock()
		// Something to read waits for the driver, as does a fetch that is cut off.
		if slices.Contains(n.w.pending, o) && !o.applied && !readable() && !n.l.cut {
			answers = n.w.read(parts)
			n.w.answer(o, nil)
		}
	})
	defer idle.Stop()
	err := n.w.await(ctx, o)
	return answers, err
}

// read answers a fetch with what there is, or with a part of it.
func (w *world) read(parts []kafka.FetchPartition) []kafka.Fetched {
	answers := make([]kafka.Fetched, len(parts))
	for i, p := range parts {
		log := w.logs[p.TopicPartition]
		records := log.records[p.Offset:]
		answers[i] = kafka.Fetched{
			TopicPartition: p.TopicPartition, Records: slices.Clone(records), Next: log.next(),
			HighWatermark: log.next(), LastStableOffset: log.next(),
		}
	}
	return answers
}

func (n node) LogRange(ctx context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Range, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	ranges := make(map[kafka.TopicPartition]kafka.Range, len(parts))
	err := n.w.await(ctx, &op{life: n.l, kind: kindRange, tp: parts[0], apply: func() bool {
		for _, tp := range parts {
			ranges[tp] = kafka.Range{Next: n.w.logs[tp].next()}
		}
		return true
	}})
	return ranges, err
}

// LogEnds: nothing here is appended that is not shown.
func (n node) LogEnds(ctx context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]int64, error) {
	ranges, err := n.LogRange(ctx, parts)
	ends := make(map[kafka.TopicPartition]int64, len(ranges))
	for tp, r := range ranges {
		ends[tp] = r.Next
	}
	return ends, err
}

func (n node) CommittedOffsets(ctx context.Context, _ string, parts []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Commit, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	commits := make(map[kafka.TopicPartition]kafka.Commit, len(parts))
	err := n.w.await(ctx, &op{life: n.l, kind: kindPositions, apply: func() bool {
		for _, tp := range parts {
			commit, ok := n.w.group.committed[tp]
			if !ok {
				commit = kafka.Commit{TopicPartition: tp, Offset: -1}
			}
			commits[tp] = commit
		}
		return true
	}})
	return commits, err
}

func (n node) Heartbeat(ctx context.Context, m kafka.Member) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var state error
	err := n.w.await(ctx, &op{life: n.l, kind: kindHeartbeat, apply: func() bool {
		state = n.w.group.heartbeat(m)
		return true
	}})
	return cmp.Or(err, state)
}

func (n node) CommitOffsets(ctx context.Context, m kafka.Member, commits []kafka.Commit) (map[kafka.TopicPartition]error, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	refused := make(map[kafka.TopicPartition]error)
	err := n.w.await(ctx, &op{life: n.l, kind: kindCommit, tp: commits[0].TopicPartition, apply: func() bool {
		if why := n.w.group.commit(m, commits); why != nil {
			for _, c := range commits {
				refused[c.TopicPartition] = why
			}
		}
		return true
	}})
	if errors.Is(err, errDead) {
		return nil, fmt.Errorf("%w: %w", err, kafkago.UnknownMemberId) // it unwinds at once
	}
	return refused, err
}

// Produce stores a record while its process has the lease, as internal/kafka does,
// and again for every answer that gets lost, as internal/producers does.
func (n node) Produce(ctx context.Context, r kafka.Record) (offset int64, err error) {
	tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
	o := &op{
		life: n.l, kind: kindProduce, tp: tp, key: n.w.describe(r),
		ready: func() bool { return n.l.lease.Check() == nil },
	}
	o.apply = func() bool {
		n.w.judgeActor(n.l, tp.Partition, r, "writes "+tp.Topic)
		offset = n.w.store(r)
		n.w.judgeRecord(n.l, tp, r, offset)
		return true
	}
	err = n.w.await(ctx, o)
	return offset, err
}
