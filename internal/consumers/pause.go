package consumers

import (
	"context"
	"time"
)

// gateInterval is how late a shut gate is noticed.
const gateInterval = 25 * time.Millisecond

// pause is why a partition is not fetched.
type pause string

const (
	notPaused      pause = ""
	pausedDraining pause = "draining"
	pausedGone     pause = "no such topic"
	pausedAnew     pause = "topic made anew"
	pausedStopped  pause = "offset not in log"
	pausedTakeover pause = "takeover"
	pausedGate     pause = "gate"
	pausedLease    pause = "lease"
	pausedWindow   pause = "window"
	pausedMetadata pause = "metadata"
	pausedBytes    pause = "bytes"
	pausedMemory   pause = "memory"
)

// pauseOf says why p must not be fetched now.
func (s *scheduler) pauseOf(p *partition) pause {
	room := p.room(s.cfg)
	switch {
	case s.draining:
		return pausedDraining
	case p.gone:
		return pausedGone
	case p.anew:
		return pausedAnew
	case p.stopped:
		return pausedStopped
	case !p.loaded && p.position >= 0: // without a position, a fetch loop looks for one
		return pausedTakeover
	case p.topic.shut:
		return pausedGate
	case s.held:
		return pausedLease
	case room != notPaused:
		return room
	case len(p.backlog) > 0:
		return pausedWindow
	case p.bytes >= s.cfg.PartitionBytes:
		return pausedBytes
	case !s.memory.free(&p.topic.memory):
		return pausedMemory
	}
	return notPaused
}

// room says whether the window takes one more record in: the backlog's first, which
// may stand far above the newest, as compaction and aborted transactions leave gaps.
// With nothing pending it always does: that record is the next to commit and cannot
// enlarge the map.
func (p *partition) room(cfg *Config) pause {
	w, next := p.window, p.window.next
	if len(p.backlog) > 0 {
		next = max(next, p.backlog[0].Offset)
	}
	switch {
	case w.pending == 0:
		return notPaused
	case w.pending >= cfg.PartitionRecords || w.span() >= cfg.Span:
		return pausedWindow
	case !w.fits(p.textLimit(cfg), p.inherited, next):
		return pausedMetadata
	}
	return notPaused
}

// unpark tells the fetch loops that found no room for p, or for anything, that
// there is some.
func (s *scheduler) unpark(p *partition) {
	if p.parked && s.pauseOf(p) == notPaused {
		p.parked = false
		notify(p.wake)
	}
	if !s.parked {
		return
	}
	s.parked = false
	for _, t := range s.topics {
		if t.parked && s.memory.free(&t.memory) {
			t.parked = false
			s.wakeAll()
		}
		s.parked = s.parked || t.parked
	}
}

func (s *scheduler) wakeAll() {
	for _, p := range s.parts {
		if p.wake != nil {
			notify(p.wake)
		}
	}
}

// hold stops new starts, or lets them go on.
func (s *scheduler) hold(held bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == held {
		return
	}
	s.held = held
	s.startAll()
	s.wakeAll()
}

// ask asks the gate about every topic.
func (s *scheduler) ask(gate Gate) {
	for _, t := range s.topics {
		shut := gate.Shut(t.name)
		s.mu.Lock()
		if t.shut != shut {
			t.shut = shut
			s.startAll()
			s.wakeAll()
		}
		s.mu.Unlock()
	}
}

// keepGate asks the gate until ctx ends.
func (s *scheduler) keepGate(ctx context.Context, gate Gate) {
	for {
		s.ask(gate)
		if sleep(ctx, gateInterval) != nil {
			return
		}
	}
}
