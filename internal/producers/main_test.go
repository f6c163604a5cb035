package producers

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"bankprocessor/internal/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a broker cluster in a bubble with a Batcher that writes to it.
type bench struct {
	*testing.T
	cluster  *kfake.Cluster
	client   *kafka.Client
	batcher  *Batcher
	observed *observed
	network  *network
	permit   *permit
}

// permit is asked by the client whether it may produce; nil permits.
type permit struct{ ask atomic.Pointer[func() error] }

func (p *permit) set(ask func() error) { p.ask.Store(&ask) }

func (p *permit) check() error {
	if ask := p.ask.Load(); ask != nil {
		return (*ask)()
	}
	return nil
}

// network is the cluster's network with a switch.
type network struct {
	kfake.VirtualNetwork
	down  atomic.Bool
	mu    sync.Mutex
	open  []net.Conn
	dials int // that succeeded
}

var errDown = &net.OpError{Op: "dial", Err: errors.New("the network is down")}

func (n *network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if n.down.Load() {
		return nil, errDown
	}
	conn, err := n.DialContext(ctx, network, address)
	if err == nil {
		n.mu.Lock()
		n.open, n.dials = append(n.open, conn), n.dials+1
		n.mu.Unlock()
	}
	return conn, err
}

// cut takes the network down and ends every connection.
func (n *network) cut() {
	n.down.Store(true)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.open {
		_ = c.Close()
	}
	n.open = nil
}

// inBubble runs f with topics "a" and "b" of four partitions each, led by two
// brokers, under a clock of its own.
func inBubble(t *testing.T, cfg Config, f func(b *bench)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, p := &network{}, &permit{}
		cluster, err := kfake.NewCluster(kfake.Ports(9092, 9093), kfake.ListenFn(n.Listen), kfake.SeedTopics(4, "a", "b"))
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		client, err := kafka.New(kafka.Config{Brokers: cluster.ListenAddrs(), Dial: n.dial, MayProduce: p.check})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		o := &observed{retried: map[kafka.ErrorClass]int{}}
		batcher, err := NewBatcher(cfg, client, o, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		batcher.Start(t.Context())
		f(&bench{T: t, cluster: cluster, client: client, batcher: batcher, observed: o, network: n, permit: p})
		if err := batcher.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

// submit hands a record over without waiting, so that a test knows the order.
func (b *bench) submit(r kafka.Record) *entry {
	e := b.batcher.entries.get(r)
	if !b.batcher.accept(e) {
		b.Fatal(ErrStopped)
	}
	return e
}

// stored reads a partition from its start to its end.
func (b *bench) stored(tp kafka.TopicPartition) []kafka.Record {
	b.Helper()
	var records []kafka.Record
	for next := int64(0); ; {
		fetched, err := b.client.Fetch(b.Context(), []kafka.FetchPartition{
			{TopicPartition: tp, Offset: next, MaxBytes: 64 << 20},
		}, 0, 64<<20)
		if err != nil || fetched[0].Err != nil {
			b.Fatal(err, fetched[0].Err)
		}
		records = append(records, fetched[0].Records...)
		if next = fetched[0].Next; next >= fetched[0].HighWatermark {
			return records
		}
	}
}

func (b *bench) storedValues(tp kafka.TopicPartition) []string {
	b.Helper()
	var values []string
	for _, r := range b.stored(tp) {
		values = append(values, string(r.Value))
	}
	return values
}

// observed counts what an Observer is told.
type observed struct {
	mu                                            sync.Mutex
	produced, refused, requests, records, omitted int
	retried                                       map[kafka.ErrorClass]int
}

func (o *observed) Produced(_ string, _ time.Duration, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.refused++
		return
	}
	o.produced++
}

func (o *observed) Batched(records int, _ int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests++
	o.records += records
}

func (o *observed) Retried(_ string, class kafka.ErrorClass) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.retried[class]++
}

func (o *observed) Omitted(string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.omitted++
}

// sent is how many requests have left.
func (o *observed) sent() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.requests
}

// dialled is how many connections there have been.
func (n *network) dialled() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials
}
