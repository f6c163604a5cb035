package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

// brokers are Kafka in memory. Commands are not stored but made when they are read:
// each partition gets so many a second from a moment on. Of results and attempts it
// keeps whose they are.
type brokers struct {
	plan    plan
	names   topics.Config
	samples samples
	began   time.Time // of publishing

	mu        sync.Mutex
	results   map[int32]*stored
	attempts  map[int32]*stored
	committed map[kafka.TopicPartition]kafka.Commit
	count     counts
}

// stored is one partition of results or attempts: the offsets of the commands that
// its records are of, those of withdrawals left out.
type stored struct{ of []int64 }

// counts are what the brokers were asked for.
type counts struct {
	Fetches    int64 `json:"fetches"`
	Heartbeats int64 `json:"heartbeats"`
	// Commits are requests; Positions what they carried, and MetadataBytes their texts.
	Commits       int64 `json:"commits"`
	Positions     int64 `json:"positions"`
	MetadataBytes int64 `json:"metadataBytes"`
	MetadataMost  int   `json:"metadataMost"`
	// PastBytes and PastRecords are what takeovers have read.
	PastBytes   int64 `json:"pastBytes"`
	PastRecords int64 `json:"pastRecords"`
}

func (c counts) less(before counts) counts {
	c.Fetches -= before.Fetches
	c.Heartbeats -= before.Heartbeats
	c.Commits -= before.Commits
	c.Positions -= before.Positions
	c.MetadataBytes -= before.MetadataBytes
	c.PastBytes -= before.PastBytes
	c.PastRecords -= before.PastRecords
	return c
}

func newBrokers(p plan, s samples) *brokers {
	b := &brokers{
		plan: p, names: names, samples: s, committed: map[kafka.TopicPartition]kafka.Commit{},
		results: map[int32]*stored{}, attempts: map[int32]*stored{},
	}
	for n := range int32(2 * p.share()) {
		b.results[n], b.attempts[n] = &stored{}, &stored{}
		tp := kafka.TopicPartition{Topic: commandTopic, Partition: n}
		b.committed[tp] = kafka.Commit{TopicPartition: tp} // from the start on
	}
	b.began = time.Now()
	return b
}

func (b *brokers) counted() counts {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}

// published is how many commands a partition has by now.
func (b *brokers) published() int64 {
	return int64(time.Since(b.began).Seconds() * float64(b.plan.perPartition()))
}

// append stores a record that is of the command at offset.
func (b *brokers) append(to map[int32]*stored, partition int32, offset int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := to[partition]
	s.of = append(s.of, offset)
	return int64(len(s.of) - 1)
}

var errCut = errors.New("the process is cut off")

// node is the brokers as one processor sees them, until it is cut off.
type node struct {
	*brokers
	mu  sync.Mutex
	cut bool
}

func (n *node) die() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = true
}

