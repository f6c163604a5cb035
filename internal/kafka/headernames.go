package kafka

import (
	"maps"
	"sync"
	"sync/atomic"
)

// headerNames are the header names that have been met: there are few, on many records. It
// is safe for concurrent use; nil keeps none.
type headerNames struct {
	known atomic.Pointer[map[string]string]
	mu    sync.Mutex // of who adds
}

const (
	maxNames    = 256 // that are kept, roughly: a publisher may make names up
	maxNameSize = 64  // bytes
)

// of returns b as a string.
func (n *headerNames) of(b []byte) string {
	if n == nil || len(b) > maxNameSize {
		return string(b)
	}
	if known := n.known.Load(); known != nil {
		if name, ok := (*known)[string(b)]; ok {
			return name
		}
		if len(*known) >= maxNames {
			return string(b)
		}
	}
	return n.add(string(b))
}

func (n *headerNames) add(name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	more := map[string]string{}
	if known := n.known.Load(); known != nil {
		more = maps.Clone(*known)
	}
	more[name] = name
	n.known.Store(&more)
	return name
}
