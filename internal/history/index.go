package history

import (
	"maps"
	"slices"

	"bankprocessor/internal/command"
)

// index is what is known of a partition's commands by their ids.
type index struct {
	window    int
	concluded map[id]conclusion
	// queue[head:] are the latest outcomes' ids, oldest first.
	queue []id
	head  int
	// held counts the records by which an id is held: those with an attempt or an
	// outcome that are not settled.
	held map[id]int32
	// attempts are those that were not withdrawn of ids without an outcome.
	attempts map[id][]command.Attempt
}

// conclusion is what is known of an id that has its outcome.
type conclusion struct {
	offset int64  // of the record that has carried the id there, or unknown
	sum    uint64 // of that record's value, 0 where it is not known
	queued int32  // how often the id stands in the queue
}

func newIndex(window int) index {
	return index{
		window: window, concluded: make(map[id]conclusion),
		held: make(map[id]int32), attempts: make(map[id][]command.Attempt),
	}
}

// conclude says that the record at offset has carried k to its outcome. The first to
// do so stays the one.
func (x *index) conclude(k id, offset int64, sum uint64) {
	delete(x.attempts, k)
	c, known := x.concluded[k]
	if !known || c.offset == unknown {
		c.offset = offset
	}
	if c.offset == offset && sum != 0 {
		c.sum = sum
	}
	c.queued++
	x.concluded[k] = c
	if len(x.queue) == cap(x.queue) && x.head > len(x.queue)/4 {
		x.compact()
	}
	x.queue = append(x.queue, k)
	x.forget()
}

// hold keeps what is known of k until as many calls of release.
func (x *index) hold(k id) { x.held[k]++ }

// release gives k back. Its attempts are of no use to anybody then: their record is
// done.
func (x *index) release(k id) {
	if x.held[k]--; x.held[k] > 0 {
		return
	}
	delete(x.held, k)
	delete(x.attempts, k)
	if x.concluded[k].queued == 0 {
		delete(x.concluded, k)
	}
}

// forget drops the oldest outcomes beyond the window, but for ids that are held.
func (x *index) forget() {
	for len(x.queue)-x.head > x.window {
		k := x.queue[x.head]
		x.head++
		c := x.concluded[k]
		c.queued--
		if c.queued == 0 && x.held[k] == 0 {
			delete(x.concluded, k)
			continue
		}
		x.concluded[k] = c
	}
}

func (x *index) compact() {
	x.queue = slices.Delete(x.queue, 0, x.head)
	x.head = 0
}

// narrow forgets what is beyond the window from now on, and gives its memory back.
func (x *index) narrow(window int) {
	x.window = window
	x.forget()
	x.queue, x.head = slices.Clone(x.queue[x.head:]), 0
	concluded := make(map[id]conclusion, len(x.concluded))
	maps.Copy(concluded, x.concluded)
	x.concluded = concluded
}

// attempt takes an attempt in, or back. One that stands in Kafka twice is one.
func (x *index) attempt(k id, a *command.Attempt) {
	if _, over := x.concluded[k]; over {
		return
	}
	same := func(b command.Attempt) bool {
		return b.Offset == a.Offset && b.Number == a.Number && b.ChannelRequestID == a.ChannelRequestID
	}
	switch known := x.attempts[k]; {
	case a.Withdrawn:
		if known = slices.DeleteFunc(known, same); len(known) == 0 {
			delete(x.attempts, k)
			break
		}
		x.attempts[k] = known
	case !slices.ContainsFunc(known, same):
		x.attempts[k] = append(known, *a)
	}
}

// past is what is known of k for the record at offset with a value of that sum.
func (x *index) past(k id, offset int64, sum func() uint64) command.Past {
	c, over := x.concluded[k]
	switch {
	case !over:
		return command.Past{Attempts: slices.Clone(x.attempts[k])}
	case c.offset == offset:
		if c.sum == 0 {
			c.sum = sum()
			x.concluded[k] = c
		}
		return command.Past{Concluded: true}
	case c.offset == unknown:
		return command.Past{Concluded: true}
	}
	return command.Past{Concluded: true, Elsewhere: true, Differs: c.sum != 0 && c.sum != sum()}
}
