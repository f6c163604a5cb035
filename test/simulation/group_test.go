package simulation

import (
	"cmp"
	"slices"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"bankprocessor/internal/kafka"
)

// The group's times, and those of the processes that hang on them.
const (
	sessionTimeout    = 3 * time.Second
	rebalanceTimeout  = 3 * time.Second
	heartbeatInterval = 500 * time.Millisecond
	callTimeout       = 500 * time.Millisecond
	leaseTerm         = sessionTimeout - callTimeout
	// firstDelay is how long a new group waits for more members.
	firstDelay = 200 * time.Millisecond
)

// group is the coordinator. Members that run and can reach it are in touch all the
// time; those that are stopped, cut off or dead are missed after the session
// timeout, counted from their last heartbeat.
type group struct {
	w          *world
	generation int32
	members    []*member
	names      int // of members, so far
	joining    bool
	open       bool        // a new group has had its moment
	patience   *time.Timer // of a rebalance
	owners     map[kafka.TopicPartition]*member
	committed  map[kafka.TopicPartition]kafka.Commit
}

// member is one member. The coordinator forgets it; its life may keep it.
type member struct {
	id         string
	life       *life
	generation int32
	parts      []kafka.TopicPartition
	join       *op // it waits for the next generation
	expiry     *time.Timer
	heard      time.Time // last, by a request of its own
}

// asks takes in that m wants to join.
func (g *group) asks(m *member, o *op) {
	if !g.has(m) {
		g.members = append(g.members, m)
		slices.SortFunc(g.members, func(a, b *member) int { return cmp.Compare(a.id, b.id) })
	}
	m.join = o
	if g.generation == 0 && !g.joining {
		time.AfterFunc(firstDelay, func() {
			g.w.mu.Lock()
			defer g.w.mu.Unlock()
			g.open = true
			g.complete()
		})
	}
	g.rebalance()
	g.complete()
}

func (g *group) has(m *member) bool { return slices.Contains(g.members, m) }

// rebalance asks everybody to join again.
func (g *group) rebalance() {
	if g.joining {
		return
	}
	g.joining = true
	g.patience = time.AfterFunc(rebalanceTimeout, func() {
		g.w.mu.Lock()
		defer g.w.mu.Unlock()
		late := slices.DeleteFunc(slices.Clone(g.members), func(m *member) bool { return m.join != nil })
		for _, m := range late {
			g.w.disturbed++
			g.w.tell(m.life.name, "evicted", kafka.TopicPartition{}, m.id, "it has not joined in time")
			g.remove(m)
		}
	})
}

// complete begins a generation once everybody has joined.
func (g *group) complete() {
	if !g.joining || len(g.members) == 0 || slices.ContainsFunc(g.members, func(m *member) bool { return m.join == nil }) {
		return
	}
	if g.generation == 0 && len(g.members) < g.w.plan.first && !g.open {
		return
	}
	g.joining = false
	g.patience.Stop()
	g.generation++
	g.owners = make(map[kafka.TopicPartition]*member)
	for i, tp := range g.w.commands.partitions {
		g.owners[tp] = g.members[(i+g.w.rng.IntN(2*len(g.members)))%len(g.members)]
	}
	for _, m := range g.members {
		m.generation, m.parts = g.generation, nil
		for _, tp := range g.w.commands.partitions {
			if g.owners[tp] == m {
				m.parts = append(m.parts, tp)
			}
		}
		m.join.applied = true
		m.join = nil
	}
	g.w.tell("", "generation", kafka.TopicPartition{}, "", g.describe())
}

func (g *group) describe() (text string) {
	for _, tp := range g.w.commands.partitions {
		text += tp.String() + "=" + g.owners[tp].id + " "
	}
	return text
}

// remove forgets m, whose partitions go to others.
func (g *group) remove(m *member) {
	i := slices.Index(g.members, m)
	if i < 0 {
		return
	}
	g.members = slices.Delete(g.members, i, i+1)
	if m.join != nil {
		m.join.applied = false // it has to ask again
		m.join = nil
	}
	if len(g.members) > 0 {
		g.rebalance()
	} else if g.joining {
		g.joining = false
		g.patience.Stop()
	}
	g.complete()
}

// lose begins to miss m, whose last heartbeat was a while ago.
func (g *group) lose(m *member, ago time.Duration) {
	if m == nil || m.expiry != nil {
		return
	}
	last := time.Now().Add(-ago)
	if m.heard.After(last) {
		last = m.heard
	}
	m.expiry = time.AfterFunc(time.Until(last.Add(sessionTimeout)), func() {
		g.w.mu.Lock()
		defer g.w.mu.Unlock()
		if g.has(m) {
			g.w.disturbed++
			g.w.tell(m.life.name, "expires", kafka.TopicPartition{}, m.id, "no heartbeat within the session")
			g.remove(m)
		}
	})
}

// find has m be in touch again.
func (g *group) find(m *member) {
	if m != nil && m.expiry != nil {
		m.expiry.Stop()
		m.expiry = nil
	}
}

// wants says whether m's generation is over.
func (g *group) wants(m *member) bool {
	return g.joining || !g.has(m) || m.generation != g.generation
}

// hear takes in that the member is there, or says why it does not count.
func (g *group) hear(by kafka.Member) error {
	i := slices.IndexFunc(g.members, func(m *member) bool { return m.id == by.MemberID })
	switch {
	case i < 0:
		return kafkago.UnknownMemberId
	case by.GenerationID != g.generation:
		return kafkago.IllegalGeneration
	}
	g.members[i].heard = time.Now()
	return nil
}

// heartbeat tells a member whether the group rebalances.
func (g *group) heartbeat(by kafka.Member) error {
	if err := g.hear(by); err != nil {
		return err
	}
	if g.joining {
		return kafkago.RebalanceInProgress
	}
	return nil
}

// commit takes commits in, or says why not. It does so to the end of a rebalance.
func (g *group) commit(by kafka.Member, commits []kafka.Commit) error {
	if err := g.hear(by); err != nil {
		return err
	}
	for _, c := range commits {
		g.w.judgeCommit(c)
		g.committed[c.TopicPartition] = c
	}
	return nil
}
