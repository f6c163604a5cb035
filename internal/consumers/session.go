package consumers

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/lease"
)

// session is one generation's work, from the committed offsets to the last
// commit.
type session struct {
	cfg      *Config
	cluster  Cluster
	history  History
	gate     Gate
	observer Observer
	log      *slog.Logger
	lease    *lease.Lease
	owed     owed
	class    func(error) kafka.ErrorClass
	member   kafka.Member
	names    []kafka.TopicPartition

	sched    *scheduler
	takeover *takeover
	parts    map[kafka.TopicPartition]*partition
	// fenced is closed when a commit has shown that the generation is over.
	fenced chan struct{}
	phase  func(phase)
}

// run works on the generation's partitions until ctx ends or the group has fenced
// the member; it then drains, commits, and returns with nothing left running.
//
// The lease is the session's: it begins once the group has answered a heartbeat and
// taken a commit, and nothing of it is left for the next.
func (s *session) run(ctx context.Context) (fenced bool) {
	s.lease.Bound(time.Now())
	defer s.lease.Revoke()
	commits := newCommitter(s)
	if err := s.load(ctx); err != nil {
		s.log.Info("generation ended before its offsets were read", "error", err)
		s.sched.close()
		return false
	}
	s.phase(phaseRunning)
	var background, fetching sync.WaitGroup
	alive, end := context.WithCancel(context.WithoutCancel(ctx))
	background.Go(func() { s.sched.keepGate(alive, s.gate) })
	background.Go(func() { commits.run(alive) })
	reading, stopReading := context.WithCancel(ctx)
	fetching.Go(func() { newFetcher(s).run(reading) })
	fetching.Go(func() { s.takeover.run(reading) })

	select {
	case <-ctx.Done():
	case <-s.fenced:
		fenced = true
		s.log.Error("fenced by the group: another member owns the partitions", "generation", s.member.GenerationID)
	}
	s.phase(phaseDraining)
	stopReading()
	fetching.Wait()
	s.drain()
	end()
	background.Wait()
	commits.finish(context.WithoutCancel(ctx))
	for _, p := range s.sched.parts {
		s.history.Release(p.tp)
	}
	return fenced
}

// load reads what the group has committed, until it succeeds or ctx ends.
func (s *session) load(ctx context.Context) error {
	for tries := 0; ; tries++ {
		commits, err := s.cluster.CommittedOffsets(ctx, s.member.Group, s.names)
		var ids map[string]kafka.TopicID
		if err == nil {
			ids, err = s.cluster.TopicIDs(ctx, s.cfg.topicNames()...)
		}
		if err == nil {
			s.place(commits)
			s.identify(ids)
			return nil
		}
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), err)
		}
		if tries == 0 {
			s.log.Warn("reading the committed offsets failed: trying on", "error", err)
		}
		if err := sleep(ctx, backoff(s.cfg.RetryInitial, s.cfg.RetryMax, tries)); err != nil {
			return err
		}
	}
}

// place builds the partitions where their predecessors left them.
func (s *session) place(commits map[kafka.TopicPartition]kafka.Commit) {
	topics := make(map[string]*topic, len(s.sched.topics))
	for _, t := range s.sched.topics {
		topics[t.name] = t
	}
	s.sched.mu.Lock()
	defer s.sched.mu.Unlock()
	for _, tp := range s.names {
		t := topics[tp.Topic]
		if t == nil {
			s.log.Error("assigned a topic that is not configured: another member of the group reads it",
				"topic", tp.Topic, "partition", tp.Partition)
			continue
		}
		p := newPartition(tp, t)
		if commit, ok := commits[tp]; ok && commit.Offset >= 0 {
			if err := p.resume(commit); err != nil {
				s.log.Warn("the commit's metadata cannot be read: nothing above the offset counts as done",
					"topic", tp.Topic, "partition", tp.Partition, "offset", commit.Offset, "error", err)
			}
		}
		s.owed.pay(p)
		s.parts[tp] = p
		s.sched.parts = append(s.sched.parts, p)
	}
}

// newSession returns a session that starts nothing.
func (c *Consumer) newSession(ctx context.Context, member kafka.Member, names []kafka.TopicPartition) *session {
	log := c.log.With("group", member.Group, "generation", member.GenerationID)
	s := &session{
		cfg: &c.cfg, cluster: c.deps.Cluster, history: c.deps.History, gate: c.deps.Gate, observer: c.observer, log: log,
		lease: c.lease, owed: c.owed, class: c.class, member: member, names: names,
		sched: newScheduler(ctx, &c.cfg, c.deps.Handler, c.deps.History, retrier{
			initial: c.cfg.RetryInitial, max: c.cfg.RetryMax, observer: c.observer, log: log,
		}),
		parts:  make(map[kafka.TopicPartition]*partition, len(names)),
		fenced: make(chan struct{}),
		phase:  c.enter,
	}
	s.takeover = newTakeover(s)
	return s
}
