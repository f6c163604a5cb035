package producers

import "bankprocessor/internal/kafka"

// accept puts a record where it belongs, unless the Batcher has stopped.
func (b *Batcher) accept(e *entry) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return false
	}
	b.pending++
	tp := kafka.TopicPartition{Topic: e.record.Topic, Partition: e.record.Partition}
	q := b.queues[tp]
	if q == nil {
		q = &queue{tp: tp, leader: noLeader}
		b.queues[tp] = q
	}
	q.entries = append(q.entries, e)
	b.enqueue(q)
	return true
}

// abandon keeps a record from leaving, if it has not left.
func (b *Batcher) abandon(e *entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.abandoned = true
	if e.sending != nil {
		e.sending.abandoned.Store(true)
	}
}

// enqueue puts a queue that is nowhere and not empty where it belongs. mu is held,
// as it is in everything below.
func (b *Batcher) enqueue(q *queue) {
	if q.placed || len(q.entries) == 0 {
		return
	}
	q.placed = true
	if q.leader == noLeader {
		b.unresolved[q.tp.Topic] = append(b.unresolved[q.tp.Topic], q)
		signal(b.unknown)
		return
	}
	b.lanes[q.leader].add(q)
}

// signal wakes who waits for a channel of capacity 1, now or next.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
