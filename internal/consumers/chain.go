package consumers

import "bankprocessor/internal/kafka"

// task is one record that waits for its handler or is with it.
type task struct {
	record kafka.Record
	part   *partition
	chain  *chain
	place  uint64 // in part.window
	size   int64  // bytes accounted
	next   *task  // in its chain
}

// chain holds the tasks of one key in the order in which they run. The head runs
// or is the next to run. A chain exists only while it has tasks.
type chain struct {
	topic      *topic
	key        uint64     // in topic.chains, unless it has an owner
	owner      *partition // whose records without a key these are, else nil
	running    bool
	head, tail *task
	next       *chain // in topic.ready, or in the free list
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

// chainQueue is a first-in-first-out list of chains.
type chainQueue struct {
	head, tail *chain
	length     int
}

func (q *chainQueue) push(c *chain) {
	c.next = nil
	if q.head == nil {
		q.head = c
	} else {
		q.tail.next = c
	}
	q.tail = c
	q.length++
}

func (q *chainQueue) pop() *chain {
	c := q.head
	q.head = c.next
	c.next = nil
	q.length--
	return c
}
