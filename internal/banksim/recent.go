package banksim

import "sync"

// recent remembers the last texts it saw, up to a capacity.
type recent struct {
	mu    sync.Mutex
	known map[string]struct{}
	ring  []string
	next  int
	limit int
}

func newRecent(limit int) *recent { return &recent{known: map[string]struct{}{}, limit: limit} }

// seen remembers a text and says whether it was there before.
func (r *recent) seen(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.known[text]; ok {
		return true
	}
	r.known[text] = struct{}{}
	if len(r.ring) < r.limit {
		r.ring = append(r.ring, text)
		return false
	}
	delete(r.known, r.ring[r.next])
	r.ring[r.next] = text
	r.next = (r.next + 1) % r.limit
	return false
}

func (r *recent) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known, r.ring, r.next = map[string]struct{}{}, nil, 0
}
