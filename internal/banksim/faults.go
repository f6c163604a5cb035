package banksim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// FaultState is a fault with what it has done so far.
type FaultState struct {
	Fault
	Hits int `json:"hits"` // calls struck
}

type activeFault struct {
	Fault
	agreed int // calls that agreed with Match
	hits   int
	rand   *rand.Rand
	// released is closed when hung calls may go on.
	released chan struct{}
}

// faultSet holds the faults in the order in which they were added. Of the faults
// that strike a call, latencies add up, shapes and token ends combine, and of the
// rest the first alone is spent.
type faultSet struct {
	any    atomic.Bool // spares the lock where there is no fault
	mu     sync.Mutex
	list   []*activeFault
	lastID int
}

func (s *faultSet) add(f Fault) (string, error) {
	if err := f.Validate(); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.ID == "" {
		s.lastID++
		f.ID = fmt.Sprintf("f%d", s.lastID)
	}
	if f.When == "" {
		f.When = defaultWhen[f.Kind]
	}
	s.removeLocked(f.ID)
	s.list = append(s.list, &activeFault{
		Fault: f, rand: rand.New(rand.NewPCG(f.Match.Seed, 0)), released: make(chan struct{}),
	})
	s.any.Store(true)
	return f.ID, nil
}

// clear removes the faults with the ids, or all, and lets their hung calls go.
func (s *faultSet) clear(ids ...string) (removed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removeLocked(ids...)
}

func (s *faultSet) removeLocked(ids ...string) int {
	before := len(s.list)
	s.list = slices.DeleteFunc(s.list, func(f *activeFault) bool {
		if len(ids) > 0 && !slices.Contains(ids, f.ID) {
			return false
		}
		close(f.released)
		return true
	})
	s.any.Store(len(s.list) > 0)
	return before - len(s.list)
}

// release lets all hung calls go.
func (s *faultSet) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.list {
		close(f.released)
		f.released = make(chan struct{})
	}
}

func (s *faultSet) states() []FaultState {
	s.mu.Lock()
	defer s.mu.Unlock()
	states := make([]FaultState, 0, len(s.list))
	for _, f := range s.list {
		states = append(states, FaultState{Fault: f.Fault, Hits: f.hits})
	}
	return states
}

// plan is what the faults have in store for one call.
type plan struct {
	lateEffect time.Duration // waited before the effect
	lateAnswer time.Duration // waited after it
	main       *Fault        // nil when the answer is a true one
	released   <-chan struct{}
	shape      shape
	expire     bool
	revoke     bool
}

// strike returns the main fault when it strikes at that side.
func (p *plan) strike(side When) *Fault {
	if p.main != nil && p.main.side() == side {
		return p.main
	}
	return nil
}

func (f *Fault) side() When {
	if f.Kind == FaultRequestLost {
		return Before
	}
	if f.When != "" {
		return f.When
	}
	return After
}

// plan spends the faults that strike a call.
func (s *faultSet) plan(c *Call) plan {
	var p plan
	if !s.any.Load() {
		return p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.list {
		exclusive := f.exclusive()
		if (exclusive && p.main != nil) || !f.strikes(c) {
			continue
		}
		f.hits++
		switch {
		case exclusive:
			p.main, p.released = &f.Fault, f.released
		case f.Kind == FaultLatency && f.When == Before:
			p.lateEffect += f.Latency.sample()
		case f.Kind == FaultLatency:
			p.lateAnswer += f.Latency.sample()
		case f.Kind == FaultExpireTokens:
			p.expire = true
		case f.Kind == FaultRevokeTokens:
			p.revoke = true
		default:
			p.shape.add(f.Kind)
		}
		c.Faults = append(c.Faults, f.ID)
	}
	return p
}

// exclusive says that only one fault of these kinds can strike a call.
func (f *Fault) exclusive() bool {
	switch f.Kind {
	case FaultAnswerLost, FaultRequestLost, FaultReset, FaultHang, FaultHTTP, FaultCode,
		FaultHTML, FaultEmpty, FaultHalfBody, FaultOversize:
		return true
	}
	return false
}

func (f *activeFault) strikes(c *Call) bool {
	if (f.Times > 0 && f.hits >= f.Times) || !f.Match.agrees(c) {
		return false
	}
	f.agreed++
	if f.agreed <= f.Match.Skip {
		return false
	}
	return f.Match.OneIn <= 1 || f.rand.IntN(f.Match.OneIn) == 0
}
