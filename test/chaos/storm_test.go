package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"bankprocessor/test/chaos/checker"
)

// storm does to processors and brokers what is drawn from a seed. It acts in one
// goroutine, so that the draws come in one order.
type storm struct {
	cluster *cluster
	fleet   fleet // the last one is there now and then only
	group   string
	streams []stream

	due      []action // what is still to be done, the next one first
	deaths   []checker.Death
	last     map[string][]checker.Partition // who held what when the group was last asked
	counts   map[string]int
	troubles []string
	brokers  sync.WaitGroup
	mu       sync.Mutex // of troubles
}

type action struct {
	at time.Time
	do func(ctx context.Context)
}

// stream is one kind of fault, that often.
type stream struct {
	name        string
	least, most time.Duration
	r           *rand.Rand
	do          func(ctx context.Context, s *storm, r *rand.Rand)
}

// between draws a time.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)))
}

// The faults. Every kind has random numbers of its own.
func everyFault(seed uint64) []stream {
	const ms = time.Millisecond
	all := []stream{
		{name: "kill -9", least: 2000 * ms, most: 5000 * ms, do: func(ctx context.Context, s *storm, r *rand.Rand) {
			m := s.regulars()[r.IntN(len(s.regulars()))]
			s.kill(ctx, m, between(r, 300*ms, 1500*ms))
		}},
		{name: "SIGSTOP", least: 9000 * ms, most: 15000 * ms, do: func(ctx context.Context, s *storm, r *rand.Rand) {
			m := s.regulars()[r.IntN(len(s.regulars()))]
			length := between(r, 300*ms, 1500*ms)
			if r.IntN(2) == 0 {
				length = between(r, 2800*ms, 6000*ms) // longer than the session
			}
			s.pause(ctx, m, length)
		}},
		{name: "SIGTERM", least: 12000 * ms, most: 20000 * ms, do: func(ctx context.Context, s *storm, r *rand.Rand) {
			s.restart(s.regulars()[r.IntN(len(s.regulars()))])
		}},
		{name: "a fourth joins", least: 14000 * ms, most: 22000 * ms, do: func(ctx context.Context, s *storm, r *rand.Rand) {
			m := s.fleet[len(s.fleet)-1]
			s.try(m.start())
			s.later(between(r, 4000*ms, 8000*ms), func(context.Context) {
				if m.running() {
					m.now.signal(syscall.SIGTERM)
				}
			})
		}},
		{name: "broker kill -9", least: 25000 * ms, most: 40000 * ms, do: func(ctx context.Context, s *storm, r *rand.Rand) {
			s.killBroker(ctx, 1+r.IntN(3), between(r, 2000*ms, 6000*ms))
		}},
	}
	for i := range all {
		all[i].r = rand.New(rand.NewPCG(seed, uint64(i)+1))
	}
	return all
}

func newStorm(c *cluster, f fleet, group string, streams []stream) *storm {
	return &storm{cluster: c, fleet: f, group: group, streams: streams, counts: map[string]int{}, last: map[string][]checker.Partition{}}
}

func (s *storm) regulars() fleet { return s.fleet[:3] }

func (s *storm) later(after time.Duration, do func(ctx context.Context)) {
	s.due = append(s.due, action{time.Now().Add(after), do})
	slices.SortStableFunc(s.due, func(a, b action) int { return a.at.Compare(b.at) })
}

func (s *storm) try(err error) {
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.troubles = append(s.troubles, err.Error())
	}
}

// rage goes on until ctx ends.
func (s *storm) rage(ctx context.Context) {
	for i := range s.streams {
		s.repeat(&s.streams[i])
	}
	s.later(0, s.watch)
	for len(s.due) > 0 && wait(ctx, time.Until(s.due[0].at)) == nil {
		next := s.due[0]
		s.due = s.due[1:]
		next.do(ctx)
	}
}

