package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// upstream publishes commands with acks=all through an idempotent producer, so that
// what stands twice in a command topic was meant to.
type upstream struct {
	client *kgo.Client
	drafts *drafts
	r      *rand.Rand // for what is published again
	again  int        // one in so many; 0 for none

	mu     sync.Mutex
	failed error
	timers sync.WaitGroup
}

func newUpstream(brokers []string, d *drafts, r *rand.Rand, again int) (*upstream, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.RequiredAcks(kgo.AllISRAcks()), kgo.MaxBufferedRecords(100_000),
		kgo.ProduceRequestTimeout(5*time.Second), kgo.RequestTimeoutOverhead(2*time.Second), kgo.DialTimeout(time.Second),
		kgo.MetadataMaxAge(2*time.Second), kgo.MetadataMinAge(250*time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration { return 250 * time.Millisecond }))
	if err != nil {
		return nil, fmt.Errorf("building the upstream: %w", err)
	}
	return &upstream{client: client, drafts: d, r: r, again: again}, nil
}

// stride is how often upstream publishes.
const stride = 20 * time.Millisecond

// publish publishes so many commands at that pace, a second, and returns their ids
// once all of them are acknowledged.
func (u *upstream) publish(ctx context.Context, count, pace int) (ids []string, err error) {
	ticker := time.NewTicker(stride)
	defer ticker.Stop()
	for owed := 0; len(ids) < count; {
		select {
		case <-ctx.Done():
			return ids, context.Cause(ctx)
		case <-ticker.C:
		}
		for owed += pace * int(stride); owed >= int(time.Second) && len(ids) < count; owed -= int(time.Second) {
			record, id, err := u.drafts.next()
			if err != nil {
				return ids, err
			}
			ids = append(ids, id)
			u.hand(ctx, record)
		}
	}
	if err := u.client.Flush(ctx); err != nil {
		return ids, fmt.Errorf("publishing: %w", err)
	}
	u.timers.Wait()
	if err := u.client.Flush(ctx); err != nil {
		return ids, fmt.Errorf("publishing again: %w", err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return ids, u.failed
}

// hand publishes a command and, for some, the same bytes once more, some seconds
// after they were acknowledged.
func (u *upstream) hand(ctx context.Context, record *kgo.Record) {
	var later time.Duration
	if u.again > 0 && u.r.IntN(u.again) == 0 {
		later = time.Duration(u.r.Int64N(int64(8 * time.Second)))
		u.timers.Add(1)
	}
	u.client.Produce(ctx, record, func(r *kgo.Record, err error) {
		u.note(err)
		if later == 0 {
			return
		}
		copied := &kgo.Record{Topic: r.Topic, Key: r.Key, Value: r.Value, Headers: r.Headers}
		go func() {
			defer u.timers.Done()
			if wait(ctx, later) == nil {
				u.client.Produce(ctx, copied, func(_ *kgo.Record, err error) { u.note(err) })
			}
		}()
	})
}

func (u *upstream) note(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.failed = errors.Join(u.failed, err)
}
