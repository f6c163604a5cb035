package history

import (
	"context"

	"bankprocessor/internal/command"
	"bankprocessor/internal/planted"
)

// Open returns what is known of the command with that id in m, and keeps others
// with the same id in the same partition waiting until Close: another record, or the
// same one where a handler of a session before has not come to its end. It returns
// ctx's cause when ctx ends first; Close is then not called.
//
// An id that is no UUID names no command: nothing is known of it, and nobody waits.
func (h *History) Open(ctx context.Context, m *command.Message, id string) (command.Past, error) {
	k, ok := idOf(m, id)
	if !ok {
		return command.Past{}, nil
	}
	p := h.partitionOf(m)
	for {
		past, ended := p.open(k, m.Offset, func() uint64 { return h.sum(m.Value) })
		if ended == nil {
			if planted.Off(planted.Index) {
				return command.Past{}, nil // what is known is kept to ourselves
			}
			return past, nil
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return command.Past{}, context.Cause(ctx)
		}
	}
}

// open takes the turn of k, or says whose end to wait for.
func (p *partition) open(k id, offset int64, sum func() uint64) (past command.Past, ended <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entry(k)
	if e.running {
		if e.ended == nil {
			e.ended = make(chan struct{})
		}
		return command.Past{}, e.ended
	}
	e.running = true
	return e.past(offset, sum), nil
}

// Close ends what Open began.
func (h *History) Close(m *command.Message, id string) {
	k, ok := idOf(m, id)
	if !ok {
		return
	}
	p := h.partitionOf(m)
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.ids[k]
	if e == nil {
		return
	}
	if e.ended != nil {
		close(e.ended)
	}
	e.running, e.ended = false, nil
	p.tidy(e)
}
