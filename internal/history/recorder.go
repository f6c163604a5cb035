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

// Recorder publishes, and has the history remember what was published.
type Recorder struct {
	h    *History
	next Publisher
}

// Recorder returns a recorder that publishes through p.
func (h *History) Recorder(p Publisher) *Recorder { return &Recorder{h: h, next: p} }

// Attempt returns once the attempt is stored with acks=all.
func (r *Recorder) Attempt(ctx context.Context, m *command.Message, a *command.Attempt) error {
	_, err := r.next.Attempt(ctx, m, a)
	return err
}

// Outcome returns once the outcome is stored with acks=all.
func (r *Recorder) Outcome(ctx context.Context, m *command.Message, o *command.Outcome) error {
	_, err := r.next.Outcome(ctx, m, o)
	return err
}

// DeadLetter returns once the dead letter is stored with acks=all.
func (r *Recorder) DeadLetter(ctx context.Context, d *command.DeadLetter) error {
	return r.next.DeadLetter(ctx, d)
}
