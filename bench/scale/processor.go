package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/consumers"
	"bankprocessor/internal/history"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/lease"
)

const (
	group = "scale"
	// drainTimeout is longer than a bank takes, and ends what a killed processor goes on
	// trying.
	drainTimeout = 2 * time.Second
)

// processor is the real intake, history and lease with a handler in the place of
// everything else: it waits as long as a bank takes.
type processor struct {
	node     *node
	member   *member
	consumer *consumers.Consumer
	history  *history.History
	recorder *history.Recorder
	lease    *lease.Lease
	bank     time.Duration
	quiet    *quiet

	handled, running, most atomic.Int64
	mu                     sync.Mutex
	takeovers              []time.Duration
}

// start has a processor join the group; it is given its partitions by its member.
func start(ctx context.Context, b *brokers, name string, q *quiet) (*processor, error) {
	p := &processor{
		node: &node{brokers: b}, member: newMember(name), bank: b.plan.bank, quiet: q,
	}
	cfg := consumers.Config{
		Group: group, Topics: []consumers.Topic{{Name: commandTopic}},
		MaxInFlight: b.plan.inFlight, TopicInFlight: b.plan.inFlight, DrainTimeout: drainTimeout,
	}.WithDefaults()
	p.lease = lease.New(cfg.Lease)
	logger := slog.New(slog.DiscardHandler) // a processor that is killed says much
	p.history = history.New(history.Config{}, history.Deps{Log: p.node, Decoder: b.samples.codec, Names: names, Logger: logger})
	p.recorder = p.history.Recorder(output{p.node})
	var err error
	p.consumer, err = consumers.New(cfg, consumers.Deps{
		Cluster: p.node, Join: func() (consumers.Membership, error) { return p.member, nil },
		Handler: p, History: p.history, Lease: p.lease, Observer: observer{p: p}, Logger: logger,
	})
	if err != nil {
		return nil, fmt.Errorf("building %s: %w", name, err)
	}
	if err := p.consumer.Start(ctx); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	return p, nil
}

// observer keeps how long takeovers took.
type observer struct {
	consumers.NopObserver
	p *processor
}

func (o observer) TookOver(_ kafka.TopicPartition, took time.Duration) {
	o.p.mu.Lock()
	defer o.p.mu.Unlock()
	o.p.takeovers = append(o.p.takeovers, took)
}

// Handle does what processing does with the history and the lease, and nothing else.
func (p *processor) Handle(ctx context.Context, r kafka.Record) error {
	p.quiet.heard(r.Partition)
	p.most.Store(max(p.most.Load(), p.running.Add(1)))
	defer p.running.Add(-1)
	m := &command.Message{Topic: r.Topic, Name: busy, Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value}
	id := commandID(r.Partition, r.Offset)
	past, err := p.history.Open(ctx, m, id)
	if err != nil {
		return fmt.Errorf("%w: %w", consumers.ErrReleased, err)
	}
	defer p.history.Close(m, id)
	if past.Concluded {
		return nil
	}
	if err := p.lease.Wait(ctx); err != nil {
		return fmt.Errorf("%w: %w", consumers.ErrReleased, err)
	}
	attempt := &command.Attempt{
		CommandID: id, Command: busy, Number: 1, ChannelRequestID: id, Partition: r.Partition, Offset: r.Offset,
	}
	if err := p.recorder.Attempt(ctx, m, attempt); err != nil {
		return err
	}
	if p.lease.Check() != nil {
		return lease.ErrLost
	}
	time.Sleep(p.bank)
	if err := p.recorder.Outcome(ctx, m, &command.Outcome{CommandID: id, Command: busy, Revision: 1}); err != nil {
		return err
	}
	p.handled.Add(1)
	return nil
}

// output stores attempts and outcomes, at once: a batch's way to Kafka is in the bank's
// time. A dead process stores nothing.
type output struct{ n *node }

func (o output) store(to map[int32]*stored, m *command.Message) (int64, error) {
	o.n.mu.Lock()
	cut := o.n.cut
	o.n.mu.Unlock()
	if cut {
		return 0, errCut
	}
	return o.n.append(to, m.Partition, m.Offset), nil
}

func (o output) Attempt(_ context.Context, m *command.Message, _ *command.Attempt) (int64, error) {
	return o.store(o.n.attempts, m)
}

func (o output) Outcome(_ context.Context, m *command.Message, _ *command.Outcome) (int64, error) {
	return o.store(o.n.results, m)
}

func (output) DeadLetter(context.Context, *command.DeadLetter) error { return nil }

// quiet is for how long at most no command of a partition was begun.
type quiet struct {
	last, longest []atomic.Int64 // nanoseconds since began
	began         time.Time
}

func newQuiet(partitions int) *quiet {
	return &quiet{last: make([]atomic.Int64, partitions), longest: make([]atomic.Int64, partitions), began: time.Now()}
}

func (q *quiet) heard(partition int32) {
	now := int64(time.Since(q.began))
	if was := q.last[partition].Swap(now); was > 0 {
		q.longest[partition].Store(max(q.longest[partition].Load(), now-was))
	}
}

// reset begins anew, from now on.
func (q *quiet) reset() {
	for n := range q.last {
		q.last[n].Store(int64(time.Since(q.began)))
		q.longest[n].Store(0)
	}
}

// most is the longest of those partitions.
func (q *quiet) most(parts []kafka.TopicPartition) (most time.Duration) {
	for _, tp := range parts {
		most = max(most, time.Duration(q.longest[tp.Partition].Load()))
	}
	return most
}
