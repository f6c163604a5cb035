package consumers

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"bankprocessor/internal/kafka"
)

// worker is a goroutine that runs tasks, and then waits to be used again: its stack
// has grown to what a call takes, which costs more than to start it.
type worker struct {
	tasks chan *task // capacity 1; closed when it is to end
	next  *worker    // among those that rest
}

// maxResting bounds how many workers rest, for each keeps its stack.
const maxResting = 256

// startAll gives every task that may run a worker.
func (s *scheduler) startAll() {
	for t := s.pick(); t != nil; t = s.pick() {
		w := s.resting
		if w == nil {
			w = &worker{tasks: make(chan *task, 1)}
			s.workers.Go(func() { s.work(w) })
		} else {
			s.resting, w.next = w.next, nil
			s.rests--
		}
		w.tasks <- t
	}
}

// rest has w wait for a task, or end where enough do.
func (s *scheduler) rest(w *worker) {
	if s.closed || s.rests == maxResting {
		close(w.tasks)
		return
	}
	w.next, s.resting = s.resting, w
	s.rests++
}

// dismiss ends the workers that rest.
func (s *scheduler) dismiss() {
	for ; s.resting != nil; s.resting = s.resting.next {
		close(s.resting.tasks)
	}
}

// work runs every task that w is given and, each time, whatever may run next, until
// nothing may.
func (s *scheduler) work(w *worker) {
	for t := range w.tasks {
		for t != nil {
			tp, offset, how := t.part.tp, t.record.Offset, s.run(t)
			t = s.settle(w, t, how)
			if how == endedDone { // and the window knows it: see partition.lookBack
				s.history.Settled(tp, offset)
			}
		}
	}
}

// ending is how a task's run ended.
type ending uint8

const (
	endedDone      ending = iota
	endedReleased         // nothing is left behind
	endedUncertain        // not done, and nobody knows how far it got
)

// run calls the handler for t until it is done or its topic's context ends. A
// record that fails keeps its worker, and so its key and a slot of its topic.
func (s *scheduler) run(t *task) ending {
	ctx := t.part.topic.ctx
	not := endedReleased
	for tries := 0; ; tries++ {
		err := s.handler.Handle(ctx, t.record)
		if err == nil {
			return endedDone
		}
		if !isReleased(err) {
			not = endedUncertain
		}
		if ctx.Err() != nil || !s.retry.wait(ctx, t, tries, err) {
			return not
		}
	}
}

// settle books the end of t's run and returns the task that its worker runs next, nil
// for none for now.
func (s *scheduler) settle(w *worker, t *task, how ending) *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, c := t.part, t.chain
	s.release(t)
	switch how {
	case endedDone:
		p.window.markDone(t.place)
		p.inherit()
		p.dirty = true
	case endedUncertain:
		p.uncertain = true
	}
	c.head = t.next
	s.freeTask(t)
	if c.head == nil {
		s.dropChain(c)
	} else {
		s.wait(c)
	}
	if len(p.backlog) > 0 {
		s.admit(p)
	}
	s.unpark(p)
	next := s.pick()
	if next == nil {
		s.rest(w)
	} else {
		s.startAll()
	}
	if s.tasks == 0 {
		notify(s.empty)
	}
	return next
}

// release gives back what t held while it ran.
func (s *scheduler) release(t *task) {
	tp := t.part.topic
	t.chain.running = false
	tp.running--
	s.slots.give(&tp.slots, 1)
	s.tasks--
	s.forget(t.part, t.size)
}

// dropChain removes a chain that has no tasks left and is in no queue.
func (s *scheduler) dropChain(c *chain) {
	if c.owner != nil {
		c.owner.keyless = nil
	} else {
		c.topic.chains.remove(c)
	}
	*c = chain{next: s.freeChains}
	s.freeChains = c
}

func (s *scheduler) newTask() *task {
	t := s.freeTasks
	if t == nil {
		return &task{}
	}
	s.freeTasks, t.next = t.next, nil
	return t
}

// freeTask ends a task, which is done, or given back.
func (s *scheduler) freeTask(t *task) {
	t.part.taken.remove(t)
	*t = task{next: s.freeTasks}
	s.freeTasks = t
}

func (s *scheduler) newChain(t *topic) *chain {
	c := s.freeChains
	if c == nil {
		return &chain{topic: t}
	}
	s.freeChains = c.next
	c.topic, c.next = t, nil
	return c
}

// recordOverhead is what a record costs beside its bytes, roughly.
const recordOverhead = 256

func sizeOf(r *kafka.Record) int64 {
	size := recordOverhead + len(r.Key) + len(r.Value)
	for i := range r.Headers {
		size += len(r.Headers[i].Key) + len(r.Headers[i].Value)
	}
	return int64(size)
}

func isReleased(err error) bool { return errors.Is(err, ErrReleased) }

// retrier paces the repeats of records whose handler fails.
type retrier struct {
	initial, max time.Duration
	observer     Observer
	log          *slog.Logger
}

// wait sleeps before the next try of t, which has failed with err for the
// tries-th time, counted from 0. It is false when ctx ended first.
func (r retrier) wait(ctx context.Context, t *task, tries int, err error) bool {
	r.observer.Failed(t.record.Topic)
	if tries == 0 {
		r.log.Error("handling a record failed: its key waits and it is tried again",
			"topic", t.record.Topic, "partition", t.record.Partition, "offset", t.record.Offset, "error", err)
	}
	return sleep(ctx, backoff(r.initial, r.max, tries)) == nil
}

// backoff is the wait before the next try after n earlier ones: doubling from
// initial to limit, the upper half of it at random.
func backoff(initial, limit time.Duration, n int) time.Duration {
	d := limit
	if n < 32 {
		d = min(limit, initial<<n)
	}
	return d/2 + rand.N(d/2+1)
}

// sleep waits for d or for the end of ctx, whose cause it then returns.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// notify leaves a note in ch, whose capacity is 1, unless one lies there.
func notify(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
