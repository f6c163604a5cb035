package producers

import (
	"errors"
	"time"

	"bankprocessor/internal/kafka"
)

// errNoLeader covers a partition that has no leader at the moment and one that
// its topic does not have: either may change while the record waits.
var errNoLeader = errors.New("the partition has no leader or does not exist")

// settle decides what becomes of a request's records: their callers are to be
// answered, or they are sent again. It says whether what is known of leaders may be
// out of date.
func (b *Batcher) settle(l *lane, produced []kafka.Produced, requestErr error) (refresh bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.underway = false
	if b.ended {
		return false
	}
	now := time.Now()
	withheld := errors.Is(requestErr, kafka.ErrWithheld)
	refresh = requestErr != nil && !withheld
	for i := range l.request.batches {
		t := &l.request.batches[i]
		t.queue.placed = false
		err := requestErr
		if err == nil {
			err = produced[i].Err
		}
		if err == nil {
			b.stored(t, produced[i].BaseOffset)
			continue
		}
		if withheld {
			b.withheld(t, err, now)
			continue
		}
		class := kafka.Class(err)
		refresh = refresh || class == kafka.ClassLeaderMoved || class == kafka.ClassUnknownTopic
		b.refused(t, class, err, now)
	}
	return refresh
}

func (b *Batcher) stored(t *batch, base int64) {
	q := t.queue
	b.conclude(t, base, nil)
	q.attempts = 0
	b.trouble.over(q.tp.Topic)
	b.enqueue(q)
}

// conclude has the batch's callers answered.
func (b *Batcher) conclude(t *batch, base int64, err error) {
	t.settled, t.base, t.err = true, base, err
	for _, e := range t.entries {
		e.sending = nil
	}
	b.answered(len(t.entries))
}

// withheld has a batch's records wait for the permit, at the front of those behind
// them. Where a caller has gone, the others are held up no longer.
func (b *Batcher) withheld(t *batch, err error, now time.Time) {
	q := t.queue
	q.putBack(t.entries, false)
	if errors.Is(err, errAbandoned) {
		b.enqueue(q)
		return
	}
	b.failed(q, err)
	q.attempts = min(q.attempts, withheldAttempts)
	b.sleep(q, now)
}

func (b *Batcher) refused(t *batch, class kafka.ErrorClass, err error, now time.Time) {
	q := t.queue
	// The client is not closed before the Batcher is stopped, so that a
	// cancellation is a connection that was cut.
	if class.Passing() || class == kafka.ClassCanceled {
		q.leader = noLeader
		q.putBack(t.entries, false)
		b.failed(q, err)
		b.sleep(q, now)
		return
	}
	if len(t.entries) > 1 {
		q.putBack(t.entries, true)
		b.observer.Retried(q.tp.Topic, class)
		b.enqueue(q)
		return
	}
	b.conclude(t, -1, err)
	b.enqueue(q)
}

func (b *Batcher) failed(q *queue, err error) {
	class := kafka.Class(err)
	if errors.Is(err, errNoLeader) {
		class = kafka.ClassLeaderMoved
	}
	b.observer.Retried(q.tp.Topic, class)
	b.trouble.met(q.tp, class, err)
}

// giveUp answers everybody who still waits, and nobody after that.
func (b *Batcher) giveUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	b.ended = true
	if b.timer != nil {
		b.timer.Stop()
	}
	for _, q := range b.queues {
		giveUp(q.entries)
	}
	for _, l := range b.lanes {
		if l.underway {
			for i := range l.request.batches {
				giveUp(l.request.batches[i].entries)
			}
		}
	}
}

func giveUp(waiting []*entry) {
	for _, e := range waiting {
		e.result <- result{offset: -1, err: ErrStopped}
	}
}
