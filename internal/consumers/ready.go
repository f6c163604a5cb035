package consumers

import "slices"

// readyQueue holds chains by the age of their heads: the oldest record that may
// run is the next to run. What has started so stays close to what may be
// committed, however unevenly the keys come, and a drain has few gaps to fill.
//
// A chain that comes when its first record does is the youngest, and stands in a line.
// One that comes back for its next record goes into a heap, which has at most as many
// chains as there are keys with several records: so neither costs more for more keys.
type readyQueue struct {
	line []readyChain // line[head:], oldest first
	head int
	heap []readyChain
}

// readyChain is a chain in the queue and the arrival of its head, which is not to be
// looked for in memory that is cold.
type readyChain struct {
	arrival uint64
	chain   *chain
}

func (q *readyQueue) empty() bool { return q.head == len(q.line) && len(q.heap) == 0 }

func (q *readyQueue) push(c *chain) {
	r := readyChain{c.head.arrival, c}
	if n := len(q.line); n > q.head && r.arrival < q.line[n-1].arrival {
		q.sink(r)
		return
	}
	if len(q.line) == cap(q.line) && q.head > len(q.line)/2 {
		q.line, q.head = slices.Delete(q.line, 0, q.head), 0
	}
	q.line = append(q.line, r)
}

// pop takes the chain with the oldest head out of a queue that is not empty.
func (q *readyQueue) pop() *chain {
	if q.head == len(q.line) || len(q.heap) > 0 && q.heap[0].arrival < q.line[q.head].arrival {
		return q.rise()
	}
	c := q.line[q.head].chain
	q.line[q.head] = readyChain{}
	if q.head++; q.head == len(q.line) {
		q.line, q.head = q.line[:0], 0
	}
	return c
}

// take empties the queue, in any order.
func (q *readyQueue) take() []readyChain {
	all := append(q.heap, q.line[q.head:]...)
	*q = readyQueue{}
	return all
}

// sink puts r into the heap, whose least is its first.
func (q *readyQueue) sink(r readyChain) {
	h := append(q.heap, r)
	at := len(h) - 1
	for at > 0 && h[(at-1)/2].arrival > r.arrival {
		h[at] = h[(at-1)/2]
		at = (at - 1) / 2
	}
	h[at], q.heap = r, h
}

// rise takes the least out of the heap.
func (q *readyQueue) rise() *chain {
	oldest, last := q.heap[0].chain, len(q.heap)-1
	moved := q.heap[last]
	q.heap[last] = readyChain{}
	h := q.heap[:last]
	q.heap = h
	for at := 0; at < last; {
		child := 2*at + 1
		if child+1 < last && h[child+1].arrival < h[child].arrival {
			child++
		}
		if child >= last || moved.arrival <= h[child].arrival {
			h[at] = moved
			break
		}
		h[at] = h[child]
		at = child
	}
	return oldest
}
