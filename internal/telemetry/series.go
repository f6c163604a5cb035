package telemetry

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Series keeps what a key of the caller's resolves to: the series of one or of
// several vectors. Each WithLabelValues hashes the values and takes a lock; Of looks
// into a map that nobody changes, since a new key makes a new map. It is for what
// happens with every command, and not for vectors that are reset.
type Series[K comparable, S any] struct {
	resolve func(K) S
	known   atomic.Pointer[map[K]S]
	mu      sync.Mutex // held while a key is added
}

// maxSeries bounds what is kept, should a key come from outside. What is beyond it
// is resolved each time.
const maxSeries = 4096

// NewSeries returns an empty Series; resolve is called when a key is first asked for,
// so that a series exists from when something has happened on.
func NewSeries[K comparable, S any](resolve func(K) S) *Series[K, S] {
	s := &Series[K, S]{resolve: resolve}
	s.known.Store(&map[K]S{})
	return s
}

// Of returns what k resolves to. It is safe for concurrent use.
func (s *Series[K, S]) Of(k K) S {
	if found, ok := (*s.known.Load())[k]; ok {
		return found
	}
	return s.add(k)
}

func (s *Series[K, S]) add(k K) S {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := *s.known.Load()
	found, ok := known[k]
	if ok {
		return found
	}
	found = s.resolve(k)
	if len(known) < maxSeries {
		known = maps.Clone(known)
		known[k] = found
		s.known.Store(&known)
	}
	return found
}
