package consumers

import (
	"container/heap"

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
}

// chain holds the tasks of one key in the order in which they run. The head runs
// or is the next to run. A chain exists only while it has tasks.
type chain struct {
	topic      *topic
	key        uint64     // in topic.chains, unless it has an owner
	owner      *partition // whose records without a key these are, else nil
	running    bool
	head, tail *task
	next       *chain // in the free list
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

// chainQueue holds chains by the age of their heads: the oldest record that may
// run is the next to run. What has started so stays close to what may be
// committed, however unevenly the keys come, and a drain has few gaps to fill.
type chainQueue struct{ chains chainHeap }

func (q *chainQueue) push(c *chain) { heap.Push(&q.chains, c) }

func (q *chainQueue) pop() *chain { return heap.Pop(&q.chains).(*chain) }

func (q *chainQueue) empty() bool { return len(q.chains) == 0 }

// take empties the queue, in any order.
func (q *chainQueue) take() []*chain {
	chains := q.chains
	q.chains = nil
	return chains
}

// chainHeap is the queue as container/heap sees it.
type chainHeap []*chain

// Len counts the chains.
func (h chainHeap) Len() int { return len(h) }

// Less puts the older head first.
func (h chainHeap) Less(i, j int) bool { return h[i].head.arrival < h[j].head.arrival }

// Swap swaps two chains.
func (h chainHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push appends a chain.
func (h *chainHeap) Push(c any) { *h = append(*h, c.(*chain)) }

// Pop removes the last chain.
func (h *chainHeap) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return c
}
