package consumers

import (
	"context"
	"hash/maphash"
	"sync"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/planted"
)

// scheduler runs the records of one session: one chain per key, bounded workers,
// fair between topics. A worker that ends a record takes the next that may run; one
// that finds none rests until there is.
type scheduler struct {
	cfg      *Config
	handler  Handler
	history  History
	observer Observer
	retry    retrier
	seed     maphash.Seed

	mu     sync.Mutex
	topics []*topic
	turn   int     // the topic that is asked first
	slots  *budget // running handlers
	memory *budget // bytes fetched and not done
	tasks  int     // in chains, running ones included
	ready  int     // chains in the topics' queues
	parked bool    // some topic is
	// arrivals numbers the tasks.
	arrivals uint64
	// held stops new starts while the lease is not sure; closed for good.
	held, closed bool
	draining     bool
	parts        []*partition
	empty        chan struct{} // told when tasks gets to 0; capacity 1
	workers      sync.WaitGroup
	resting      *worker
	rests        int // how many do

	// Ended tasks and chains wait here to be used again.
	freeTasks  *task
	freeChains *chain
}

// topic is one command topic's part in a session, guarded by the scheduler's lock
// but for its context.
type topic struct {
	name  string
	limit int // running handlers

	running       int
	slots, memory share
	shut          bool
	parked        bool // some fetch loop has seen it without memory
	chains        chainTable
	ready         readyQueue

	ctx    context.Context
	cancel context.CancelCauseFunc
}

// newScheduler returns a scheduler whose handlers' contexts descend from ctx.
func newScheduler(ctx context.Context, cfg *Config, handler Handler, history History, retry retrier) *scheduler {
	s := &scheduler{
		cfg: cfg, handler: handler, history: history, observer: retry.observer, retry: retry,
		seed: maphash.MakeSeed(), empty: make(chan struct{}, 1),
	}
	slots, slotShare := newBudget(int64(cfg.MaxInFlight), len(cfg.Topics))
	memory, memoryShare := newBudget(cfg.MaxBytes, len(cfg.Topics))
	s.slots, s.memory = slots, memory
	for _, t := range cfg.Topics {
		ctx, cancel := context.WithCancelCause(ctx)
		s.topics = append(s.topics, &topic{
			name: t.Name, limit: t.MaxInFlight, slots: slotShare(), memory: memoryShare(),
			ctx: ctx, cancel: cancel,
		})
	}
	return s
}

// deliver hands over what a fetch of p has read: its next records, which are the
// scheduler's own from now on.
func (s *scheduler) deliver(p *partition, records []kafka.Record, next int64) {
	var bytes int64
	for i := range records {
		bytes += sizeOf(&records[i])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining || next <= p.covered {
		return
	}
	p.bytes += bytes
	s.memory.take(&p.topic.memory, bytes)
	if len(p.backlog) == 0 {
		p.backlog = records
	} else {
		p.backlog = append(p.backlog, records...)
	}
	p.covered = next
	p.position = max(p.position, next)
	p.dirty = true
	s.admit(p)
	s.startAll()
}

// admit moves as much of p's backlog into the window and the chains as there is
// room for.
func (s *scheduler) admit(p *partition) {
	skipped := 0
	defer func() {
		if skipped > 0 {
			s.observer.Skipped(p.tp, skipped)
		}
	}()
	for len(p.backlog) > 0 {
		r := &p.backlog[0]
		size := sizeOf(r)
		switch {
		case r.Offset < p.window.next: // inside an inherited range that was passed
			skipped++
			s.forget(p, size)
		case p.inherited.has(r.Offset):
			p.window.push(r.Offset, true)
			skipped++
			s.forget(p, size)
		case p.room(s.cfg) != notPaused:
			return
		default:
			t := s.newTask()
			t.record, t.part, t.size = *r, p, size
			t.place = p.window.push(r.Offset, false)
			s.enqueue(t)
		}
		*r = kafka.Record{}
		p.backlog = p.backlog[1:]
		p.inherit()
	}
	p.backlog = nil
	p.window.cover(p.covered)
	p.inherit()
}

// forget takes the bytes of a record out of the books.
func (s *scheduler) forget(p *partition, size int64) {
	p.bytes -= size
	s.memory.give(&p.topic.memory, size)
}

// enqueue puts t at the end of its key's chain.
func (s *scheduler) enqueue(t *task) {
	s.tasks++
	s.arrivals++
	t.arrival = s.arrivals
	p := t.part
	p.taken.add(t)
	if planted.Off(planted.Order) {
		s.chain(t, t.arrival)
		return
	}
	if t.record.Key == nil {
		if p.keyless == nil {
			p.keyless = s.newChain(p.topic)
			p.keyless.owner = p
			p.keyless.append(t)
			s.wait(p.keyless)
			return
		}
		p.keyless.append(t)
		return
	}
	// Two keys that share a hash share a chain: each keeps its order.
	s.chain(t, maphash.Bytes(s.seed, t.record.Key))
}

// chain puts t at the end of that chain of its topic.
func (s *scheduler) chain(t *task, key uint64) {
	topic := t.part.topic
	c := topic.chains.find(key)
	if c == nil {
		c = s.newChain(topic)
		c.key = key
		topic.chains.add(c)
		c.append(t)
		s.wait(c)
		return
	}
	c.append(t)
}

// wait puts c among the chains whose head may run.
func (s *scheduler) wait(c *chain) {
	c.topic.ready.push(c)
	s.ready++
}

// pick takes the next task that may run, nil when none may.
func (s *scheduler) pick() *task {
	if s.held || s.closed || s.ready == 0 || s.slots.used >= s.slots.total {
		return nil
	}
	for range s.topics {
		t := s.topics[s.turn]
		s.turn = (s.turn + 1) % len(s.topics)
		if t.shut || t.ready.empty() || t.running >= t.limit || !s.slots.free(&t.slots) {
			continue
		}
		c := t.ready.pop()
		s.ready--
		c.running = true
		t.running++
		s.slots.take(&t.slots, 1)
		c.head.part.started = max(c.head.part.started, c.head.record.Offset)
		return c.head
	}
	return nil
}
