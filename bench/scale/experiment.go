package main

import (
	"context"
	"errors"
	"runtime"
	"syscall"
	"time"

	"bankprocessor/internal/kafka"
)

// measured is what the experiment has found.
type measured struct {
	Commands int64 `json:"commands"`
	// CPUMicros and Allocations are this whole program's: Kafka in memory, timers and
	// wake-ups are in them.
	CPUMicros      float64 `json:"cpuMicrosPerCommand"`
	Allocations    float64 `json:"allocationsPerCommand"`
	PerSecond      float64 `json:"perSecond"` // of one processor
	InFlight       int64   `json:"inFlight"`  // at most
	HeapBytes      uint64  `json:"heapBytes"`
	FetchesPer     float64 `json:"fetchesPerSecond"`
	CommitsPer     float64 `json:"commitsPerSecond"`
	PositionsPer   float64 `json:"positionsPerSecond"`
	HeartbeatsPer  float64 `json:"heartbeatsPerSecond"`
	MetadataBytes  float64 `json:"metadataBytes"` // of a position, mean
	MetadataMost   int     `json:"metadataMost"`
	CommandBytes   int64   `json:"commandBytes"`
	OutcomeBytes   int64   `json:"outcomeBytes"`
	AttemptBytes   int64   `json:"attemptBytes"`
	HandOver       move    `json:"handOver"`
	Crash          move    `json:"crash"`
	OutcomesTwice  int     `json:"outcomesTwice"`
	OutcomesLost   int     `json:"outcomesLost"`
	ProcessorShare int     `json:"partitionsPerProcessor"`
}

// move is what became of partitions that moved.
type move struct {
	Partitions  int     `json:"partitions"`
	QuietMs     float64 `json:"quietMs"`  // of a moved partition, at most
	StayedMs    float64 `json:"stayedMs"` // of one that stayed where it was, at most
	PastRecords int64   `json:"pastRecords"`
	PastBytes   int64   `json:"pastBytes"`
	TakeoverMs  float64 `json:"takeoverMs"` // reading a partition's past, at most
}

func partitionsOf(first, n int) (parts []kafka.TopicPartition) {
	for i := range n {
		parts = append(parts, kafka.TopicPartition{Topic: commandTopic, Partition: int32(first + i)})
	}
	return parts
}

// experiment runs a processor with its share, then another beside it that takes the
// share over: when the first leaves in good order, and, a third one, when that second
// is killed.
func experiment(ctx context.Context, p plan) (m measured, err error) {
	s, err := newSamples()
	if err != nil {
		return m, err
	}
	share := p.share()
	b, q := newBrokers(p, s), newQuiet(2*share)
	m = measured{
		CommandBytes: s.size(commandTopic), OutcomeBytes: s.size(names.Result(busy)),
		AttemptBytes: s.size(names.Attempts()), ProcessorShare: share,
	}
	first, err := start(ctx, b, "first", q)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, first.consumer.Stop(context.WithoutCancel(ctx))) }()
	mine, others := partitionsOf(0, share), partitionsOf(share, share)
	first.member.assign(mine)
	if err := steady(ctx, p, b, first, &m); err != nil {
		return m, err
	}

	second, err := start(ctx, b, "second", q)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, second.consumer.Stop(context.WithoutCancel(ctx))) }()
	own := second.member.assign(others)
	if err := settle(ctx, p, second); err != nil {
		return m, err
	}
	before := begin(b, q)
	if err := first.consumer.Stop(ctx); err != nil { // its last commit says that it was clean
		return m, err
	}
	<-first.member.left
	if err := wait(ctx, p.heartbeat); err != nil { // until the second hears of it
		return m, err
	}
	own.end()
	<-own.ended
	second.member.assign(append(mine, others...))
	if err := settle(ctx, p, second); err != nil {
		return m, err
	}
	m.HandOver = ended(b, q, before, second, mine, others)

	third, err := start(ctx, b, "third", q)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, third.consumer.Stop(context.WithoutCancel(ctx))) }()
	before = begin(b, q)
	second.node.die()
	third.member.assign(append(mine, others...))
	if err := settle(ctx, p, third); err != nil {
		return m, err
	}
	m.Crash = ended(b, q, before, third, append(mine, others...), nil)
	if err := third.consumer.Stop(ctx); err != nil {
		return m, err
	}
	m.OutcomesTwice, m.OutcomesLost = b.twice()
	return m, nil
}

// steady measures a processor at its rate.
func steady(ctx context.Context, p plan, b *brokers, of *processor, m *measured) error {
	if err := settle(ctx, p, of); err != nil {
		return err
	}
	of.most.Store(0)
	var memory [2]runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory[0])
	before, handled, cpu, begun := b.counted(), of.handled.Load(), used(), time.Now()
	if err := wait(ctx, p.measure); err != nil {
		return err
	}
	took, n := time.Since(begun).Seconds(), of.handled.Load()-handled
	m.CPUMicros = float64(used()-cpu) / float64(time.Microsecond) / float64(n)
	runtime.ReadMemStats(&memory[1])
	c := b.counted().less(before)
	m.Commands, m.PerSecond, m.InFlight = n, float64(n)/took, of.most.Load()
	m.Allocations = float64(memory[1].Mallocs-memory[0].Mallocs) / float64(n)
	m.HeapBytes = memory[0].HeapAlloc
	m.FetchesPer, m.CommitsPer = float64(c.Fetches)/took, float64(c.Commits)/took
	m.PositionsPer, m.HeartbeatsPer = float64(c.Positions)/took, float64(c.Heartbeats)/took
	m.MetadataBytes, m.MetadataMost = float64(c.MetadataBytes)/float64(max(1, c.Positions)), c.MetadataMost
	return nil
}

// settle waits until a processor has caught up with what is published.
func settle(ctx context.Context, p plan, of *processor) error {
	for {
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			return err
		}
		st := of.consumer.Status()
		behind := len(st.Partitions) == 0
		for _, part := range st.Partitions {
			// Nothing was fetched before its end is known, and what is published within
			// the bank's time is always under way.
			behind = behind || part.HighWatermark == 0 ||
				part.Lag > int64(float64(p.perPartition())*(p.bank.Seconds()+0.2))+50
		}
		if !behind {
			return nil
		}
	}
}

func begin(b *brokers, q *quiet) counts {
	q.reset()
	return b.counted()
}

func ended(b *brokers, q *quiet, before counts, by *processor, moved, stayed []kafka.TopicPartition) move {
	c := b.counted().less(before)
	by.mu.Lock()
	defer by.mu.Unlock()
	m := move{
		Partitions: len(moved), PastRecords: c.PastRecords, PastBytes: c.PastBytes,
		QuietMs: milliseconds(q.most(moved)), StayedMs: milliseconds(q.most(stayed)),
	}
	for _, took := range by.takeovers {
		m.TakeoverMs = max(m.TakeoverMs, milliseconds(took))
	}
	return m
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// used is the processor time of this process.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
