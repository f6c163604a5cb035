package producers

import (
	"errors"
	"time"

	"bankprocessor/internal/kafka"
)

// errNoLeader covers a partition that has no leader at the moment and one that
// its topic does not have: either may change while the record waits.
var errNoLeader = errors.New("the partition has no leader or does not exist")

// settle answers the callers of a request, or has their records sent again.
func (d *dispatcher) settle(a answer) {
	d.lanes[a.leader].busy = false
	now := time.Now()
	withheld := errors.Is(a.err, kafka.ErrWithheld)
	refresh := a.err != nil && !withheld
	for i, q := range a.queues {
		q.placed = false
		err := a.err
		if err == nil {
			err = a.produced[i].Err
		}
		if err == nil {
			d.stored(q, a.produced[i].BaseOffset)
			continue
		}
		if withheld {
			d.withheld(q, err, now)
			continue
		}
		class := kafka.Class(err)
		refresh = refresh || class == kafka.ClassLeaderMoved || class == kafka.ClassUnknownTopic
		d.refused(q, class, err, now)
	}
	if refresh {
		d.cluster.RefreshMetadata()
	}
}

func (d *dispatcher) stored(q *queue, base int64) {
	for i, e := range q.underway {
		e.result <- result{offset: base + int64(i)}
	}
	d.pending -= len(q.underway)
	q.drop()
	q.attempts = 0
	d.trouble.over(q.tp.Topic)
	d.enqueue(q)
}

// withheld has a queue's records wait for the permit, at the front of those behind
// them. Where a caller has gone, the others are held up no longer.
func (d *dispatcher) withheld(q *queue, err error, now time.Time) {
	q.putBack(false)
	if errors.Is(err, errAbandoned) {
		d.enqueue(q)
		return
	}
	d.failed(q, err)
	q.attempts = min(q.attempts, withheldAttempts)
	d.sleep(q, now)
}

func (d *dispatcher) refused(q *queue, class kafka.ErrorClass, err error, now time.Time) {
	// The client is not closed before the Batcher is stopped, so that a
	// cancellation is a connection that was cut.
	if class.Passing() || class == kafka.ClassCanceled {
		q.leader = noLeader
		q.putBack(false)
		d.failed(q, err)
		d.sleep(q, now)
		return
	}
	if len(q.underway) > 1 {
		q.putBack(true)
		d.observer.Retried(q.tp.Topic, class)
		d.enqueue(q)
		return
	}
	q.underway[0].result <- result{offset: -1, err: err}
	d.pending--
	q.drop()
	d.enqueue(q)
}

func (d *dispatcher) failed(q *queue, err error) {
	class := kafka.Class(err)
	if errors.Is(err, errNoLeader) {
		class = kafka.ClassLeaderMoved
	}
	d.observer.Retried(q.tp.Topic, class)
	d.trouble.met(q.tp, class, err)
}

// giveUp answers everybody who still waits.
func (d *dispatcher) giveUp() {
	d.acceptWaiting()
	for _, q := range d.queues {
		for _, e := range append(q.underway, q.entries...) {
			e.result <- result{offset: -1, err: ErrStopped}
		}
	}
}
