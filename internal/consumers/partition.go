package consumers

import (
	"time"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/planted"
)

// partition is one assigned partition. All fields are guarded by the scheduler's
// lock.
type partition struct {
	tp    kafka.TopicPartition
	topic *topic
	// id is of the topic that the position is a position in, zero before it is
	// known. gone says that no such topic exists at the moment; anew, that there is
	// another one of its name, in which the position means nothing.
	id         kafka.TopicID
	gone, anew bool

	window *window
	// inherited is what a predecessor has done at or above window.next.
	inherited doneSet
	// attempts and results are from where the next owner has to look back, as of the
	// last commit.
	attempts, results int64
	// loading says that its past is being read, or has been; loaded, that it has been.
	loading, loaded bool
	// uncertain says that some record's fate is unknown. So is that of whatever
	// lies below doubtUntil and is not done: its owner before did not leave
	// cleanly.
	uncertain  bool
	doubtUntil int64
	// started is the highest offset that a handler has seen, -1 before any.
	started int64
	keyless *chain
	taken   taken // its tasks

	// backlog has been fetched and waits for room in the window; covered is what
	// the window covers once the backlog is in it.
	backlog []kafka.Record
	covered int64
	bytes   int64 // of records fetched and not done

	position      int64 // the next offset to fetch
	highWatermark int64
	leader        int32
	wake          chan<- struct{} // the leader's fetch loop
	fetching      bool
	parked        bool // its fetch loop has seen it without room
	stopped       bool // its position is not in the log and must not be reset
	failures      int  // fetches that failed in a row
	retryAt       time.Time

	dirty bool // something to commit
	// tooLong is the length of the shortest hand-over that was refused for its length,
	// 0 for none.
	tooLong int
}

// handover returns what a commit says now.
func (p *partition) handover(clean bool) handover {
	h := handover{
		Base: p.window.committed(), Attempts: p.attempts, Results: p.results, Topic: p.id,
	}
	h.Clean = clean && !p.uncertain && h.Base >= p.doubtUntil
	if planted.Off(planted.DoneMap) {
		return h
	}
	h.Done = p.window.doneRanges(nil)
	for _, r := range p.inherited {
		if n := len(h.Done); n > 0 && h.Done[n-1].End >= r.First {
			h.Done[n-1].End = r.End
			continue
		}
		h.Done = append(h.Done, r)
	}
	return h
}

// inherit drops what the window has passed from the inherited ranges, and lets the
// window pass a range that it has reached with nothing left to do before it.
func (p *partition) inherit() {
	for len(p.inherited) > 0 {
		r := &p.inherited[0]
		switch {
		case r.End <= p.window.next:
			p.inherited = p.inherited[1:]
		case r.First > p.window.next:
			return
		case p.window.pending == 0:
			p.window.cover(r.End)
			p.position = max(p.position, r.End)
		default:
			r.First = p.window.next
			return
		}
	}
}
