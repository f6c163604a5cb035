package producers

import (
	"errors"
	"slices"
	"time"

	"bankprocessor/internal/kafka"
)

// queue holds one partition's records, in order. It is in exactly one place at a
// time: nowhere (empty), unresolved, ready in a lane, under way, or asleep.
type queue struct {
	tp      kafka.TopicPartition
	entries []*entry
	// underway are the first of the partition's records, sent and unanswered.
	underway []*entry
	placed   bool  // it is somewhere
	leader   int32 // noLeader when not known
	// attempts counts the failures since the last success.
	attempts int
	// singly is how many of the first entries are to be sent one by one.
	singly int
	until  time.Time // while asleep
}

const noLeader = -1

// errAbandoned withholds a request because a caller has gone. The others' records
// are sent again without its own.
var errAbandoned = errors.New("a record's caller has gone")

// take moves records from the front to underway, within the bounds; the first
// one always fits when the request is still empty.
func (q *queue) take(cfg Config, requestBytes int64, requestRecords int) (bytes int64) {
	n := 0
	for n < len(q.entries) {
		e := q.entries[n]
		alone := n == 0 && requestRecords == 0
		if !alone && (bytes+e.size > cfg.BatchBytes && n > 0 ||
			requestBytes+bytes+e.size > cfg.RequestBytes || requestRecords+n >= cfg.RequestRecords) {
			break
		}
		bytes += e.size
		n++
		if q.singly > 0 {
			q.singly--
			break
		}
	}
	q.underway = append(q.underway[:0], q.entries[:n]...)
	clear(q.entries[:n])
	if q.entries = q.entries[n:]; len(q.entries) == 0 {
		q.entries = nil
	}
	return bytes
}

// putBack returns what is under way to the front.
func (q *queue) putBack(singly bool) {
	if singly || q.singly > 0 {
		q.singly += len(q.underway)
	}
	entries := make([]*entry, 0, len(q.underway)+len(q.entries))
	q.entries = append(append(entries, q.underway...), q.entries...)
	q.drop()
}

func (q *queue) drop() {
	clear(q.underway)
	q.underway = q.underway[:0]
}

// forget removes the records whose callers have gone and returns how many.
func (q *queue) forget() int {
	kept, singly := q.entries[:0], q.singly
	for i, e := range q.entries {
		if !e.abandoned.Load() {
			kept = append(kept, e)
		} else if i < singly {
			q.singly--
		}
	}
	gone := len(q.entries) - len(kept)
	clear(q.entries[len(kept):])
	q.entries = kept
	return gone
}

// wanted is the permit of what is under way: it ends with the first caller that goes.
func (q *queue) wanted() func() error {
	entries := slices.Clone(q.underway)
	return func() error {
		for _, e := range entries {
			if e.abandoned.Load() {
				return errAbandoned
			}
		}
		return nil
	}
}

// lane is what goes to one leader, one request at a time.
type lane struct {
	busy  bool
	ready []*queue
}
