package main

import (
	"context"
	"sync"
	"sync/atomic"

	"bankprocessor/internal/consumers"
	"bankprocessor/internal/kafka"
)

// member is one member of the group, which is given its generations one by one.
type member struct {
	name        string
	generations chan *generation

	mu      sync.Mutex
	current *generation
	left    chan struct{} // closed by Close
	once    sync.Once
}

func newMember(name string) *member {
	return &member{name: name, generations: make(chan *generation, 1), left: make(chan struct{})}
}

// generation is what a member is given.
type generation struct {
	m     *member
	id    int32
	parts []kafka.TopicPartition
	ctx   context.Context
	end   context.CancelFunc
	ended chan struct{}
}

var generations atomic.Int32

// assign gives the member its next generation.
func (m *member) assign(parts []kafka.TopicPartition) *generation {
	g := &generation{m: m, id: generations.Add(1), parts: parts, ended: make(chan struct{})}
	g.ctx, g.end = context.WithCancel(context.Background())
	m.generations <- g
	return g
}

// Next waits for the next generation.
func (m *member) Next(ctx context.Context) (consumers.Generation, error) {
	select {
	case g := <-m.generations:
		m.mu.Lock()
		m.current = g
		m.mu.Unlock()
		return g, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Close ends the running generation and waits for it.
func (m *member) Close(context.Context) error {
	m.mu.Lock()
	g := m.current
	m.mu.Unlock()
	if g != nil {
		g.end()
		<-g.ended
	}
	m.once.Do(func() { close(m.left) })
	return nil
}

// Member is the member in this generation.
func (g *generation) Member() kafka.Member {
	return kafka.Member{Group: group, MemberID: g.m.name, GenerationID: g.id}
}

// Partitions are the member's.
func (g *generation) Partitions() []kafka.TopicPartition { return g.parts }

// Run works until the generation's end.
func (g *generation) Run(work func(ctx context.Context)) {
	defer close(g.ended)
	work(g.ctx)
}
