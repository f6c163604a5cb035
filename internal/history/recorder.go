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
	k, ok := idOf(m, a.CommandID)
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
		e := p.entry(k)
		p.needs(e, offset, began, unknown)
		p.tidy(e)
	}
	return began
}

func (p *partition) wasAttempted(k id, a *command.Attempt, began, at int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nextAttempt.stored(began, at)
	e := p.entry(k)
	if p.loaded {
		p.needs(e, a.Offset, at, unknown)
	}
	e.attempt(a)
	p.tidy(e)
}

// Outcome returns once the outcome is stored with acks=all.
func (r *Recorder) Outcome(ctx context.Context, m *command.Message, o *command.Outcome) error {
	k, ok := idOf(m, o.CommandID)
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
	if p.loaded {
		e := p.entry(k)
		p.outcomeAt(e, offset, began)
		p.tidy(e)
	}
	return began
}

func (p *partition) wasConcluded(k id, offset int64, sum uint64, began, at int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nextResult.stored(began, at)
	e := p.entry(k)
	if p.loaded {
		p.outcomeAt(e, offset, at)
	}
	p.conclude(e, offset, sum)
}

// outcomeAt says that the outcome of e, by the record at offset, stands no lower than
// at. Other records that hold e need it as much: without it they would be in doubt.
func (n *known) outcomeAt(e *entry, offset, at int64) {
	n.needs(e, offset, unknown, at)
	if e.held <= 1 { // 0 where the topic was made anew: the offset is held for an id before
		return
	}
	for other, u := range n.unsettled { // upstream has published the id twice: rare
		if u.entry == e {
			n.needs(e, other, unknown, at)
		}
	}
}

// DeadLetter returns once the dead letter is stored with acks=all. No successor
// looks for it.
func (r *Recorder) DeadLetter(ctx context.Context, d *command.DeadLetter) error {
	return r.next.DeadLetter(ctx, d)
}