// trip is the way there and back.
func (n *node) trip(ctx context.Context) error {
	if err := wait(ctx, n.plan.roundTrip); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cut {
		return errCut
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Leaders deals the partitions out to as many brokers as one share's partitions can
// have leaders among.
func (n *node) Leaders(context.Context, ...string) (map[kafka.TopicPartition]int32, error) {
	leaders := map[kafka.TopicPartition]int32{}
	for p := range n.results {
		leaders[kafka.TopicPartition{Topic: commandTopic, Partition: p}] = p % int32(n.plan.brokers)
	}
	return leaders, nil
}

// TopicIDs are no ids: the topics stay the same.
func (n *node) TopicIDs(_ context.Context, names ...string) (map[string]kafka.TopicID, error) {
	ids := map[string]kafka.TopicID{}
	for _, name := range names {
		ids[name] = kafka.TopicID{1}
	}
	return ids, nil
}

// RefreshMetadata has nothing to do.
func (n *node) RefreshMetadata() {}

// Heartbeat is heard.
func (n *node) Heartbeat(ctx context.Context, _ kafka.Member) error {
	n.brokers.mu.Lock()
	n.count.Heartbeats++
	n.brokers.mu.Unlock()
	return n.trip(ctx)
}

// CommitOffsets stores them.
func (n *node) CommitOffsets(ctx context.Context, _ kafka.Member, commits []kafka.Commit) (map[kafka.TopicPartition]error, error) {
	if err := n.trip(ctx); err != nil {
		return nil, err
	}
	n.brokers.mu.Lock()
	defer n.brokers.mu.Unlock()
	n.count.Commits++
	n.count.Positions += int64(len(commits))
	for _, c := range commits {
		n.committed[c.TopicPartition] = c
		n.count.MetadataBytes += int64(len(c.Metadata))
		n.count.MetadataMost = max(n.count.MetadataMost, len(c.Metadata))
	}
	return nil, nil
}

// CommittedOffsets returns what is stored.
func (n *node) CommittedOffsets(ctx context.Context, _ string, parts []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Commit, error) {
	if err := n.trip(ctx); err != nil {
		return nil, err
	}
	n.brokers.mu.Lock()
	defer n.brokers.mu.Unlock()
	found := map[kafka.TopicPartition]kafka.Commit{}
	for _, tp := range parts {
		found[tp] = n.committed[tp]
	}
	return found, nil
}

// log returns the partition of results or attempts, nil for one of commands.
func (b *brokers) log(tp kafka.TopicPartition) *stored {
	switch tp.Topic {
	case b.names.Attempts():
		return b.attempts[tp.Partition]
	case b.names.Result(busy):
		return b.results[tp.Partition]
	}
	return nil
}

func (b *brokers) end(tp kafka.TopicPartition) int64 {
	if l := b.log(tp); l != nil {
		return int64(len(l.of))
	}
	return b.published()
}

// LogRange is what there is.
func (n *node) LogRange(ctx context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Range, error) {
	ends, err := n.LogEnds(ctx, parts)
	ranges := map[kafka.TopicPartition]kafka.Range{}
	for tp, end := range ends {
		ranges[tp] = kafka.Range{Next: end}
	}
	return ranges, err
}

// LogEnds is where it ends.
func (n *node) LogEnds(ctx context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]int64, error) {
	if err := n.trip(ctx); err != nil {
		return nil, err
	}
	n.brokers.mu.Lock()
	defer n.brokers.mu.Unlock()
	ends := map[kafka.TopicPartition]int64{}
	for _, tp := range parts {
		ends[tp] = n.end(tp)
	}
	return ends, nil
}

// Fetch waits for something to read, at most maxWait.
func (n *node) Fetch(ctx context.Context, parts []kafka.FetchPartition, maxWait time.Duration, _ int32) ([]kafka.Fetched, error) {
	deadline := time.Now().Add(maxWait)
	n.brokers.mu.Lock()
	n.count.Fetches++
	n.brokers.mu.Unlock()
	for {
		if err := n.trip(ctx); err != nil {
			return nil, err
		}
		answers := make([]kafka.Fetched, len(parts))
		something := false
		for i, p := range parts {
			answers[i] = n.read(p)
			something = something || len(answers[i].Records) > 0
		}
		if something || !time.Now().Before(deadline) {
			return answers, nil
		}
	}
}

func (b *brokers) read(p kafka.FetchPartition) kafka.Fetched {
	b.mu.Lock()
	defer b.mu.Unlock()
	end := b.end(p.TopicPartition)
	f := kafka.Fetched{TopicPartition: p.TopicPartition, Next: p.Offset, HighWatermark: end, LastStableOffset: end}
	size := b.samples.size(p.Topic)
	most := max(1, int64(p.MaxBytes)/size)
	for ; f.Next < end && f.Next < p.Offset+most; f.Next++ {
		f.Records = append(f.Records, b.record(p.TopicPartition, f.Next))
	}
	if b.log(p.TopicPartition) != nil {
		b.count.PastRecords += int64(len(f.Records))
		b.count.PastBytes += size * int64(len(f.Records))
	}
	return f
}

// record is what stands there.
func (b *brokers) record(tp kafka.TopicPartition, offset int64) kafka.Record {
	r := kafka.Record{Topic: tp.Topic, Partition: tp.Partition, Offset: offset}
	switch log := b.log(tp); {
	case log == nil:
		r.Key = strconv.AppendUint(nil, mix(tp.Partition, offset)%uint64(b.plan.keys), 10)
		r.Value, r.Headers = b.samples.command.Value, b.samples.command.Headers
	case tp.Topic == b.names.Attempts():
		r.Value = b.samples.attemptOf(tp.Partition, log.of[offset])
	default:
		r.Headers = []kafka.Header{
			{Key: command.HeaderSubject, Value: []byte(commandID(tp.Partition, log.of[offset]))},
			{Key: command.HeaderCommandOffset, Value: strconv.AppendInt(nil, log.of[offset], 10)},
		}
	}
	return r
}

// mix scatters the keys of a partition.
func mix(partition int32, offset int64) uint64 {
	x := uint64(offset)*0x9e3779b97f4a7c15 ^ uint64(partition)<<40
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	return x ^ x>>32
}

// commandID is the id of the command at that offset.
func commandID(partition int32, offset int64) string {
	var raw [16]byte
	binary.BigEndian.PutUint32(raw[:], uint32(partition))
	binary.BigEndian.PutUint64(raw[8:], uint64(offset))
	text := make([]byte, 0, 36)
	for i, b := range raw {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, []byte{b})
	}
	return string(text)
}

// twice is how many outcomes stand twice, and stuck how many commands below what is
// committed have none.
func (b *brokers) twice() (twice, none int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for partition, log := range b.results {
		offsets := slices.Sorted(slices.Values(log.of))
		distinct := slices.Compact(offsets)
		twice += len(log.of) - len(distinct)
		done := b.committed[kafka.TopicPartition{Topic: commandTopic, Partition: partition}].Offset
		below, _ := slices.BinarySearch(distinct, done)
		none += int(done) - below
	}
	return twice, none
}
