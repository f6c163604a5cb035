package producers

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
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

	in chan *entry

	mu       sync.Mutex
	started  bool
	stopped  bool
	stopping chan struct{} // closed by the first Stop
	cancel   context.CancelCauseFunc
	done     chan struct{} // closed when nothing runs any more
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
		in:       make(chan *entry, 256),
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
	}, nil
}

// entry is one record on its way.
type entry struct {
	record kafka.Record
	size   int64
	result chan result // of capacity 1
	// abandoned says that the caller has gone: a record that has not left by then
	// does not leave.
	abandoned atomic.Bool
}

type result struct {
	offset int64
	err    error
}

// Produce returns the record's offset once it is stored with acks=all. Topic and
// Partition say where. Failures that pass are retried for as long as ctx lives.
// When ctx ends first, its cause is returned, and the record may or may not be
// stored, now or later. kafka.Class tells a record that is too large.
func (b *Batcher) Produce(ctx context.Context, r kafka.Record) (offset int64, err error) {
	start := time.Now()
	defer func() { b.observer.Produced(r.Topic, time.Since(start), err) }()
	e := &entry{record: r, size: sizeOf(&r), result: make(chan result, 1)}
	select {
	case b.in <- e:
	case <-ctx.Done():
		return -1, context.Cause(ctx)
	case <-b.stopping:
		return -1, ErrStopped
	}
	select {
	case res := <-e.result:
		return res.offset, res.err
	case <-ctx.Done():
		e.abandoned.Store(true)
		return -1, context.Cause(ctx)
	case <-b.done:
	}
	select { // stored in the last moment
	case res := <-e.result:
		return res.offset, res.err
	default:
		return -1, ErrStopped
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
	d := newDispatcher(b)
	go func() {
		defer close(b.done)
		d.run(ctx)
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
		if !b.started {
			close(b.done)
		}
	}
	cancel := b.cancel
	b.mu.Unlock()
	select {
	case <-b.done:
		return nil
	case <-ctx.Done():
	}
	if cancel == nil {
		return nil // never started
	}
	cancel(ErrStopped)
	<-b.done
	return context.Cause(ctx)
}

// overhead is what a record costs on the wire beside its bytes, roughly.
const overhead = 32

func sizeOf(r *kafka.Record) int64 {
	n := overhead + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value) + 4
	}
	return int64(n)
}
