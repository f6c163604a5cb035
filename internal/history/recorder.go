package history

import (
	"context"

	"bankprocessor/internal/command"
)

// Publisher makes what came of a command durable and says at which offset;
// *producers.Publisher is one.
type Publisher interface {
	Attempt(ctx context.Context, m *command.Message, a *command.Attempt) (offset int64, err error)
	Outcome(ctx context.Context, m *command.Message, o *command.Outcome) (offset int64, err error)
	DeadLetter(ctx context.Context, d *command.DeadLetter) error
}

// Recorder publishes, and has the history remember what was published. What failed
// may have been stored all the same: it holds its place in Lookback, and is
// otherwise as if it were not.
type Recorder struct {
	h    *History
	next Publisher
}

// Recorder returns a recorder that publishes through p.
func (h *History) Recorder(p Publisher) *Recorder { return &Recorder{h: h, next: p} }

// Attempt returns once the attempt, or its withdrawal, is stored with acks=all.
func (r *Recorder) Attempt(ctx context.Context, m *command.Message, a *command.Attempt) error {
	k, ok := parseID(a.CommandID)
	if !ok {
		_, err := r.next.Attempt(ctx, m, a)
		return err
	}
	p := r.h.partitionOf(m)
	began := p.attempting(k, m.Offset)
	offset, err := r.next.Attempt(ctx, m, a)
	if err != nil {
		return err
	}
	stored := *a
	stored.Partition, stored.Offset = m.Partition, m.Offset
	p.wasAttempted(k, &stored, began, offset)
	return nil
}

// attempting sets the floor of an attempt that is about to be stored.
func (p *partition) attempting(k id, offset int64) (began int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	began = p.nextAttempt.next.Load()
	if p.loaded {
		p.needs(k, offset, began, unknown)
	}
	return began
}

func (p *partition) wasAttempted(k id, a *command.Attempt, began, at int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nextAttempt.stored(began, at)
	if p.loaded {
		p.needs(k, a.Offset, at, unknown)
	}
	p.attempt(k, a)
}

// Outcome returns once the outcome is stored with acks=all.
func (r *Recorder) Outcome(ctx context.Context, m *command.Message, o *command.Outcome) error {
	k, ok := parseID(o.CommandID)
	if !ok {
		_, err := r.next.Outcome(ctx, m, o)
		return err
	}
	p := r.h.partitionOf(m)
	began := p.concluding(k, m.Offset)
	offset, err := r.next.Outcome(ctx, m, o)
	if err != nil {
		return err
	}
	p.wasConcluded(k, m.Offset, r.h.sum(m.Value), began, offset)
	return nil
}

// concluding sets the floor of an outcome that is about to be stored.
func (p *partition) concluding(k id, offset int64) (began int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	began = p.nextResult.next.Load()
	p.outcomeAt(k, offset, began)
	return began
}

func (p *partition) wasConcluded(k id, offset int64, sum uint64, began, at int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nextResult.stored(began, at)
	p.outcomeAt(k, offset, at)
	p.conclude(k, offset, sum)
}

// outcomeAt says that the outcome of k, by the record at offset, stands no lower than
// at. Other records that hold k need it as much: without it they would be in doubt.
func (n *known) outcomeAt(k id, offset, at int64) {
	if !n.loaded {
		return
	}
	n.needs(k, offset, unknown, at)
	if n.held[k] <= 1 { // 0 where the topic was made anew: the offset is held for an id before
		return
	}
	for other, u := range n.unsettled { // upstream has published k twice: rare
		if u.id == k {
			n.needs(k, other, unknown, at)
		}
	}
}

// DeadLetter returns once the dead letter is stored with acks=all. No successor
// looks for it.
func (r *Recorder) DeadLetter(ctx context.Context, d *command.DeadLetter) error {
	return r.next.DeadLetter(ctx, d)
}
