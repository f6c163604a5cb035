package bankapi

import "time"

// tickets are those of who was let through a gate and has not called yet: when each
// lapses, oldest first, in a ring.
type tickets struct {
	ring  []time.Time
	start int
	n     int
}

func (t *tickets) issue(lapses time.Time) {
	if t.n == len(t.ring) {
		larger := make([]time.Time, max(8, 2*t.n))
		copied := copy(larger, t.ring[t.start:])
		copy(larger[copied:], t.ring[:t.start])
		t.ring, t.start = larger, 0
	}
	t.ring[(t.start+t.n)%len(t.ring)] = lapses
	t.n++
}

// first is when the oldest lapses; there is one.
func (t *tickets) first() time.Time { return t.ring[t.start] }

// use takes the oldest away, if there is one.
func (t *tickets) use() {
	if t.n > 0 {
		t.start = (t.start + 1) % len(t.ring)
		t.n--
	}
}

// takeBack takes the newest away, if there is one.
func (t *tickets) takeBack() { t.n = max(0, t.n-1) }

// lapse takes away what has lapsed.
func (t *tickets) lapse(now time.Time) {
	for t.n > 0 && !now.Before(t.first()) {
		t.use()
	}
}

// forget takes all away.
func (t *tickets) forget() { t.n = 0 }
