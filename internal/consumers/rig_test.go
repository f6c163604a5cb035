package consumers

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/kafka"
	"bankprocessor/test/capture"
)

// counter is an Observer that counts.
type counter struct {
	NopObserver
	mu      sync.Mutex
	skipped int
	lost    int64
	failed  int
	drained []bool // clean
	took    map[kafka.TopicPartition]time.Duration
	busy    int // drains that had something to wait for
}

func (c *counter) TookOver(tp kafka.TopicPartition, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.took == nil {
		c.took = map[kafka.TopicPartition]time.Duration{}
	}
	c.took[tp] = took
}

func (c *counter) Skipped(_ kafka.TopicPartition, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skipped += n
}

func (c *counter) Lost(_ kafka.TopicPartition, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost += n
}

func (c *counter) Failed(string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed++
}

func (c *counter) Drained(took time.Duration, clean bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if took > 0 {
		c.busy++
	}
	c.drained = append(c.drained, clean)
}

// rig is a consumer on fakes.
type rig struct {
	*Consumer
	cluster  *fakeCluster
	group    *fakeGroup
	gates    *gates
	observed *counter
	tape     *capture.Text
}

// newRig starts a consumer of the cluster's one topic, or of cfg's, and stops it
// at the test's end.
func newRig(t *testing.T, cfg Config, f *fakeCluster, h Handler) *rig {
	t.Helper()
	return newPastRig(t, cfg, f, h, nil)
}

// newPastRig is a rig with a history; nil is none.
func newPastRig(t *testing.T, cfg Config, f *fakeCluster, h Handler, past History) *rig {
	t.Helper()
	r := newStoppedPastRig(t, cfg, f, h, past)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.halt(t) })
	return r
}

func newStoppedRig(t *testing.T, cfg Config, f *fakeCluster, h Handler) *rig {
	t.Helper()
	return newStoppedPastRig(t, cfg, f, h, nil)
}

func newStoppedPastRig(t *testing.T, cfg Config, f *fakeCluster, h Handler, past History) *rig {
	t.Helper()
	cfg.Group = "test"
	if cfg.Topics == nil {
		cfg.Topics = []Topic{{Name: testTopic}}
	}
	r := &rig{cluster: f, group: newFakeGroup(f), gates: &gates{}, observed: &counter{}, tape: &capture.Text{}}
	c, err := New(cfg, Deps{
		Cluster: f, Handler: h, History: past, Gate: r.gates, Observer: r.observed,
		Join:   func() (Membership, error) { return r.group, nil },
		Logger: slog.New(slog.NewTextHandler(r.tape, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	c.class = classOf
	r.Consumer = c
	return r
}

// halt stops the consumer and waits for as long as that takes.
func (r *rig) halt(t *testing.T) {
	t.Helper()
	if err := r.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
