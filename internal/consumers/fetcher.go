package consumers

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"bankprocessor/internal/kafka"
)

const (
	// crowdedWait replaces Config.FetchWait while a partition of the same leader
	// waits for room: it gets some within milliseconds and must not sit out the
	// idle wait of its neighbours.
	crowdedWait = 10 * time.Millisecond
	// routeInterval is how often leaders are looked up when nothing asks for it, and
	// how late it is noticed that a topic was made anew while nobody fetched from it.
	routeInterval = 5 * time.Second
)

// fetcher reads a session's partitions: one loop per leading broker.
type fetcher struct {
	s       *session
	loops   map[int32]*fetchLoop
	running sync.WaitGroup
	reroute chan struct{} // a leader has moved; capacity 1
	missing []string      // topics that did not exist when last looked up
}

// fetchLoop reads from one broker whatever partitions it leads and have room.
type fetchLoop struct {
	f    *fetcher
	node int32
	wake chan struct{} // some partition may be fetched again; capacity 1
	// failures is how many requests in a row have failed as a whole.
	failures int
	// warned is the class of what has been told of them, ClassNone for nothing yet.
	warned kafka.ErrorClass
}

func newFetcher(s *session) *fetcher {
	return &fetcher{s: s, loops: make(map[int32]*fetchLoop), reroute: make(chan struct{}, 1)}
}

// run fetches until ctx ends; nothing of it runs on afterwards.
func (f *fetcher) run(ctx context.Context) {
	defer f.running.Wait()
	tries := 0
	for {
		wait := routeInterval
		complete, err := f.route(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && tries == 0:
			f.s.log.Warn("looking up partition leaders failed: trying on", "error", err)
		}
		if complete {
			tries = 0
		} else {
			wait = backoff(f.s.cfg.RetryInitial, f.s.cfg.RetryMax, tries)
			tries++
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-f.reroute:
			timer.Stop()
			f.s.cluster.RefreshMetadata()
		case <-timer.C:
		}
	}
}

// route looks up who leads each partition and sees to a loop for every leader.
// complete says that every partition has one.
func (f *fetcher) route(ctx context.Context) (complete bool, err error) {
	leaders, denied, err := f.leaders(ctx)
	if err != nil {
		return false, err
	}
	ids, err := f.s.cluster.TopicIDs(ctx, f.s.cfg.topicNames()...)
	if err != nil {
		return false, err
	}
	f.s.identify(ids)
	s := f.s.sched
	s.mu.Lock()
	defer s.mu.Unlock()
	complete = true
	for _, p := range s.parts {
		leader, ok := leaders[p.tp]
		if !ok && p.wake != nil && slices.Contains(denied, p.tp.Topic) {
			continue // its leader refuses it, and says when it no longer does
		}
		if !ok || leader < 0 {
			p.wake = nil
			complete = false
			continue
		}
		if p.leader == leader && p.wake != nil {
			continue
		}
		if p.leader != leader {
			p.failures, p.retryAt = 0, time.Time{}
		}
		p.leader, p.wake = leader, f.loop(ctx, leader).wake
		notify(p.wake)
	}
	return complete, nil
}

// leaders leaves out topics that do not exist, or that we may not see (denied):
// they hold up no other.
func (f *fetcher) leaders(ctx context.Context) (leaders map[kafka.TopicPartition]int32, denied []string, err error) {
	names := f.s.cfg.topicNames()
	leaders, err = f.s.cluster.Leaders(ctx, names...)
	var missing []string
	if unknown, ok := errors.AsType[*kafka.UnknownTopicsError](err); ok {
		missing = slices.Sorted(slices.Values(unknown.Topics))
		names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(missing, name) })
		leaders, err = nil, nil
		if len(names) > 0 {
			leaders, err = f.s.cluster.Leaders(ctx, names...)
		}
	}
	if denied = kafka.DeniedTopics(err); len(denied) > 0 && leaders != nil {
		err = nil // the fetches say it
	}
	if err == nil && !slices.Equal(missing, f.missing) {
		f.missing = missing
		if len(missing) > 0 {
			f.s.log.Warn("topics are missing: their partitions wait, create them with: processor topics apply", "topics", missing)
		} else {
			f.s.log.Info("no topic is missing any more")
		}
	}
	return leaders, denied, err
}

// loop returns the node's fetch loop, which runs until ctx ends.
func (f *fetcher) loop(ctx context.Context, node int32) *fetchLoop {
	l := f.loops[node]
	if l == nil {
		l = &fetchLoop{f: f, node: node, wake: make(chan struct{}, 1)}
		f.loops[node] = l
		f.running.Go(func() { l.run(ctx) })
	}
	return l
}
