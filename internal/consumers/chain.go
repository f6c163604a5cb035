package consumers

import (
	"iter"

	"bankprocessor/internal/kafka"
)

// task is one record that waits for its handler or is with it.
type task struct {
	record kafka.Record
	part   *partition
	chain  *chain
	place  uint64 // in part.window
	size   int64  // bytes accounted
	// arrival counts the records that the scheduler has taken in.
	arrival uint64
	next    *task // in its chain
	// older and newer are its neighbours among its partition's tasks.
	older, newer *task
}

// chain holds the tasks of one key in the order in which they run. The head runs
// or is the next to run. A chain exists only while it has tasks.
type chain struct {
	topic      *topic
	key        uint64     // in topic.chains, unless it has an owner
	owner      *partition // whose records without a key these are, else nil
	running    bool
	head, tail *task
	next       *chain // in its bucket, or in the free list
}

func (c *chain) append(t *task) {
	t.chain = c
	if c.head == nil {
		c.head = t
	} else {
		c.tail.next = t
	}
	c.tail = t
}

// cut removes the tasks that drop says, the running head excepted, and returns
// them as a list.
func (c *chain) cut(drop func(*task) bool) (dropped *task) {
	link := &c.head
	c.tail = nil
	for t := c.head; t != nil; t = *link {
		if (t == c.head && c.running) || !drop(t) {
			c.tail = t
			link = &t.next
			continue
		}
		*link = t.next
		t.next = dropped
		dropped = t
	}
	return dropped
}

// chainTable finds the chains of a topic by their keys. A chain is its own entry: where
// very many wait, each look into a map's own memory would be a look into a cold one.
type chainTable struct {
	buckets []*chain // a power of two of them
	count   int
}

const minBuckets = 64

func (t *chainTable) bucket(key uint64) **chain { return &t.buckets[key&uint64(len(t.buckets)-1)] }

// find returns the chain with that key, nil when there is none.
func (t *chainTable) find(key uint64) *chain {
	if t.count == 0 {
		return nil
	}
	c := *t.bucket(key)
	for c != nil && c.key != key {
		c = c.next
	}
	return c
}

// add takes c in, whose key no other has.
func (t *chainTable) add(c *chain) {
	if 2*t.count >= len(t.buckets) { // few stand behind another, which would be looked into
		t.resize(max(minBuckets, 2*len(t.buckets)))
	}
	b := t.bucket(c.key)
	c.next, *b = *b, c
	t.count++
}

// remove takes c out.
func (t *chainTable) remove(c *chain) {
	link := t.bucket(c.key)
	for *link != c {
		link = &(*link).next
	}
	*link, c.next = c.next, nil
	t.count--
}

// all are the chains, in any order. None may be added or removed meanwhile.
func (t *chainTable) all() iter.Seq[*chain] {
	return func(yield func(*chain) bool) {
		for _, c := range t.buckets {
			for ; c != nil; c = c.next {
				if !yield(c) {
					return
				}
			}
		}
	}
}

func (t *chainTable) resize(buckets int) {
	grown := chainTable{buckets: make([]*chain, buckets), count: t.count}
	for _, c := range t.buckets {
		for c != nil {
			next, b := c.next, grown.bucket(c.key)
			c.next, *b = *b, c
			c = next
		}
	}
	*t = grown
}
