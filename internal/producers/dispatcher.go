package producers

import (
	"slices"
	"time"

	"bankprocessor/internal/kafka"
)

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

// withheldAttempts bounds the backoff of a request that was withheld: to ask again
// costs no broker anything.
const withheldAttempts = 3

// sleep keeps a queue back after a failure.
func (b *Batcher) sleep(q *queue, now time.Time) {
	wait := b.backoff(q.attempts)
	q.until = now.Add(wait)
	q.attempts++
	q.placed = true
	b.asleep = append(b.asleep, q)
	if len(b.asleep) == 1 || q.until.Before(b.alarm) {
		b.wakeAt(q.until, wait)
	}
}

// wakeAt sets the one timer of all that are asleep.
func (b *Batcher) wakeAt(at time.Time, wait time.Duration) {
	b.alarm = at
	if b.timer == nil {
		b.timer = time.AfterFunc(wait, b.wake)
		return
	}
	b.timer.Reset(wait)
}

// wake ends the sleep of those whose time has come.
func (b *Batcher) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	now := time.Now()
	var earliest time.Time
	b.asleep = slices.DeleteFunc(b.asleep, func(q *queue) bool {
		if q.until.After(now) {
			if earliest.IsZero() || q.until.Before(earliest) {
				earliest = q.until
			}
			return false
		}
		q.placed = false
		b.answered(q.forget())
		b.enqueue(q)
		return true
	})
	if !earliest.IsZero() {
		b.wakeAt(earliest, earliest.Sub(now))
	}
}
