package cluster

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/topics"
)

// told is what downstream has read of a command.
type told struct {
	first  time.Time // when the first of its records came
	times  int       // how many records there are
	text   string    // what the first one says
	others []string  // what the later ones say, where that is something else
}

// downstream reads all results and dead letters, read-committed, without a group.
type downstream struct {
	client *kgo.Client
	codec  *codec.Codec
	topics topics.Config

	mu       sync.Mutex
	told     map[int]*told
	arrivals []arrival
	letters  []string
	odd      []string
	arrived  chan struct{} // closed and renewed at every fetch
}

// arrival is one outcome that was new.
type arrival struct {
	at    time.Time
	place place
}

func newDownstream(addresses []string, c *codec.Codec, t topics.Config) (*downstream, error) {
	d := &downstream{codec: c, topics: t, told: map[int]*told{}, arrived: make(chan struct{})}
	all := []string{t.DeadLetter()}
	for _, n := range command.Names() {
		all = append(all, t.Result(n))
	}
	var err error
	d.client, err = kgo.NewClient(kgo.SeedBrokers(addresses...), kgo.ConsumeTopics(all...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(250*time.Millisecond), kgo.RequestTimeoutOverhead(time.Second), kgo.DialTimeout(time.Second),
		kgo.MetadataMaxAge(time.Second), kgo.MetadataMinAge(250*time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration { return 100 * time.Millisecond }),
	)
	if err != nil {
		return nil, fmt.Errorf("building the downstream: %w", err)
	}
	return d, nil
}

// run reads until ctx ends.
func (d *downstream) run(ctx context.Context) {
	for ctx.Err() == nil {
		fetches := d.client.PollFetches(ctx) // failures pass: the client tries on by itself
		d.mu.Lock()
		fetches.EachRecord(d.take)
		close(d.arrived)
		d.arrived = make(chan struct{})
		d.mu.Unlock()
	}
}

func (d *downstream) take(r *kgo.Record) {
	if r.Topic == d.topics.DeadLetter() {
		d.letters = append(d.letters, header(r, "dlq-command-id")+" "+header(r, "dlq-code"))
		return
	}
	n, err := numberOf(header(r, "ce_subject"))
	if err != nil {
		d.odd = append(d.odd, err.Error())
		return
	}
	text := d.text(r)
	seen := d.told[n]
	if seen == nil {
		now := time.Now()
		d.told[n] = &told{first: now, times: 1, text: text}
		d.arrivals = append(d.arrivals, arrival{now, place{r.Topic, r.Partition}})
		return
	}
	seen.times++
	if text != seen.text {
		seen.others = append(seen.others, text)
	}
}

// text is all that an outcome says of the command and the bank. The moment at
// which it was written is not part of it: one that had to be written again says
// another.
func (d *downstream) text(r *kgo.Record) string {
	name, _ := command.ParseName(strings.TrimSuffix(strings.TrimPrefix(r.Topic, d.topics.Prefix), ".result"))
	o, err := d.codec.DecodeOutcome(context.Background(), name, r.Value)
	if err != nil {
		return "unreadable: " + err.Error()
	}
	return fmt.Sprintf("%s %s, event %s, request %s, reference %s, attempts %d",
		o.Status, o.Code, header(r, "ce_id"), o.ChannelRequestID, o.BankReference, o.Attempts)
}

func header(r *kgo.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

// await waits until the commands from..to-1 all have an outcome, and says how many
// have none when ctx ends first.
func (d *downstream) await(ctx context.Context, from, to int) (missing int) {
	for {
		d.mu.Lock()
		for missing = 0; from < to && d.told[from] != nil; {
			from++
		}
		for n := from; n < to; n++ {
			if d.told[n] == nil {
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
