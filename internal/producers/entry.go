package producers

import (
	"sync"
	"sync/atomic"

	"bankprocessor/internal/kafka"
)

// entry is one record on its way.
type entry struct {
	record kafka.Record
	size   int64
	result chan result // of capacity 1, and used once at a time
	// abandoned says that the caller has gone: a record that has not left by then
	// does not leave.
	abandoned bool
	// sending is the request that the record is in, nil when in none.
	sending *sending
}

type result struct {
	offset int64
	err    error
}

// entryPool holds entries that nobody else knows of. Each Batcher has its own: a
// channel belongs to the bubble that a test has made it in.
type entryPool struct{ pool sync.Pool }

func (p *entryPool) get(r kafka.Record) *entry {
	e, ok := p.pool.Get().(*entry)
	if !ok {
		e = &entry{result: make(chan result, 1)}
	}
	e.record, e.size = r, sizeOf(&r)
	return e
}

// put takes an entry whose caller has received its result; one that was abandoned is
// never given back.
func (p *entryPool) put(e *entry) {
	e.record = kafka.Record{}
	p.pool.Put(e)
}

// sending is one request while it may leave.
type sending struct{ abandoned atomic.Bool }

// permit ends with the first caller that goes.
func (s *sending) permit() error {
	if s.abandoned.Load() {
		return errAbandoned
	}
	return nil
}

// overhead is what a record costs on the wire beside its bytes, roughly.
const overhead = 32

func sizeOf(r *kafka.Record) int64 {
	n := overhead + len(r.Key) + len(r.Value)
	for i := range r.Headers {
		n += len(r.Headers[i].Key) + len(r.Headers[i].Value) + 4
	}
	return int64(n)
}
