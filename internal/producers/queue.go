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
	tp kafka.TopicPartition
	// entries are the partition's records, but for those under way, which come
	// before them.
	entries []*entry
	placed  bool  // it is somewhere
	leader  int32 // noLeader when not known
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

// take moves records from the front to an empty batch, within the bounds; the first
// one always fits when the request is still empty.
func (q *queue) take(to *batch, cfg Config, requestBytes int64, requestRecords int) (bytes int64) {
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
	to.queue = q
	to.entries = append(to.entries, q.entries[:n]...)
	left := copy(q.entries, q.entries[n:])
	clear(q.entries[left:])
	if q.entries = q.entries[:left]; left == 0 {
		q.entries = emptied(q.entries)
	}
	return bytes
}

// putBack returns what was under way to the front.
func (q *queue) putBack(underway []*entry, singly bool) {
	if singly || q.singly > 0 {
		q.singly += len(underway)
	}
	for _, e := range underway {
		e.sending = nil
	}
	q.entries = slices.Concat(underway, q.entries)
}

// forget removes the records whose callers have gone and returns how many.
func (q *queue) forget() int {
	kept, singly := q.entries[:0], q.singly
	for i, e := range q.entries {
		if !e.abandoned {
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
