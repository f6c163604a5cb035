package bankapi

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// slots bounds how many calls run at once, first come first served. Each slot
// taken is released once. The group's mutex guards it.
type slots struct {
	limit int
	inUse int
	queue list.List // of chan struct{}, closed once its slot is taken
}

// take takes a slot if one is free that nobody waits for.
func (s *slots) take() bool {
	if s.inUse >= s.limit || s.queue.Len() > 0 {
		return false
	}
	s.inUse++
	return true
}

// acquire takes a slot within patience, or none and returns ctx's cause or
// context.DeadlineExceeded. It is called under mu, which it gives up while it waits.
func (s *slots) acquire(ctx context.Context, mu *sync.Mutex, patience time.Duration) error {
	if s.take() {
		return nil
	}
	taken := make(chan struct{})
	place := s.queue.PushBack(taken)
	mu.Unlock()
	timer := time.NewTimer(patience)
	err := context.DeadlineExceeded
	select {
	case <-taken:
	case <-timer.C:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	timer.Stop()
	mu.Lock()
	select {
	case <-taken:
		return nil
	default:
		s.queue.Remove(place)
		return err
	}
}

// release gives a slot to whoever has waited longest.
func (s *slots) release() {
	s.inUse--
	for s.inUse < s.limit && s.queue.Len() > 0 {
		s.inUse++
		close(s.queue.Remove(s.queue.Front()).(chan struct{}))
	}
}
