package deadletters

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

const (
	fetchBytes = 4 << 20
	fetchWait  = 250 * time.Millisecond
	// retryWait is between two tries while a leader moves; retryLimit bounds them.
	retryWait  = 250 * time.Millisecond
	retryLimit = 40
)

// scan hands the records of a partition in [from, to) to see, in order, until that
// returns false, and returns the offset after what was seen, or skipped. Failures that
// pass are waited out for a while.
func (d *Desk) scan(ctx context.Context, tp kafka.TopicPartition, from, to int64, see func(kafka.Record) bool) (next int64, err error) {
	next = from
	for tries := 0; next < to; {
		fetched, err := d.Kafka.Fetch(ctx, []kafka.FetchPartition{{TopicPartition: tp, Offset: next, MaxBytes: fetchBytes}}, fetchWait, fetchBytes)
		if err == nil {
			err = fetched[0].Err
		}
		if kafka.Class(err) == kafka.ClassOutOfRange && len(fetched) > 0 && fetched[0].LogStart > next {
			next = fetched[0].LogStart // deleted meanwhile
			continue
		}
		if err != nil {
			if tries++; !passes(err) || tries > retryLimit {
				return next, fmt.Errorf("reading %s: %w", tp, err)
			}
			d.Kafka.RefreshMetadata()
			if err := pause(ctx, retryWait); err != nil {
				return next, err
			}
			continue
		}
		tries = 0
		for _, r := range fetched[0].Records {
			if r.Offset >= to {
				return to, nil
			}
			next = r.Offset + 1
			if !see(r) {
				return next, nil
			}
		}
		next = max(next, fetched[0].Next)
	}
	return next, ctx.Err()
}

// passes says whether a failure is waited out. Nobody sits there until a permission is
// granted.
func passes(err error) bool {
	class := kafka.Class(err)
	return class.Passing() && class != kafka.ClassAuth
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// has says whether there is such a partition: a topic that was made anew may have fewer.
func (d *Desk) has(ctx context.Context, tp kafka.TopicPartition) (bool, error) {
	leaders, err := d.Kafka.Leaders(ctx, tp.Topic)
	if _, ok := errors.AsType[*kafka.UnknownTopicsError](err); ok {
		return false, &topics.MissingError{Topics: []string{tp.Topic}}
	}
	_, ok := leaders[tp]
	return ok, err
}

// rangeOf is what a partition holds. A topic that is not there is said with what
// creates it.
func (d *Desk) rangeOf(ctx context.Context, tp kafka.TopicPartition) (kafka.Range, error) {
	for tries := 0; ; tries++ {
		ranges, err := d.Kafka.LogRange(ctx, []kafka.TopicPartition{tp})
		switch {
		case err == nil:
			return ranges[tp], nil
		case errors.Is(err, kafka.ErrUnknownTopic) || kafka.Class(err) == kafka.ClassUnknownTopic:
			return kafka.Range{}, &topics.MissingError{Topics: []string{tp.Topic}}
		case !passes(err) || tries > retryLimit:
			return kafka.Range{}, err
		}
		d.Kafka.RefreshMetadata()
		if err := pause(ctx, retryWait); err != nil {
			return kafka.Range{}, err
		}
	}
}

// endOf is where a partition ends, with what stands behind an open transaction: to read
// up to there waits for that.
func (d *Desk) endOf(ctx context.Context, tp kafka.TopicPartition, log kafka.Range) (int64, error) {
	fetched, err := d.Kafka.Fetch(ctx, []kafka.FetchPartition{{TopicPartition: tp, Offset: log.Next, MaxBytes: 1}}, 0, 1)
	if err == nil {
		err = fetched[0].Err
	}
	if err != nil {
		return 0, fmt.Errorf("looking for the end of %s: %w", tp, err)
	}
	return max(log.Next, fetched[0].HighWatermark), nil
}

// since is the offset of the first record of tp that is not older than at; the end
// where there is none.
func (d *Desk) since(ctx context.Context, tp kafka.TopicPartition, at time.Time, log kafka.Range) (int64, error) {
	offsets, err := d.Kafka.OffsetsSince(ctx, []kafka.TopicPartition{tp}, at)
	if err != nil {
		return 0, err
	}
	if offsets[tp] < 0 {
		return log.Next, nil
	}
	return max(log.First, offsets[tp]), nil
}

// place writes where a record stands.
func place(tp kafka.TopicPartition, offset int64) string {
	return fmt.Sprintf("%s/%d@%d", tp.Topic, tp.Partition, offset)
}

// ParsePlace reads topic/partition@offset.
func ParsePlace(s string) (tp kafka.TopicPartition, offset int64, ok bool) {
	topic, rest, hasPartition := strings.Cut(s, "/")
	partition, at, hasOffset := strings.Cut(rest, "@")
	p, err := strconv.ParseUint(partition, 10, 31)
	n, err2 := strconv.ParseUint(at, 10, 63)
	if !hasPartition || !hasOffset || topic == "" || err != nil || err2 != nil {
		return tp, 0, false
	}
	return kafka.TopicPartition{Topic: topic, Partition: int32(p)}, int64(n), true
}
