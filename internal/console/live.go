package console

import (
	"context"
	"sync"
	"time"
)

// live samples the processor and hands what it finds to those who look.
type live struct {
	deps    Deps
	started time.Time
	hub     *hub

	mu      sync.Mutex
	sampler sampler
	cells   cells // of the last frame
	at      time.Time

	life    sync.Mutex
	cancel  context.CancelFunc // nil before Start
	done    chan struct{}      // closed when sampling has ended
	stopped bool
}

func newLive(d Deps) *live {
	return &live{deps: d, started: d.Now(), hub: newHub(maxPages, d.Clients)}
}

// start samples until stop.
func (l *live) start(ctx context.Context) {
	l.life.Lock()
	defer l.life.Unlock()
	if l.stopped || l.done != nil {
		return
	}
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		l.run(ctx)
	}()
}

func (l *live) run(ctx context.Context) {
	again := time.NewTicker(sampleEvery)
	defer again.Stop()
	for {
		l.sample()
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// stop ends sampling and every stream. It may come before start, and twice.
func (l *live) stop(ctx context.Context) error {
	l.life.Lock()
	l.stopped = true
	done := l.done
	if done != nil {
		l.cancel()
	}
	l.life.Unlock()
	l.hub.close()
	if done == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// sample takes a reading in and publishes what has changed.
func (l *live) sample() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := moment{l.deps.Now(), l.deps.Read()}
	p := l.sampler.add(now)
	before := l.cells
	l.cells, l.at = l.view(now, p).cells(), now.at
	l.hub.publish(
		message{At: now.at.UnixMilli(), cells: l.cells.since(before), Point: p.numbers()},
		message{At: now.at.UnixMilli(), cells: l.cells, Point: p.numbers()},
	)
}

func (l *live) view(now moment, p point) view {
	v := view{now: now, then: l.sampler.moments[0], flows: p.flows, recent: map[string]uint64{}, up: now.at.Sub(l.started)}
	for _, reason := range reasons() {
		if n := l.sampler.newLetters(reason); n > 0 {
			v.recent[reason] = n
		}
	}
	return v
}

// look returns the last frame's cells and what they were made of. Where nothing has
// been sampled yet, it samples.
func (l *live) look() (cells, moment) {
	l.mu.Lock()
	first := len(l.sampler.moments) == 0
	l.mu.Unlock()
	if first {
		l.sample()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cells, l.sampler.moments[len(l.sampler.moments)-1]
}

// past is what the plots begin with.
func (l *live) past(page string) history {
	l.mu.Lock()
	defer l.mu.Unlock()
	return newHistory(page, l.sampler.points)
}
