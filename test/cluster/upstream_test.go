package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A publisher offers pace commands a second until a fault is over and its backlog
// worked off, and as many as rush afterwards.
const (
	pace   = 150
	rush   = 2000
	stride = 20 * time.Millisecond
)

// sent is what upstream knows of a command.
type sent struct {
	order
	at           place
	handed, acks time.Time // acks is zero until the command is acknowledged
}

// upstream publishes commands with acks=all through an idempotent producer, so that
// what stands twice in a command topic is no doing of its own.
type upstream struct {
	client *kgo.Client
	drafts *drafts

	mu      sync.Mutex
	sent    []sent
	waiting int // handed over and not acknowledged
	failed  error
	settled chan struct{} // closed and renewed at every acknowledgement
}

func newUpstream(addresses []string, d *drafts) (*upstream, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(addresses...),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.MaxBufferedRecords(100_000),
		kgo.ProduceRequestTimeout(5*time.Second), kgo.RequestTimeoutOverhead(2*time.Second),
		kgo.DialTimeout(time.Second), kgo.MetadataMaxAge(2*time.Second), kgo.MetadataMinAge(250*time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration { return 250 * time.Millisecond }),
	)
	if err != nil {
		return nil, fmt.Errorf("building the upstream: %w", err)
	}
	return &upstream{client: client, drafts: d, settled: make(chan struct{})}, nil
}

// publish offers commands at pace until calm is closed, and then at rush until
// there are at least least of them.
func (u *upstream) publish(ctx context.Context, least int, calm <-chan struct{}) error {
	ticker := time.NewTicker(stride)
	defer ticker.Stop()
	rate, handed := pace, 0
	for calm != nil || handed < least {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-calm:
			rate, calm = rush, nil
		case <-ticker.C:
			for range rate * int(stride) / int(time.Second) {
				if err := u.hand(ctx); err != nil {
					return err
				}
				handed++
			}
		}
	}
	return nil
}

func (u *upstream) hand(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	record, err := u.drafts.next()
	if err != nil {
		return fmt.Errorf("drafting a command: %w", err)
	}
	n := len(u.sent)
	u.sent = append(u.sent, sent{order: u.drafts.made[n], handed: time.Now()})
	u.waiting++
	u.client.TryProduce(context.WithoutCancel(ctx), record, func(r *kgo.Record, err error) { u.acknowledged(n, r, err) })
	return nil
}

func (u *upstream) acknowledged(n int, r *kgo.Record, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting--
	if err != nil {
		u.failed = errors.Join(u.failed, fmt.Errorf("command %d: %w", n, err))
	} else {
		u.sent[n].acks, u.sent[n].at = time.Now(), place{r.Topic, r.Partition}
	}
	close(u.settled)
	u.settled = make(chan struct{})
}

// flush waits until everything is acknowledged.
func (u *upstream) flush(ctx context.Context) error {
	for {
		u.mu.Lock()
		waiting, failed, settled := u.waiting, u.failed, u.settled
		u.mu.Unlock()
		if waiting == 0 || failed != nil {
			return failed
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return fmt.Errorf("%d commands are not acknowledged: %w", waiting, context.Cause(ctx))
		}
	}
}

// from returns what has been sent since the n-th command.
func (u *upstream) from(n int) []sent {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]sent(nil), u.sent[n:]...)
}

func (u *upstream) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.sent)
}
