package downstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

// Options say what to watch.
type Options struct {
	// Commands whose outcomes are watched; empty for all seven.
	Commands []command.Name
	// DeadLetters adds the dead letters.
	DeadLetters bool
	// FromBeginning starts at the first record that still exists instead of
	// at the end.
	FromBeginning bool
}

// Watcher reads events from the positions that Open took.
type Watcher struct {
	client *kafka.Client
	reader reader
	topics []string
	next   map[kafka.TopicPartition]int64
	only   *kafka.TopicPartition // nil for all
}

const (
	fetchWait  = 250 * time.Millisecond
	fetchBytes = 8 << 20
	partBytes  = 1 << 20
	retryWait  = 250 * time.Millisecond
	// electionWait bounds how long Open waits for partitions to have a leader: a
	// broker may say that a topic is made a moment before it leads it.
	electionWait = 10 * time.Second
)

// Open takes the positions: what is published from now on will be seen.
func Open(ctx context.Context, client *kafka.Client, c *codec.Codec, t topics.Config, o Options) (*Watcher, error) {
	if len(o.Commands) == 0 {
		o.Commands = command.Names()
	}
	w := &Watcher{client: client, reader: newReader(c, t), next: map[kafka.TopicPartition]int64{}}
	for _, n := range o.Commands {
		w.topics = append(w.topics, t.Result(n))
	}
	if o.DeadLetters {
		w.topics = append(w.topics, t.DeadLetter())
	}
	return w, w.open(ctx, o.FromBeginning)
}

// OpenDeadLetters takes the positions of the oldest dead letters that are kept.
func OpenDeadLetters(ctx context.Context, client *kafka.Client, t topics.Config) (*Watcher, error) {
	w := &Watcher{client: client, reader: newReader(nil, t), topics: []string{t.DeadLetter()}, next: map[kafka.TopicPartition]int64{}}
	return w, w.open(ctx, true)
}

// Only narrows the watch to one partition, from an offset on.
func (w *Watcher) Only(tp kafka.TopicPartition, from int64) {
	w.only, w.next = &tp, map[kafka.TopicPartition]int64{tp: from}
}

func (w *Watcher) open(ctx context.Context, fromBeginning bool) error {
	ranges, err := w.ranges(ctx)
	if err != nil {
		return fmt.Errorf("opening watch: %w", err)
	}
	for tp, r := range ranges {
		w.next[tp] = r.Next
		if fromBeginning {
			w.next[tp] = r.First
		}
	}
	return nil
}

// ranges are what the topics' partitions hold.
func (w *Watcher) ranges(ctx context.Context) (map[kafka.TopicPartition]kafka.Range, error) {
	for deadline := time.Now().Add(electionWait); ; w.client.RefreshMetadata() {
		leaders, err := w.client.Leaders(ctx, w.topics...)
		if err != nil {
			return nil, err
		}
		ranges, err := w.client.LogRange(ctx, slices.Collect(maps.Keys(leaders)))
		if kafka.Class(err) != kafka.ClassLeaderMoved || time.Now().After(deadline) {
			return ranges, err
		}
		select {
		case <-time.After(retryWait):
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), err)
		}
	}
}

// Run hands every event to emit, those of one partition in order and one at a
// time, until emit returns false, which ends Run with nil, or ctx ends. Failures
// that pass are waited out. It may be called again and goes on where it ended.
func (w *Watcher) Run(ctx context.Context, emit func(Event) bool) error {
	for more := true; more; {
		var err error
		if more, err = w.step(ctx, emit); err != nil {
			return err
		}
	}
	return nil
}

// CatchUp hands what has been published until now to emit, and returns. It is
// how a watch that ends with an outcome still sees the command's dead letter,
// which is published first but may stand with another broker.
func (w *Watcher) CatchUp(ctx context.Context, emit func(Event)) error {
	return w.ReadToEnd(ctx, func(e Event) bool { emit(e); return true })
}

// ReadToEnd hands what has been published until now to emit, until that returns
// false, and returns. It holds no more than one answer of each broker at a time.
func (w *Watcher) ReadToEnd(ctx context.Context, emit func(Event) bool) error {
	ranges, err := w.client.LogRange(ctx, slices.Collect(maps.Keys(w.next)))
	if err != nil {
		return fmt.Errorf("catching up: %w", err)
	}
	behind := func() bool {
		for tp, r := range ranges {
			if w.next[tp] < r.Next {
				return true
			}
		}
		return false
	}
	for more := true; more && behind(); {
		if more, err = w.step(ctx, emit); err != nil {
			return err
		}
	}
	return nil
}

// step is one round, or the wait after one that failed.
func (w *Watcher) step(ctx context.Context, emit func(Event) bool) (more bool, err error) {
	more, err = w.round(ctx, emit)
	switch {
	case ctx.Err() != nil && more:
		return false, context.Cause(ctx)
	case err == nil:
		return more, nil
	case !kafka.Class(err).Passing():
		return false, fmt.Errorf("watching: %w", err)
	}
	w.client.RefreshMetadata()
	select {
	case <-time.After(retryWait):
		return true, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// round fetches once from every leader.
func (w *Watcher) round(ctx context.Context, emit func(Event) bool) (more bool, err error) {
	leaders, err := w.client.Leaders(ctx, w.topics...)
	if err != nil {
		return true, err
	}
	byLeader := map[int32][]kafka.FetchPartition{}
	for tp, leader := range leaders {
		if leader < 0 || w.only != nil && tp != *w.only {
			continue
		}
		byLeader[leader] = append(byLeader[leader], kafka.FetchPartition{
			TopicPartition: tp, Offset: w.next[tp], MaxBytes: partBytes,
		})
	}
	var (
		wait    sync.WaitGroup
		mu      sync.Mutex
		fetched []kafka.Fetched
		failed  error
	)
	for _, parts := range byLeader {
		wait.Go(func() {
			got, err := w.client.Fetch(ctx, parts, fetchWait, fetchBytes)
			mu.Lock()
			defer mu.Unlock()
			fetched = append(fetched, got...)
			if err != nil {
				failed = err
			}
		})
	}
	wait.Wait()
	more, err = w.emit(ctx, fetched, emit)
	if err == nil {
		err = failed
	}
	return more, err
}

// emit hands out what has come, oldest first as far as the partitions' own order
// allows, and moves the positions.
func (w *Watcher) emit(ctx context.Context, fetched []kafka.Fetched, emit func(Event) bool) (more bool, err error) {
	type arrival struct {
		at     time.Time // never before its predecessor's in the partition
		record kafka.Record
	}
	var arrivals []arrival
	for _, f := range fetched {
		switch {
		case f.Err == nil:
			var latest time.Time
			for _, r := range f.Records {
				if r.Time.After(latest) {
					latest = r.Time
				}
				arrivals = append(arrivals, arrival{latest, r})
			}
		case kafka.Class(f.Err) == kafka.ClassOutOfRange: // deleted meanwhile
			w.next[f.TopicPartition] = f.LogStart
		default:
			err = f.Err
		}
	}
	slices.SortStableFunc(arrivals, func(a, b arrival) int { return a.at.Compare(b.at) })
	for _, a := range arrivals {
		w.next[kafka.TopicPartition{Topic: a.record.Topic, Partition: a.record.Partition}] = a.record.Offset + 1
		if !emit(w.reader.event(ctx, a.record)) {
			return false, nil
		}
	}
	for _, f := range fetched {
		if f.Err == nil {
			w.next[f.TopicPartition] = f.Next
		}
	}
	return true, err
}
