package consumers

import (
	"context"
	"sync"
	"time"
)

const (
	// takeoverSlots is how many partitions' pasts are begun to be read at a time.
	takeoverSlots = 16
	// takeoverPatience is how long one keeps its slot: what takes longer waits for a
	// broker, as a rule, and others need not wait with it.
	takeoverPatience = time.Second
)

// takeover has the past of every partition of a session read. A partition is fetched,
// and so worked on, only once its own has been; it waits for no other's.
type takeover struct {
	s     *session
	begun time.Time
	slots chan struct{}
	wake  chan struct{} // a partition has got its position or its topic; capacity 1
	loads sync.WaitGroup
}

// newTakeover is for partitions that have been assigned just now.
func newTakeover(s *session) *takeover {
	return &takeover{s: s, begun: time.Now(), slots: make(chan struct{}, takeoverSlots), wake: make(chan struct{}, 1)}
}

// run reads until ctx ends; nothing of it runs on afterwards.
func (t *takeover) run(ctx context.Context) {
	defer t.loads.Wait()
	for {
		for _, p := range t.due() {
			t.loads.Go(func() { t.load(ctx, p) })
		}
		select {
		case <-t.wake:
		case <-ctx.Done():
			return
		}
	}
}

// past is from where a partition's past is read.
type past struct {
	*partition
	base, attempts, results int64
}

// due marks the partitions whose past can be read as being read. One without a
// position has none before its position is looked up. What stands in the log of a
// topic that is not there, or is another one, is nobody's past.
func (t *takeover) due() (due []past) {
	s := t.s.sched
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		if p.loading || !p.commits() {
			continue
		}
		p.loading = true
		due = append(due, past{p, p.window.committed(), p.attempts, p.results})
	}
	return due
}

// load reads p's past, again and again until it succeeds or ctx ends.
func (t *takeover) load(ctx context.Context, p past) {
	s := t.s
	for tries := 0; ; tries++ {
		err := t.try(ctx, p)
		if err == nil {
			s.sched.loaded(p)
			s.observer.TookOver(p.tp, time.Since(t.begun))
			return
		}
		if ctx.Err() != nil {
			return
		}
		class := s.class(err)
		if moved(class) {
			s.cluster.RefreshMetadata()
		}
		if tries+1 == patience(class) {
			s.log.Warn("reading a partition's past failed: nothing of it is worked on before, trying on",
				"topic", p.tp.Topic, "partition", p.tp.Partition, "class", class.String(), "error", err)
		}
		if sleep(ctx, backoff(s.cfg.RetryInitial, s.cfg.RetryMax, tries)) != nil {
			return
		}
	}
}

func (t *takeover) try(ctx context.Context, p past) error {
	select {
	case t.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	release := sync.OnceFunc(func() { <-t.slots })
	defer release()
	slow := time.AfterFunc(takeoverPatience, release)
	defer slow.Stop()
	return t.s.history.Load(ctx, p.tp, p.base, p.attempts, p.results)
}

// loaded lets p be worked on. What its owners before have done above the committed
// offset is done in the next commit too, and holds nothing of the past.
func (s *scheduler) loaded(p past) {
	s.mu.Lock()
	inherited := p.inherited
	s.mu.Unlock()
	for _, r := range inherited {
		for offset := r.First; offset < r.End; offset++ {
			s.history.Settled(p.tp, offset)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.loaded, p.dirty = true, true
	if p.wake != nil {
		notify(p.wake)
	}
}

// lookBack takes in from where the partition's next owner has to read. Before p is
// loaded that is what p's owner before has said, for nothing of p has been carried out.
//
// A commit keeps its word when what it does not call done has its attempts and its
// outcome at or above these offsets. The history lets go of a record when it is told
// that the record is settled, which it is only after the window has it as done; the
// caller holds the lock under which the window gets to know. So a commit that reads
// both under the lock may look back too far for a record that is done, and too little
// for none.
func (p *partition) lookBack(past History) {
	if !p.loaded {
		return
	}
	attempts, results := past.Lookback(p.tp, p.window.committed())
	if attempts >= 0 {
		p.attempts = attempts
	}
	if results >= 0 {
		p.results = results
	}
}
