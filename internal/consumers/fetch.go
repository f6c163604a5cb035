package consumers

import (
	"context"
	"time"

	"bankprocessor/internal/kafka"
)

// round is what one fetch loop does next.
type round struct {
	parts   []*partition
	ask     []kafka.FetchPartition
	unknown []*partition // those whose position must be looked up first
	wait    time.Duration
	retryIn time.Duration // when a partition that is backing off may go on; 0 for never
}

// run fetches until ctx ends.
func (l *fetchLoop) run(ctx context.Context) {
	for ctx.Err() == nil {
		r := l.plan(time.Now())
		switch {
		case len(r.unknown) > 0:
			l.reposition(ctx, r.unknown)
			l.release(r.parts)
		case len(r.ask) > 0:
			l.fetch(ctx, r)
		default:
			l.idle(ctx, r.retryIn)
		}
	}
}

// idle waits for a reason to plan again.
func (l *fetchLoop) idle(ctx context.Context, retryIn time.Duration) {
	if retryIn == 0 {
		retryIn = routeInterval
	}
	timer := time.NewTimer(retryIn)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-l.wake:
	case <-timer.C:
	}
}

// plan marks the partitions that the loop is to fetch now as being fetched.
func (l *fetchLoop) plan(now time.Time) round {
	s := l.f.s.sched
	s.mu.Lock()
	defer s.mu.Unlock()
	r := round{wait: s.cfg.FetchWait}
	for _, p := range s.parts {
		if p.leader != l.node || p.wake == nil || p.fetching {
			continue
		}
		if wait := p.retryAt.Sub(now); wait > 0 {
			if r.retryIn == 0 || wait < r.retryIn {
				r.retryIn = wait
			}
			continue
		}
		switch s.pauseOf(p) {
		case notPaused, pausedStopped: // a stopped position is looked at again
		case pausedMemory:
			p.topic.parked, s.parked = true, true
			r.wait = crowdedWait
			continue
		case pausedWindow, pausedBytes, pausedMetadata:
			p.parked = true
			r.wait = crowdedWait
			continue
		default:
			continue
		}
		p.fetching = true
		r.parts = append(r.parts, p)
		if p.position < 0 {
			r.unknown = append(r.unknown, p)
			continue
		}
		r.ask = append(r.ask, kafka.FetchPartition{
			TopicPartition: p.tp, Offset: p.position, MaxBytes: s.cfg.FetchPartitionBytes,
		})
	}
	return r
}

// release marks the partitions as not being fetched.
func (l *fetchLoop) release(parts []*partition) {
	s := l.f.s.sched
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range parts {
		p.fetching = false
		if p.leader != l.node && p.wake != nil {
			notify(p.wake) // its new leader's loop has waited for this
		}
	}
}

// fetch makes one request and hands its answers on.
func (l *fetchLoop) fetch(ctx context.Context, r round) {
	defer l.release(r.parts)
	s := l.f.s
	limited, cancel := context.WithTimeout(ctx, s.cfg.FetchTimeout)
	answers, err := s.cluster.Fetch(limited, r.ask, r.wait, s.cfg.FetchBytes)
	cancel()
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		l.failed(r.parts, err)
		return
	}
	if l.warned != kafka.ClassNone {
		s.log.Info("broker answers again", "broker", l.node)
	}
	l.failures, l.warned = 0, kafka.ClassNone
	var unknown []*partition
	for i := range answers {
		a := &answers[i]
		p := s.parts[a.TopicPartition]
		switch {
		case p == nil:
		case a.Err == nil:
			l.accept(p, a)
		case s.class(a.Err) == kafka.ClassOutOfRange:
			unknown = append(unknown, p)
		default:
			l.refused(p, a.Err)
		}
	}
	if len(unknown) > 0 {
		l.reposition(ctx, unknown)
	}
}

func (l *fetchLoop) accept(p *partition, a *kafka.Fetched) {
	s := l.f.s
	s.sched.mu.Lock()
	if p.anew { // it was found out while the fetch was under way
		s.sched.mu.Unlock()
		return
	}
	p.failures, p.stopped = 0, false
	p.highWatermark = a.HighWatermark
	p.doubtUntil = min(p.doubtUntil, a.HighWatermark)
	s.sched.mu.Unlock()
	bytes := 0
	for i := range a.Records {
		bytes += len(a.Records[i].Key) + len(a.Records[i].Value)
	}
	if len(a.Records) > 0 {
		s.observer.Fetched(p.tp, len(a.Records), bytes)
	}
	s.sched.deliver(p, a.Records, a.Next)
}

// failed is a request that failed as a whole: its partitions back off.
func (l *fetchLoop) failed(parts []*partition, err error) {
	class := l.f.s.class(err)
	for _, p := range parts {
		l.backOff(p, class)
	}
	notify(l.f.reroute)
	// What begins as an outage may go on as a refusal, which somebody has to mend.
	news := l.warned == kafka.ClassNone || class == kafka.ClassAuth && l.warned != class
	if l.failures++; l.failures >= patience(class) && news {
		l.warned = class
		l.f.s.log.Warn("broker does not answer: trying on", "broker", l.node, "partitions", len(parts),
			"class", class.String(), "error", err)
	}
}

// refused is a partition that the broker does not give, or not whole.
func (l *fetchLoop) refused(p *partition, err error) {
	class := l.f.s.class(err)
	if class != kafka.ClassCorrupt {
		notify(l.f.reroute)
	}
	if failures := l.backOff(p, class); failures == patience(class) {
		l.f.s.log.Warn("fetching a partition failed: trying on", "topic", p.tp.Topic, "partition", p.tp.Partition,
			"class", class.String(), "error", err)
	}
}

// backOff puts p's next fetch off and returns how many have failed in a row. Where
// the topic may be another one by then, or led by another broker, that is looked up
// first.
func (l *fetchLoop) backOff(p *partition, class kafka.ErrorClass) (failures int) {
	s := l.f.s
	s.sched.mu.Lock()
	defer s.sched.mu.Unlock()
	if moved(class) {
		p.wake = nil // until the next route
	}
	p.retryAt = time.Now().Add(backoff(s.cfg.RetryInitial, s.cfg.RetryMax, p.failures))
	p.failures++
	return p.failures
}

func moved(class kafka.ErrorClass) bool {
	return class == kafka.ClassLeaderMoved || class == kafka.ClassUnknownTopic
}

// patience is how many failures in a row are worth a warning: a leader that has
// moved, or a topic that has just been made, is found at once as a rule.
func patience(class kafka.ErrorClass) int {
	if moved(class) {
		return 4
	}
	return 1
}
