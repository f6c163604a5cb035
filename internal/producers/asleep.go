package producers

import (
	"slices"
	"time"
)

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
