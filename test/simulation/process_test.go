package simulation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/consumers"
	"bankprocessor/internal/history"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/lease"
	"bankprocessor/internal/processing"
	"bankprocessor/internal/producers"
)

// life is one process from its start to its end, with the real packages in it. Its
// fields are guarded by the world's lock.
type life struct {
	w        *world
	number   int
	name     string
	lease    *lease.Lease
	consumer *consumers.Consumer

	stopped bool // by a signal: nothing of it leaves or arrives
	cut     bool // off Kafka, not off the bank
	dead    bool
	leaving bool
	held    bool // it had its lease, when last looked at
	died    chan struct{}
	gone    chan struct{} // nothing of it runs any more

	member *member
	serves *generation
	closed chan struct{} // the membership is
}

// start builds a process as internal/app does and starts it.
func (w *world) start(t testing.TB) {
	l := &life{
		w: w, number: len(w.lives), name: fmt.Sprintf("p%d", len(w.lives)+1), lease: lease.New(leaseTerm),
		died: make(chan struct{}), gone: make(chan struct{}), closed: make(chan struct{}),
	}
	n := node{w, l}
	past := history.New(history.Config{Window: w.plan.window}, history.Deps{Log: n, Decoder: w.commands, Names: names{}})
	publisher := producers.NewPublisher(n, producers.PublisherConfig{
		Encoder: w.commands, Names: names{}, Observer: producers.NopObserver{},
	})
	processor := processing.New(processingConfig, processing.Deps{
		Decoder: w.commands, Bank: bankClient{w.bank, l}, Publisher: past.Recorder(publisher), History: past, Lease: l.lease,
		Fenced: func(cause error) bool { return errors.Is(cause, consumers.ErrFenced) },
	})
	cfg := consumersConfig
	cfg.Topics = w.commands.topics
	consumer, err := consumers.New(cfg, consumers.Deps{
		Cluster: n, Handler: handler{processor}, History: past, Lease: l.lease,
		Join: func() (consumers.Membership, error) { return membership{w, l}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	l.consumer = consumer
	w.lives = append(w.lives, l)
	w.tell(l.name, "starts", kafka.TopicPartition{}, "", "")
	go func() {
		if err := consumer.Start(context.Background()); err != nil && !errors.Is(err, consumers.ErrStopped) {
			panic(err)
		}
	}()
}

// The configuration leaves no wait to chance, so that a seed gives one schedule.
var (
	processingConfig = processing.Config{
		BackoffInitial: 1, BackoffMax: 1, RetryRate: 1e6, RetryBurst: 1000,
		Settle:       []time.Duration{200 * time.Millisecond, 500 * time.Millisecond},
		PublishGrace: 300 * time.Millisecond,
	}
	consumersConfig = consumers.Config{
		Group: "simulation", SessionTimeout: sessionTimeout, RebalanceTimeout: rebalanceTimeout,
		HeartbeatInterval: heartbeatInterval, DrainTimeout: time.Second, Lease: leaseTerm,
		CommitInterval: time.Second, FetchWait: 250 * time.Millisecond, FetchTimeout: 10 * time.Second,
		RetryInitial: 1, RetryMax: 1,
	}
)

// reachable says whether requests of l to Kafka arrive, and their answers too.
func (l *life) reachable() bool { return l.running() && !l.cut }

func (l *life) running() bool { return !l.dead && !l.stopped }

// kill ends a process where it stands. What it has asked for and has not had its
// effect never has one; calls that the bank has got go on there. Its goroutines
// unwind with nothing that they do being seen by anybody.
func (l *life) kill() {
	l.dead, l.stopped = true, false
	close(l.died)
	l.w.group.lose(l.member, time.Duration(l.w.rng.Int64N(int64(heartbeatInterval))))
	kept := l.w.pending[:0]
	for _, o := range l.w.pending {
		if o.life != l || o.call != nil && o.call.left {
			kept = append(kept, o)
		}
	}
	clear(l.w.pending[len(kept):])
	l.w.pending = kept
	if l.serves != nil {
		l.serves.end()
	}
	l.bury()
}

// bury stops the consumer and says when all of it has ended.
func (l *life) bury() {
	if l.leaving {
		return
	}
	l.leaving = true
	go func() {
		defer close(l.gone)
		_ = l.consumer.Stop(context.Background())
	}()
}

// membership is a life's consumers.Membership.
type membership struct {
	w *world
	l *life
}

func (m membership) Next(ctx context.Context) (consumers.Generation, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-m.l.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	o := &op{life: m.l, kind: kindJoin}
	o.apply = func() bool {
		g := m.w.group
		if m.l.member == nil || !g.has(m.l.member) {
			g.names++
			m.l.member = &member{id: fmt.Sprintf("%s#%d", m.l.name, g.names), life: m.l}
		}
		g.asks(m.l.member, o)
		return o.applied
	}
	o.ready = func() bool { return m.l.member == nil || m.l.member.join != o }
	if m.w.await(ctx, o) != nil {
		return nil, kafka.ErrGroupClosed
	}
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	g := &generation{w: m.w, l: m.l, parts: m.l.member.parts, member: kafka.Member{
		Group: consumersConfig.Group, MemberID: m.l.member.id, GenerationID: m.l.member.generation,
	}}
	g.running.Add(1)
	g.ctx, g.end = context.WithCancel(context.WithoutCancel(ctx))
	m.l.serves = g
	return g, nil
}

// Close ends the generation, waits for it, and says goodbye.
func (m membership) Close(context.Context) error {
	m.w.mu.Lock()
	close(m.l.closed)
	g := m.l.serves
	if g != nil {
		g.end()
	}
	m.w.mu.Unlock()
	if g != nil {
		g.running.Wait()
	}
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	if m.l.reachable() && m.l.member != nil {
		m.w.tell(m.l.name, "leaves", kafka.TopicPartition{}, m.l.member.id, "")
		m.w.group.remove(m.l.member)
	}
	return nil
}

// generation is a life's consumers.Generation.
type generation struct {
	w       *world
	l       *life
	member  kafka.Member
	parts   []kafka.TopicPartition
	ctx     context.Context
	end     context.CancelFunc
	notice  time.Time      // when its life learns that it is over
	running sync.WaitGroup // until Run has returned
}

func (g *generation) Member() kafka.Member               { return g.member }
func (g *generation) Partitions() []kafka.TopicPartition { return g.parts }

func (g *generation) Run(work func(ctx context.Context)) {
	defer g.running.Done()
	work(g.ctx)
	g.end()
	g.w.mu.Lock()
	defer g.w.mu.Unlock()
	g.l.serves = nil
}