func (s *storm) repeat(f *stream) {
	s.later(between(f.r, f.least, f.most), func(ctx context.Context) {
		f.do(ctx, s, f.r)
		s.counts[f.name]++
		s.repeat(f)
	})
}

// watch keeps the regular ones running, as whoever runs them in production does, and
// remembers who holds what.
func (s *storm) watch(ctx context.Context) {
	for _, m := range s.regulars() {
		if m.now != nil && !m.now.running() && m.now.err != nil && m.now.cmd.ProcessState.ExitCode() > 0 {
			m.fell++
			s.try(m.start())
		}
	}
	s.ask(ctx)
	s.later(500*time.Millisecond, s.watch)
}

func (s *storm) ask(ctx context.Context) {
	if held := s.cluster.held(ctx, s.group); held != nil {
		s.last = held
	}
}

func (s *storm) died(m *member) {
	s.deaths = append(s.deaths, checker.Death{At: time.Now(), Held: s.last[m.name]})
}

func (s *storm) kill(ctx context.Context, m *member, away time.Duration) {
	if !m.running() {
		return
	}
	s.ask(ctx)
	s.died(m)
	m.now.kill()
	s.later(away, func(context.Context) { s.try(m.start()) })
}

// pause stops a process, and lets it go on unless it has been killed meanwhile.
func (s *storm) pause(ctx context.Context, m *member, length time.Duration) {
	if !m.running() {
		return
	}
	s.ask(ctx)
	stopped := m.now
	if length > session {
		s.died(m)
	}
	stopped.signal(syscall.SIGSTOP)
	s.later(length, func(context.Context) { stopped.signal(syscall.SIGCONT) })
}

// session is that of the configuration.
const session = 2 * time.Second

// restart ends a processor in good order and starts it again.
func (s *storm) restart(m *member) {
	if !m.running() {
		return
	}
	ending := m.now
	ending.signal(syscall.SIGTERM)
	var again func(context.Context)
	again = func(context.Context) {
		if ending.running() {
			s.later(200*time.Millisecond, again)
			return
		}
		s.try(m.start())
	}
	s.later(200*time.Millisecond, again)
}

// killBroker kills a broker and starts it again; two are never away at a time.
func (s *storm) killBroker(ctx context.Context, node int, away time.Duration) {
	s.brokers.Wait()
	s.brokers.Go(func() {
		whole := context.WithoutCancel(ctx) // a broker that was killed is started
		s.try(s.cluster.run(whole, "kill", node))
		_ = wait(ctx, away)
		s.try(s.cluster.run(whole, "start", node))
	})
}

// calm undoes everything: what is stopped goes on, what is dead is started, and the
// one that is there now and then leaves.
func (s *storm) calm(ctx context.Context) error {
	s.due = nil
	s.brokers.Wait()
	for _, m := range s.fleet {
		if m.running() {
			m.now.signal(syscall.SIGCONT)
		}
	}
	if extra := s.fleet[3:]; len(extra) > 0 && extra[0].running() {
		s.try(extra[0].now.stop(15 * time.Second))
	}
	for _, m := range s.regulars() {
		if err := m.start(); err != nil {
			return err
		}
	}
	// One that was just told to end, and had not yet, is started when it has.
	return s.settle(ctx)
}

func (s *storm) settle(ctx context.Context) error {
	for range 8 {
		if err := wait(ctx, 500*time.Millisecond); err != nil {
			return err
		}
		for _, m := range s.regulars() {
			if err := m.start(); err != nil {
				return err
			}
		}
	}
	if len(s.troubles) > 0 {
		return fmt.Errorf("the storm itself: %s", strings.Join(s.troubles, "; "))
	}
	return nil
}

// summary says what was done, for the table.
func (s *storm) summary() []checker.Count {
	var all []checker.Count
	for _, f := range s.streams {
		all = append(all, checker.Count{What: f.name, Times: s.counts[f.name]})
	}
	fell := 0
	for _, m := range s.fleet {
		fell += m.fell
	}
	return append(all, checker.Count{What: "ended by itself", Times: fell})
}
