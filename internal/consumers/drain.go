package consumers

import (
	"context"
	"time"
)

// drain stops the intake for good: nothing is admitted any more, and of what waits
// only the gaps stay: records below the highest started offset of their
// partition, so that the committed offset can pass what has been started. What a
// shut gate holds back is not among them; the done-map carries what is around it.
func (s *scheduler) drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	for _, p := range s.parts {
		for i := range p.backlog {
			s.forget(p, sizeOf(&p.backlog[i]))
		}
		p.backlog = nil
	}
	for _, t := range s.topics {
		s.trim(t, func(k *task) bool { return t.shut || k.record.Offset > k.part.started })
	}
}

// abandon takes everything that waits away from the topics and ends the contexts
// of their running handlers. only says which topics; nil means all.
func (s *scheduler) abandon(only func(*topic) bool, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.topics {
		if only == nil || only(t) {
			s.trim(t, func(*task) bool { return true })
			t.cancel(cause)
		}
	}
}

// trim takes the waiting tasks that drop says out of t's chains.
func (s *scheduler) trim(t *topic, drop func(*task) bool) {
	for c := range t.chains.all() {
		s.cut(c, drop)
	}
	for _, p := range s.parts {
		if p.topic == t && p.keyless != nil {
			s.cut(p.keyless, drop)
		}
	}
	for _, waiting := range t.ready.take() {
		s.ready--
		if waiting.chain.head == nil {
			s.dropChain(waiting.chain)
		} else {
			s.wait(waiting.chain)
		}
	}
	if s.tasks == 0 {
		notify(s.empty)
	}
}

func (s *scheduler) cut(c *chain, drop func(*task) bool) {
	for k := c.cut(drop); k != nil; {
		next := k.next
		s.tasks--
		s.forget(k.part, k.size)
		s.freeTask(k)
		k = next
	}
}

// left is how many records are with a handler or wait for one.
func (s *scheduler) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tasks
}

// close waits for the workers. Nothing is left by then.
func (s *scheduler) close() {
	s.mu.Lock()
	s.closed = true
	s.dismiss()
	s.mu.Unlock()
	s.workers.Wait()
	for _, t := range s.topics {
		t.cancel(context.Canceled)
	}
}

// drain brings the session's records to an end within the drain timeout and
// returns when no handler runs.
//
//	start                 finish what has started and the gaps below it
//	a quarter             topics whose gate is shut: end the handlers' contexts
//	the drain timeout     every topic: end the handlers' contexts
//	after that            wait on, for handlers are bounded by their own calls' timeouts
//	fence, lost lease     at any moment, every topic: end the handlers' contexts
//
// A member whom the group has counted out learns of it as of any rebalance, from a
// heartbeat, or not at all for a while. Its lease has run out by then.
func (s *session) drain() {
	start := time.Now()
	s.sched.drain()
	steps := []struct {
		at time.Duration
		do func()
	}{
		{s.cfg.DrainTimeout / 4, func() {
			s.sched.abandon(func(t *topic) bool { return t.shut }, ErrDraining)
		}},
		{s.cfg.DrainTimeout, func() { s.sched.abandon(nil, ErrDraining) }},
	}
	fence := s.fenced
	lose := func() {
		fence = nil
		s.sched.abandon(nil, ErrFenced)
	}
	for s.sched.left() > 0 {
		wait := overdueInterval
		if len(steps) > 0 {
			wait = time.Until(start.Add(steps[0].at))
		}
		step, expiry := time.NewTimer(wait), time.NewTimer(s.lease.Left())
		if fence == nil {
			expiry.Stop()
		}
		select {
		case <-s.sched.empty:
		case <-fence:
			lose()
		case <-expiry.C:
			if s.lease.Check() != nil { // not renewed meanwhile
				lose()
			}
		case <-step.C:
			if len(steps) > 0 {
				steps[0].do()
				steps = steps[1:]
			} else {
				s.log.Error("handlers run on past the drain timeout: the hand-over waits for them",
					"running", s.sched.left(), "since", time.Since(start))
			}
		}
		step.Stop()
		expiry.Stop()
	}
	s.sched.close()
	s.observer.Drained(time.Since(start), s.sched.clean())
}

// overdueInterval is how often a drain that is overdue says so.
const overdueInterval = 5 * time.Second

// clean says whether no record's fate is unknown.
func (s *scheduler) clean() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if p.uncertain {
			return false
		}
	}
	return true
}
