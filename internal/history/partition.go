package history

import (
	"sync"

	"bankprocessor/internal/kafka"
)

// partition is what is known of one command partition.
type partition struct {
	tp kafka.TopicPartition
	// nextAttempt is of the attempts partition with the same index, which other
	// topics' commands share.
	nextAttempt *frontier

	loading sync.Mutex // held by Load

	mu sync.Mutex
	// known is begun anew by Load.
	known
}

// known is what Load has read and what has been published since.
type known struct {
	index
	// progress is of a Load that has not come to its end; loaded says that one has.
	progress   *progress
	loaded     bool
	nextResult *frontier
	// attempted says that attempts are written for the topic's commands.
	attempted bool
	// unsettled are the records with an attempt or an outcome that are not settled,
	// by their offsets. Of a partition that is not loaded none are kept.
	unsettled                             map[int64]unsettled
	byOffset, attemptFloors, resultFloors floors
}

// unsettled is a record that the next owner might have to judge, and from where it
// needs attempts and results to do so, unknown where it needs none.
type unsettled struct {
	entry             *entry
	attempts, results int64
}

func newKnown(window int) known {
	return known{index: newIndex(window), nextResult: newFrontier(), unsettled: make(map[int64]unsettled)}
}

// forget begins anew with nothing known but whose turn it is: turns end with those who
// have them, whatever becomes of the partition meanwhile.
func (p *partition) forget(window int) {
	before := p.ids
	p.known = newKnown(window)
	for k, e := range before {
		if e.running {
			p.ids[k] = &entry{id: k, running: true, ended: e.ended}
		}
	}
}

// needs says that the record at offset, which has the id of e, is unsettled and needs
// what stands from those offsets on, unknown for nothing. It keeps the lowest that it
// has been told.
func (n *known) needs(e *entry, offset, attempts, results int64) {
	u, ok := n.unsettled[offset]
	if !ok {
		u = unsettled{entry: e, attempts: unknown, results: unknown}
		e.held++
		n.byOffset.push(floor{offset, offset})
	}
	lower := !ok
	if attempts != unknown && (u.attempts == unknown || attempts < u.attempts) {
		u.attempts, lower = attempts, true
		n.attemptFloors.push(floor{attempts, offset})
	}
	if results != unknown && (u.results == unknown || results < u.results) {
		u.results, lower = results, true
		n.resultFloors.push(floor{results, offset})
	}
	if lower {
		n.unsettled[offset] = u
	}
}

// settle says that the record at offset is done.
func (n *known) settle(offset int64) {
	u, ok := n.unsettled[offset]
	if !ok {
		return
	}
	delete(n.unsettled, offset)
	n.release(u.entry)
	n.byOffset.trim(func(f floor) bool { _, ok := n.unsettled[f.offset]; return ok })
	n.attemptFloors.trim(func(f floor) bool { u, ok := n.unsettled[f.offset]; return ok && u.attempts == f.at })
	n.resultFloors.trim(func(f floor) bool { u, ok := n.unsettled[f.offset]; return ok && u.results == f.at })
}

// pass settles every record below base.
func (n *known) pass(base int64) {
	for {
		offset := n.byOffset.least(base)
		if offset >= base {
			return
		}
		n.settle(offset)
	}
}
