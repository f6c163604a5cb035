package producers

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"bankprocessor/internal/kafka"
)

// ErrStopped is what Produce answers once the Batcher is stopped. The record may
// or may not be stored.
var ErrStopped = errors.New("producers: stopped")

// Batcher writes records for many callers. Stop may come before Start, twice, or
// meanwhile; Start does nothing after Stop or a second time.
type Batcher struct {
	cfg      Config
	cluster  Cluster
	observer Observer
	log      *slog.Logger

	stopping chan struct{} // closed by the first Stop
	drained  chan struct{} // closed once stopped and nothing is pending
	done     chan struct{} // closed when nothing runs any more
	unknown  chan struct{} // of capacity 1: there are queues to be resolved
	workers  sync.WaitGroup
	entries  entryPool

	mu sync.Mutex // guards what follows, queues, lanes and entries
	// started, stopped, ended: everybody has been answered, and nobody is any more.
	started, stopped, ended bool
	cancel                  context.CancelCauseFunc

	queues     map[kafka.TopicPartition]*queue
	lanes      map[int32]*lane
	unresolved map[string][]*queue // by topic
	asleep     []*queue
	timer      *time.Timer // of those asleep; nil before the first
	alarm      time.Time   // that timer's
	pending    int         // records accepted and not answered
	trouble    trouble
}

// NewBatcher returns a Batcher that runs from Start on. A Config without its
// defaults gets them.
func NewBatcher(cfg Config, cluster Cluster, observer Observer, log *slog.Logger) (*Batcher, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Batcher{
		cfg: cfg, cluster: cluster, observer: observer, log: log,
		stopping:   make(chan struct{}),
		drained:    make(chan struct{}),
		done:       make(chan struct{}),
		unknown:    make(chan struct{}, 1),
		queues:     map[kafka.TopicPartition]*queue{},
		lanes:      map[int32]*lane{},
		unresolved: map[string][]*queue{},
		trouble:    newTrouble(log),
	}, nil
}

// Produce returns the record's offset once it is stored with acks=all. Topic and
// Partition say where. Failures that pass are retried for as long as ctx lives.
// When ctx ends first, its cause is returned, and the record may or may not be
// stored, now or later. kafka.Class tells a record that is too large.
func (b *Batcher) Produce(ctx context.Context, r kafka.Record) (offset int64, err error) {
	start := time.Now()
	offset, err = b.produce(ctx, b.entries.get(r))
	b.observer.Produced(r.Topic, time.Since(start), err)
	return offset, err
}

func (b *Batcher) produce(ctx context.Context, e *entry) (offset int64, err error) {
	if ctx.Err() != nil {
		return -1, context.Cause(ctx)
	}
	if !b.accept(e) {
		return -1, ErrStopped
	}
	select {
	case res := <-e.result:
		b.entries.put(e)
		return res.offset, res.err
	case <-ctx.Done():
		b.abandon(e)
		return -1, context.Cause(ctx)
	}
}

// Partitions returns how many partitions a topic has. It waits as Produce does.
func (b *Batcher) Partitions(ctx context.Context, topic string) (int32, error) {
	for attempt := 0; ; attempt++ {
		leaders, err := b.cluster.Leaders(ctx, topic)
		if err == nil {
			return int32(len(leaders)), nil
		}
		class := kafka.Class(err)
		if !class.Passing() {
			return 0, err
		}
		b.observer.Retried(topic, class)
		if attempt == 0 {
			b.log.Warn("topic cannot be looked up, records wait", "topic", topic, "class", class.String(), "error", err)
		}
		wait := time.NewTimer(b.backoff(attempt))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return 0, errors.Join(context.Cause(ctx), err)
		case <-b.stopping:
			wait.Stop()
			return 0, ErrStopped
		}
	}
}

// backoff is drawn from [0, min(BackoffMax, BackoffInitial·2ⁿ)).
func (b *Batcher) backoff(attempt int) time.Duration {
	ceiling := b.cfg.BackoffMax
	if attempt < 30 {
		ceiling = min(ceiling, b.cfg.BackoffInitial<<attempt)
	}
	return rand.N(ceiling)
}

// Start begins to write. ctx lends its values; its end stops nothing, since what
// is accepted must be stored: Stop ends it all.
func (b *Batcher) Start(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.started || b.stopped {
		return
	}
	b.started = true
	ctx, b.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	cancel := b.cancel
	b.workers.Go(func() { b.resolve(ctx) })
	go func() {
		defer close(b.done)
		select {
		case <-b.drained:
		case <-ctx.Done():
		}
		b.giveUp()
		cancel(ErrStopped)
		b.workers.Wait()
	}()
}

// Stop refuses new records, waits until those accepted are stored, and returns
// when nothing runs any more. When ctx ends first, the rest is given up with
// ErrStopped, and ctx's cause is returned.
func (b *Batcher) Stop(ctx context.Context) error {
	b.mu.Lock()
	if !b.stopped {
		b.stopped = true
		close(b.stopping)
		b.answered(0)
	}
	started, cancel := b.started, b.cancel
	b.mu.Unlock()
	if !started {
		b.giveUp()
		return nil
	}
	select {
	case <-b.done:
		return nil
	case <-ctx.Done():
	}
	cancel(ErrStopped)
	<-b.done
	return context.Cause(ctx)
}

// answered counts records that are no longer pending. mu is held.
func (b *Batcher) answered(records int) {
	b.pending -= records
	if b.stopped && b.pending == 0 && !b.ended {
		select {
		case <-b.drained:
		default:
			close(b.drained)
		}
	}
}
