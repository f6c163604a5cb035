package producers

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"bankprocessor/internal/kafka"
)

// dispatcher owns all queues and runs in one goroutine; its requests run in
// goroutines of their own, at most one per leader, and so does the one look-up of
// leaders.
type dispatcher struct {
	*Batcher
	queues     map[kafka.TopicPartition]*queue
	lanes      map[int32]*lane
	unresolved map[string][]*queue // by topic
	resolving  bool
	asleep     []*queue
	timer      *time.Timer
	pending    int // records accepted and not answered
	trouble    trouble

	answers  chan answer
	lookedUp chan []lookUp
	workers  sync.WaitGroup
}

// answer is what came of a request.
type answer struct {
	leader   int32
	queues   []*queue
	produced []kafka.Produced
	err      error
}

// lookUp is what is known of a topic's leaders.
type lookUp struct {
	topic   string
	leaders map[kafka.TopicPartition]int32
	err     error
}

func newDispatcher(b *Batcher) *dispatcher {
	return &dispatcher{
		Batcher:    b,
		queues:     map[kafka.TopicPartition]*queue{},
		lanes:      map[int32]*lane{},
		unresolved: map[string][]*queue{},
		trouble:    newTrouble(b.log),
		answers:    make(chan answer),
		lookedUp:   make(chan []lookUp),
	}
}

// run ends when it is told to stop and nothing is pending, or when ctx ends.
func (d *dispatcher) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer d.workers.Wait()
	defer cancel()
	d.timer = time.NewTimer(0)
	defer d.timer.Stop()
	stopping := d.stopping
	for {
		select {
		case e := <-d.in:
			d.accept(e)
		case a := <-d.answers:
			d.settle(a)
		case found := <-d.lookedUp:
			d.place(found)
		case <-d.timer.C:
		case <-stopping:
			stopping = nil
		case <-ctx.Done():
			d.giveUp()
			return
		}
		d.acceptWaiting()
		d.wake(time.Now())
		d.lookUp(ctx)
		d.dispatch(ctx)
		if stopping == nil && d.pending == 0 && len(d.in) == 0 {
			return
		}
	}
}

// acceptWaiting takes what has come in the meantime, so that it leaves together.
func (d *dispatcher) acceptWaiting() {
	for range len(d.in) {
		d.accept(<-d.in)
	}
}

func (d *dispatcher) accept(e *entry) {
	d.pending++
	tp := kafka.TopicPartition{Topic: e.record.Topic, Partition: e.record.Partition}
	q := d.queues[tp]
	if q == nil {
		q = &queue{tp: tp, leader: noLeader}
		d.queues[tp] = q
	}
	q.entries = append(q.entries, e)
	d.enqueue(q)
}

// enqueue puts a queue that is nowhere and not empty where it belongs.
func (d *dispatcher) enqueue(q *queue) {
	if q.placed || len(q.entries) == 0 {
		return
	}
	q.placed = true
	if q.leader == noLeader {
		d.unresolved[q.tp.Topic] = append(d.unresolved[q.tp.Topic], q)
		return
	}
	l := d.lanes[q.leader]
	if l == nil {
		l = &lane{}
		d.lanes[q.leader] = l
	}
	l.ready = append(l.ready, q)
}

// withheldAttempts bounds the backoff of a request that was withheld: to ask again
// costs no broker anything.
const withheldAttempts = 3

// sleep keeps a queue back after a failure.
func (d *dispatcher) sleep(q *queue, now time.Time) {
	q.until = now.Add(d.backoff(q.attempts))
	q.attempts++
	q.placed = true
	d.asleep = append(d.asleep, q)
}

func (d *dispatcher) wake(now time.Time) {
	if len(d.asleep) == 0 {
		return
	}
	var earliest time.Time
	d.asleep = slices.DeleteFunc(d.asleep, func(q *queue) bool {
		if q.until.After(now) {
			if earliest.IsZero() || q.until.Before(earliest) {
				earliest = q.until
			}
			return false
		}
		q.placed = false
		d.pending -= q.forget()
		d.enqueue(q)
		return true
	})
	if !earliest.IsZero() {
		d.timer.Reset(earliest.Sub(now))
	}
}

// lookUp asks for the leaders of every unresolved topic, unless it is doing so.
func (d *dispatcher) lookUp(ctx context.Context) {
	if d.resolving || len(d.unresolved) == 0 {
		return
	}
	d.resolving = true
	topics := make([]string, 0, len(d.unresolved))
	for topic := range d.unresolved {
		topics = append(topics, topic)
	}
	d.workers.Go(func() {
		found := make([]lookUp, len(topics))
		for i, topic := range topics {
			leaders, err := d.cluster.Leaders(ctx, topic)
			found[i] = lookUp{topic, leaders, err}
		}
		select {
		case d.lookedUp <- found:
		case <-ctx.Done():
		}
	})
}

func (d *dispatcher) place(found []lookUp) {
	d.resolving = false
	now := time.Now()
	refresh := false
	for _, topic := range found {
		queues := d.unresolved[topic.topic]
		delete(d.unresolved, topic.topic)
		for _, q := range queues {
			q.placed = false
			err := topic.err
			leader, known := topic.leaders[q.tp]
			if err == nil && (!known || leader == noLeader) {
				refresh, err = true, errNoLeader
			}
			if err != nil {
				d.failed(q, err)
				d.sleep(q, now)
				continue
			}
			q.leader = leader
			d.enqueue(q)
		}
	}
	if refresh {
		d.cluster.RefreshMetadata()
	}
}

// dispatch sends one request to every leader that has none under way.
func (d *dispatcher) dispatch(ctx context.Context) {
	for leader, l := range d.lanes {
		if !l.busy && len(l.ready) > 0 {
			d.send(ctx, leader, l)
		}
	}
}

func (d *dispatcher) send(ctx context.Context, leader int32, l *lane) {
	var bytes int64
	records := 0
	var sent, left []*queue
	for _, q := range l.ready {
		if d.pending -= q.forget(); len(q.entries) == 0 {
			q.placed = false
			continue
		}
		bytes += q.take(d.cfg, bytes, records)
		if len(q.underway) == 0 {
			left = append(left, q)
			continue
		}
		records += len(q.underway)
		sent = append(sent, q)
	}
	if l.ready = left; len(sent) == 0 {
		return
	}
	l.busy = true
	parts := make([]kafka.ProducePartition, len(sent))
	for i, q := range sent {
		parts[i] = kafka.ProducePartition{TopicPartition: q.tp, Records: make([]kafka.Record, len(q.underway)), Permit: q.wanted()}
		for j, e := range q.underway {
			parts[i].Records[j] = e.record
		}
	}
	d.workers.Go(func() {
		produced, err := d.cluster.Produce(ctx, parts, d.cfg.AckTimeout)
		if !errors.Is(err, kafka.ErrWithheld) {
			d.observer.Batched(records, bytes)
		}
		select {
		case d.answers <- answer{leader, sent, produced, err}:
		case <-ctx.Done():
		}
	})
}
