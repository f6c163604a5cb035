package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bankprocessor/internal/kafka"
)

const (
	// fetchBytes bounds an answer; a single batch that is larger comes all the same.
	fetchBytes = 512 << 10
	// fetchWait is how long a broker waits where there is nothing to read.
	fetchWait = 250 * time.Millisecond
	// stallLimit is how many answers in a row may bring a reader no further.
	stallLimit = 8
)

var (
	// errStalled is a log that does not come to the end that it has named.
	errStalled = errors.New("the log does not come to its end")
	// errOpen and errUnshown are why it does not, as a rule.
	errOpen    = errors.New("an open transaction of another producer holds it back")
	errUnshown = errors.New("too few replicas have its last records yet")
	// errCut is a log that ends before what has been read of it.
	errCut = errors.New("the log has lost its end, or was made anew: it is read again from the beginning")
)

// tail is the end of a partition: what stands in [from, end), read up to at.
type tail struct {
	tp            kafka.TopicPartition
	from, at, end int64
}

func newTail(topic string, partition int32) tail {
	return tail{tp: kafka.TopicPartition{Topic: topic, Partition: partition}, from: unknown, at: unknown}
}

// place finds the ends of the tails as they are now, and their beginnings unless they
// have begun.
func (l *loader) place(ctx context.Context, tails []*tail) error {
	var names []kafka.TopicPartition
	for _, t := range tails {
		names = append(names, t.tp)
	}
	ranges, err := l.h.deps.Log.LogRange(ctx, names)
	if err != nil {
		return err
	}
	ends, err := l.h.deps.Log.LogEnds(ctx, names)
	if err != nil {
		return err
	}
	for _, t := range tails {
		log, ordered, least := ranges[t.tp], l.orders.attempts, int64(0)
		if t == &l.results {
			ordered, least = l.orders.results, int64(l.h.cfg.Window)
		}
		if t.at > log.Next {
			l.giveUp()
			return fmt.Errorf("%w: %s was read up to %d and ends at %d", errCut, t.tp, t.at, log.Next)
		}
		if t.from == unknown && ordered > log.Next {
			if log.Next, err = l.extent(ctx, t.tp, log.Next, ordered); err != nil {
				return err
			}
		}
		t.end = max(log.Next, ends[t.tp])
		if t.from == unknown {
			t.from = l.beginning(t.tp, log, ordered, least)
			t.at = t.from
		}
		t.at = max(t.at, log.First)
	}
	return nil
}

// extent is up to where the log goes, next or ordered: it goes on behind the last
// stable offset, at which somebody else's open transaction has the broker say that it
// ends. Else all of it would be read, for that transaction alone.
func (l *loader) extent(ctx context.Context, tp kafka.TopicPartition, next, ordered int64) (int64, error) {
	fetched, err := l.h.deps.Log.Fetch(ctx,
		[]kafka.FetchPartition{{TopicPartition: tp, Offset: ordered, MaxBytes: fetchBytes}}, 0, fetchBytes)
	if err != nil {
		return next, err
	}
	f := &fetched[0]
	switch {
	case kafka.Class(f.Err).Passing():
		return next, f.Err
	case f.Err == nil && f.HighWatermark >= ordered:
		return ordered, nil
	}
	return next, nil
}

// beginning is where a tail begins that was ordered from there on and is to have at
// least so many records.
func (l *loader) beginning(tp kafka.TopicPartition, log kafka.Range, ordered, least int64) int64 {
	from := min(ordered, log.Next-least)
	switch {
	case ordered == unknown:
		return log.First
	case ordered > log.Next:
		l.h.deps.Logger.Warn("the log ends before the offset to look back to: reading all of it",
			"topic", tp.Topic, "partition", tp.Partition, "look_back", ordered, "log_start", log.First, "log_end", log.Next)
		return log.First
	case ordered < log.First:
		l.h.deps.Logger.Warn("records were deleted that a takeover would have read: reading what is left",
			"topic", tp.Topic, "partition", tp.Partition, "look_back", ordered, "log_start", log.First)
	}
	return max(from, log.First)
}

// read takes in t up to its end. That is where its leader's log ends, neither merely the
// last stable offset nor the high watermark: behind the open transaction of somebody
// else, and among what has too few replicas yet, our own records may stand.
func (l *loader) read(ctx context.Context, t *tail, take func(*kafka.Record)) error {
	wait := time.Duration(0)
	for first, stalls := true, 0; first || t.at < t.end; first = false {
		fetched, err := l.h.deps.Log.Fetch(ctx,
			[]kafka.FetchPartition{{TopicPartition: t.tp, Offset: t.at, MaxBytes: fetchBytes}}, wait, fetchBytes)
		if err != nil {
			return err
		}
		f := &fetched[0]
		if f.Err != nil {
			return f.Err
		}
		if first {
			t.end = max(t.end, f.HighWatermark)
		}
		l.take(f.Records, take)
		wait = fetchWait
		if f.Next > t.at {
			t.at, stalls = f.Next, 0
		} else if stalls++; stalls == stallLimit {
			err := fmt.Errorf("%w: %s stays at %d of %d", errStalled, t.tp, t.at, t.end)
			switch {
			case f.HighWatermark <= t.at:
				err = fmt.Errorf("%w: %w", err, errUnshown)
			case f.LastStableOffset <= t.at:
				err = fmt.Errorf("%w: %w", err, errOpen)
			}
			return err
		}
	}
	return nil
}

// giveUp has the next Load begin anew.
func (l *loader) giveUp() {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	if l.p.progress == l.progress {
		l.p.progress = nil
	}
}

func (l *loader) take(records []kafka.Record, take func(*kafka.Record)) {
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	for i := range records {
		take(&records[i])
	}
	l.records += len(records)
}
