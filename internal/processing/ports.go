package processing

import (
	"context"

	"bankprocessor/internal/command"
)

// Decoder turns a record into a command.
type Decoder interface {
	// Decode returns a *command.DecodeError for bytes that no retry can read.
	// Any other error is the registry's absence: the command waits and is tried
	// again.
	Decode(ctx context.Context, m *command.Message) (*command.Command, error)
}

// Bank carries commands out.
type Bank interface {
	// Call makes one attempt and never sends anything by itself a second time,
	// the resend after a refreshed token excepted. The caller keeps ctx alive
	// through a rebalance: a call that has started ends by its own timeout.
	Call(ctx context.Context, c *command.Command, call command.Call) command.Verdict
	// Wait returns nil as soon as a call of that command may be tried: its
	// breaker is not open and nothing has paused it. It returns ctx's cause when
	// ctx ends first.
	Wait(ctx context.Context, name command.Name) error
	// Shut says whether Wait would block.
	Shut(name command.Name) bool
}

// Publisher makes what came of a command durable.
type Publisher interface {
	// Outcome returns once Kafka has acknowledged the outcome with acks=all, on
	// the partition with the command's own index.
	Outcome(ctx context.Context, m *command.Message, o *command.Outcome) error
	// DeadLetter likewise for a dead letter.
	DeadLetter(ctx context.Context, d *command.DeadLetter) error
}
