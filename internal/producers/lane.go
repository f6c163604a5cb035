package producers

import (
	"context"
	"errors"
	"runtime"

	"bankprocessor/internal/kafka"
)

// lane is what goes to one leader, one request at a time.
type lane struct {
	ready []*queue
	idle  bool          // the lane waits to be woken
	woken chan struct{} // of capacity 1
	// request is what was sent last, and underway says that it is unanswered.
	request  request
	underway bool
}

// request is what goes to a leader together. Its slices are used again.
type request struct {
	batches []batch
	parts   []kafka.ProducePartition
	records int
	bytes   int64
}

// batch is the records of one queue in a request.
type batch struct {
	queue   *queue
	entries []*entry
	records []kafka.Record // theirs
	// settled says that the entries are to be answered: with offsets from base on,
	// or with err.
	settled bool
	base    int64
	err     error
}

// open makes sure that there is a lane to a leader.
func (b *Batcher) open(ctx context.Context, leader int32) {
	if b.lanes[leader] != nil {
		return
	}
	l := &lane{woken: make(chan struct{}, 1)}
	b.lanes[leader] = l
	b.workers.Go(func() { b.serve(ctx, l) })
}

func (l *lane) add(q *queue) {
	l.ready = append(l.ready, q)
	if l.idle {
		l.idle = false
		signal(l.woken)
	}
}

// serve sends what comes together while the last request is under way, until ctx
// ends.
func (b *Batcher) serve(ctx context.Context, l *lane) {
	for {
		// Whoever can run has its record in the request then. Where nobody can, and
		// nothing is to be gained, it takes no time.
		runtime.Gosched()
		if !b.load(l) {
			select {
			case <-l.woken:
				continue
			case <-ctx.Done():
				return
			}
		}
		r := &l.request
		produced, err := b.cluster.Produce(ctx, r.parts, b.cfg.AckTimeout)
		if !errors.Is(err, kafka.ErrWithheld) {
			b.observer.Batched(r.records, r.bytes)
		}
		if b.settle(l, produced, err) {
			b.cluster.RefreshMetadata()
		}
		r.answer()
	}
}

// load fills the lane's request with what is ready, and says whether there is any.
func (b *Batcher) load(l *lane) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(l.ready) > 0 && !b.ended {
		l.underway = b.fill(l)
	}
	l.idle = !l.underway
	return l.underway
}

func (b *Batcher) fill(l *lane) bool {
	r, s := &l.request, &sending{}
	permit := s.permit
	left := l.ready[:0]
	for _, q := range l.ready {
		b.answered(q.forget())
		if len(q.entries) == 0 {
			q.placed = false
			continue
		}
		t := r.another()
		bytes := q.take(t, b.cfg, r.bytes, r.records)
		if len(t.entries) == 0 {
			r.batches = r.batches[:len(r.batches)-1]
			left = append(left, q)
			continue
		}
		for _, e := range t.entries {
			e.sending = s
			t.records = append(t.records, e.record)
		}
		r.parts = append(r.parts, kafka.ProducePartition{TopicPartition: q.tp, Records: t.records, Permit: permit})
		r.bytes += bytes
		r.records += len(t.entries)
	}
	clear(l.ready[len(left):])
	l.ready = left
	return r.records > 0
}

// another adds a batch, with the slices that it had before.
func (r *request) another() *batch {
	n := len(r.batches)
	if n == cap(r.batches) {
		r.batches = append(r.batches, batch{})
	}
	r.batches = r.batches[:n+1]
	return &r.batches[n]
}

// answer tells the callers whose records are settled, and empties the request.
func (r *request) answer() {
	for i := range r.batches {
		t := &r.batches[i]
		for j, e := range t.entries {
			if !t.settled {
				break
			}
			res := result{offset: t.base + int64(j)}
			if t.err != nil {
				res = result{offset: -1, err: t.err}
			}
			e.result <- res
		}
		*t = batch{entries: emptied(t.entries), records: emptied(t.records)}
	}
	clear(r.parts)
	r.batches, r.parts, r.records, r.bytes = r.batches[:0], r.parts[:0], 0, 0
}

// maxKept is how many records of a partition room is kept for between requests.
const maxKept = 1024

// emptied is the slice with nothing in it, for the next time.
func emptied[T any](s []T) []T {
	if cap(s) > maxKept {
		return nil
	}
	clear(s)
	return s[:0]
}
