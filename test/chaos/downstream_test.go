package chaos

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/topics"
	"bankprocessor/test/chaos/checker"
)

// downstream follows the results: it says which commands have one, so that the driver
// knows when all is done, and which flows have been created. It judges nothing.
type downstream struct {
	client           *kgo.Client
	codec            *codec.Codec
	customers        func(id string, created *command.CustomerCreated)
	created, updated string // topics

	mu      sync.Mutex
	told    map[string]bool
	arrived chan struct{} // closed and renewed at every fetch
}

func newDownstream(brokers []string, events *codec.Codec, t topics.Config, customers func(string, *command.CustomerCreated)) (*downstream, error) {
	var all []string
	for _, n := range command.Names() {
		all = append(all, t.Result(n))
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(all...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(250*time.Millisecond),
		kgo.RequestTimeoutOverhead(time.Second), kgo.DialTimeout(time.Second),
		kgo.MetadataMaxAge(time.Second), kgo.MetadataMinAge(250*time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("building the downstream: %w", err)
	}
	return &downstream{
		client: client, codec: events, customers: customers,
		created: t.Result(command.CustomerCreate), updated: t.Result(command.CustomerUpdate),
		told: map[string]bool{}, arrived: make(chan struct{}),
	}, nil
}

// run reads until ctx ends.
func (d *downstream) run(ctx context.Context) {
	for ctx.Err() == nil {
		fetches := d.client.PollFetches(ctx) // failures pass: the client tries on by itself
		d.mu.Lock()
		fetches.EachRecord(func(r *kgo.Record) {
			id := checker.Header(r, command.HeaderSubject)
			d.told[id] = true
			switch r.Topic {
			case d.created:
				d.flow(ctx, id, r)
			case d.updated:
				d.customers(id, nil)
			}
		})
		close(d.arrived)
		d.arrived = make(chan struct{})
		d.mu.Unlock()
	}
}

func (d *downstream) flow(ctx context.Context, id string, r *kgo.Record) {
	o, err := d.codec.DecodeOutcome(ctx, command.CustomerCreate, r.Value)
	if err != nil {
		return // which the checker will say
	}
	if created, ok := o.Result.(*command.CustomerCreated); ok && created != nil && o.Status == command.Succeeded {
		d.customers(id, created)
	}
}

// await waits until all of them have an outcome, and says how many have none when ctx
// ends first.
func (d *downstream) await(ctx context.Context, ids []string) (missing int) {
	for {
		d.mu.Lock()
		missing = 0
		for _, id := range ids {
			if !d.told[id] {
				missing++
			}
		}
		arrived := d.arrived
		d.mu.Unlock()
		if missing == 0 {
			return 0
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return missing
		}
	}
}
