package history

import (
	"maps"
	"slices"

	"bankprocessor/internal/command"
)

// index is what is known of a partition's commands by their ids.
type index struct {
	window int
	ids    map[id]*entry
	// queue[head:] are the latest outcomes' ids, oldest first.
	queue []*entry
	head  int
	// spare are entries that nobody needs any more, to be used again.
	spare []*entry
}

// entry is what is known of one id. It stays as long as there is anything. There are
// many: the order of its fields leaves no room between them.
type entry struct {
	// offset is of the record that has carried the id to its outcome, or unknown; sum is
	// of that record's value, 0 where it is not known.
	offset int64
	sum    uint64
	// attempts are those that were not withdrawn of an id without an outcome.
	attempts []command.Attempt
	ended    chan struct{} // made by the first who waits for the end of a turn
	id       id
	queued   int32 // how often it stands in the queue
	// held counts the records by which the id is held: those with an attempt or an
	// outcome that are not settled.
	held      int32
	running   bool // somebody has its turn
	concluded bool // it has its outcome
}

func newIndex(window int) index { return index{window: window, ids: make(map[id]*entry)} }

// entry returns what is known of k. Whoever asks adds to it, or tidies it.
func (x *index) entry(k id) *entry {
	if e, ok := x.ids[k]; ok {
		return e
	}
	var e *entry
	if last := len(x.spare) - 1; last >= 0 {
		e, x.spare[last] = x.spare[last], nil
		x.spare = x.spare[:last]
	} else {
		e = &entry{}
	}
	e.id = k
	x.ids[k] = e
	return e
}

// tidy drops e if nothing is known of it any more.
func (x *index) tidy(e *entry) {
	if e.queued == 0 && e.held == 0 {
		e.concluded, e.offset, e.sum = false, 0, 0
	}
	if e.running || e.concluded || e.held > 0 || len(e.attempts) > 0 {
		return
	}
	delete(x.ids, e.id)
	*e = entry{}
	x.spare = append(x.spare, e)
}

// conclude says that the record at offset has carried e to its outcome. The first to
// do so stays the one.
func (x *index) conclude(e *entry, offset int64, sum uint64) {
	e.attempts = nil
	if !e.concluded || e.offset == unknown {
		e.offset = offset
	}
	if e.offset == offset && sum != 0 {
		e.sum = sum
	}
	e.concluded = true
	e.queued++
	if len(x.queue) == cap(x.queue) && x.head > len(x.queue)/4 {
		x.queue = slices.Delete(x.queue, 0, x.head)
		x.head = 0
	}
	x.queue = append(x.queue, e)
	x.forget()
}

// release gives back what a record has held. Attempts are of no use to anybody once
// nothing holds their id: their record is done.
func (x *index) release(e *entry) {
	if e.held--; e.held > 0 {
		return
	}
	e.attempts = nil
	x.tidy(e)
}

// forget drops the oldest outcomes beyond the window, but for ids that are held.
func (x *index) forget() {
	for len(x.queue)-x.head > x.window {
		e := x.queue[x.head]
		x.queue[x.head] = nil
		x.head++
		e.queued--
		x.tidy(e)
	}
}

// narrow forgets what is beyond the window from now on, and gives its memory back.
func (x *index) narrow(window int) {
	x.window = window
	x.forget()
	x.queue, x.head, x.spare = slices.Clone(x.queue[x.head:]), 0, nil
	ids := make(map[id]*entry, len(x.ids))
	maps.Copy(ids, x.ids)
	x.ids = ids
}

// attempt takes an attempt at e in, or back. One that stands in Kafka twice is one.
func (e *entry) attempt(a *command.Attempt) {
	if e.concluded {
		return
	}
	same := func(b command.Attempt) bool {
		return b.Offset == a.Offset && b.Number == a.Number && b.ChannelRequestID == a.ChannelRequestID
	}
	switch {
	case a.Withdrawn:
		if e.attempts = slices.DeleteFunc(e.attempts, same); len(e.attempts) == 0 {
			e.attempts = nil
		}
	case !slices.ContainsFunc(e.attempts, same):
		e.attempts = append(e.attempts, *a)
	}
}

// past is what is known of e for the record at offset with a value of that sum.
func (e *entry) past(offset int64, sum func() uint64) command.Past {
	switch {
	case !e.concluded:
		return command.Past{Attempts: slices.Clone(e.attempts)}
	case e.offset == offset:
		if e.sum == 0 {
			e.sum = sum()
		}
		return command.Past{Concluded: true}
	case e.offset == unknown:
		return command.Past{Concluded: true}
	}
	return command.Past{Concluded: true, Elsewhere: true, Differs: e.sum != 0 && e.sum != sum()}
}
