package consumers

import (
	"context"
	"sync"

	"bankprocessor/internal/kafka"
)

// loadCall is one call of Load.
type loadCall struct {
	tp                      kafka.TopicPartition
	base, attempts, results int64
}

// fakeHistory is a history whose loads tests hold up and fail.
type fakeHistory struct {
	mu       sync.Mutex
	loads    []loadCall
	running  int
	settled  map[kafka.TopicPartition][]int64
	released []kafka.TopicPartition
	look     [2]int64 // of every partition

	// Each may be nil; they decide how a load goes and what happens at a Settled.
	holds  map[kafka.TopicPartition]chan struct{}
	fail   func(tp kafka.TopicPartition) error
	settle func(tp kafka.TopicPartition, offset int64)
}

func newFakeHistory() *fakeHistory {
	return &fakeHistory{
		settled: map[kafka.TopicPartition][]int64{}, look: [2]int64{-1, -1},
		holds: map[kafka.TopicPartition]chan struct{}{},
	}
}

// hold makes the partition's loads wait until the returned function is called.
func (h *fakeHistory) hold(tp kafka.TopicPartition) (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held := make(chan struct{})
	h.holds[tp] = held
	return sync.OnceFunc(func() { close(held) })
}

func (h *fakeHistory) Load(ctx context.Context, tp kafka.TopicPartition, base, attempts, results int64) error {
	h.mu.Lock()
	h.loads = append(h.loads, loadCall{tp, base, attempts, results})
	h.running++
	held, fail := h.holds[tp], h.fail
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.running--
	}()
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if fail != nil {
		return fail(tp)
	}
	return nil
}

func (h *fakeHistory) Settled(tp kafka.TopicPartition, offset int64) {
	h.mu.Lock()
	h.settled[tp] = append(h.settled[tp], offset)
	settle := h.settle
	h.mu.Unlock()
	if settle != nil {
		settle(tp, offset)
	}
}

func (h *fakeHistory) Lookback(kafka.TopicPartition, int64) (attempts, results int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.look[0], h.look[1]
}

func (h *fakeHistory) Release(tp kafka.TopicPartition) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.released = append(h.released, tp)
}

func (h *fakeHistory) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// of is what was asked for a partition, and how many loads run.
func (h *fakeHistory) of(tp kafka.TopicPartition) (loads []loadCall, running int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range h.loads {
		if l.tp == tp {
			loads = append(loads, l)
		}
	}
	return loads, h.running
}
