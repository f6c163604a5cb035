package consumers

import (
	"context"
	"sync"

	"bankprocessor/internal/kafka"
)

// fakeGroup hands out one generation after another to its one member.
type fakeGroup struct {
	cluster *fakeCluster
	parts   []kafka.TopicPartition
	errs    chan error // answers of Next; capacity 8

	mu      sync.Mutex
	id      int32
	end     context.CancelFunc // of the running generation
	running sync.WaitGroup
	closed  chan struct{}
	closes  int
}

func newFakeGroup(f *fakeCluster) *fakeGroup {
	g := &fakeGroup{cluster: f, errs: make(chan error, 8), closed: make(chan struct{})}
	for tp := range f.logs {
		g.parts = append(g.parts, tp)
	}
	return g
}

func (g *fakeGroup) Next(ctx context.Context) (Generation, error) {
	select {
	case err := <-g.errs:
		return nil, err
	default:
	}
	select {
	case <-g.closed:
		return nil, kafka.ErrGroupClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	default:
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.id++
	return fakeGeneration{g, g.id}, nil
}

func (g *fakeGroup) Close(context.Context) error {
	g.mu.Lock()
	g.closes++
	close(g.closed)
	if g.end != nil {
		g.end()
	}
	g.mu.Unlock()
	g.running.Wait()
	return nil
}

// rebalance ends the running generation.
func (g *fakeGroup) rebalance() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end()
}

// Heartbeat says whether the group counts the member in.
func (f *fakeCluster) Heartbeat(_ context.Context, m kafka.Member) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counted == nil {
		return nil
	}
	return f.counted(m)
}

// generation is the number of the last one that was handed out.
func (g *fakeGroup) generation() int32 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.id
}

type fakeGeneration struct {
	g  *fakeGroup
	id int32
}

func (g fakeGeneration) Member() kafka.Member {
	return kafka.Member{Group: "test", MemberID: "member", GenerationID: g.id}
}

func (g fakeGeneration) Partitions() []kafka.TopicPartition { return g.g.parts }

func (g fakeGeneration) Run(work func(ctx context.Context)) {
	g.g.mu.Lock()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	g.g.end = cancel
	select {
	case <-g.g.closed:
		cancel()
	default:
	}
	g.g.running.Add(1)
	g.g.mu.Unlock()
	defer g.g.running.Done()
	work(ctx)
}
