package processing

import (
	"context"
	"time"

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
	// Shut says whether Wait would block for longer than it takes a call to end.
	Shut(name command.Name) bool
}

// Publisher makes what came of a command durable.
type Publisher interface {
	// Attempt returns once Kafka has acknowledged the attempt, or its withdrawal,
	// with acks=all, on the partition with the command's own index.
	Attempt(ctx context.Context, m *command.Message, a *command.Attempt) error
	// Outcome returns once Kafka has acknowledged the outcome with acks=all, on
	// the partition with the command's own index.
	Outcome(ctx context.Context, m *command.Message, o *command.Outcome) error
	// DeadLetter likewise for a dead letter.
	DeadLetter(ctx context.Context, d *command.DeadLetter) error
}

// History knows what has been done for commands before; *history.History is one.
type History interface {
	// Open returns what is known of the command with that id in m, and keeps
	// others with the same id waiting until Close. It returns ctx's cause when ctx
	// ends first; Close is then not called.
	Open(ctx context.Context, m *command.Message, id string) (command.Past, error)
	Close(m *command.Message, id string)
}

// Lease says whether this process may act: make a call, write what came of it;
// *lease.Lease is one.
type Lease interface {
	// Check is asked at the last moment before; it returns nil while the lease is
	// held.
	Check() error
	// Wait returns nil once the lease is held, or ctx's cause.
	Wait(ctx context.Context) error
}

// Observer is told what happens, for metrics. Its methods must not block.
type Observer interface {
	// Attempted: an attempt is durable. took is what the command has waited for it;
	// traceparent is the attempt's W3C header, "" where nobody traces.
	Attempted(name command.Name, took time.Duration, traceparent string)
	// Doubted: a command under way may have been carried out without our knowing.
	// Settled: it is under way no more, whatever its end.
	Doubted(name command.Name)
	Settled(name command.Name)
	// Recovered: a command that an owner before has attempted starts in doubt.
	Recovered(name command.Name)
	// Answered: a command had its outcome before. elsewhere says that it came from
	// another record with its id, differs that the two are not the same command.
	Answered(name command.Name, elsewhere, differs bool)
	// Completed: a command's outcome is durable. took runs from Handle's start;
	// traceparent is its event's W3C header, "" where nobody traces.
	Completed(o *command.Outcome, took time.Duration, traceparent string)
	// DeadLettered: a dead letter is durable.
	DeadLettered(name command.Name, reason command.DeadLetterReason, code command.Code)
	// Retried: a call is about to be repeated because of that code.
	Retried(name command.Name, code command.Code)
	// Reconciling: an in-doubt invoice is about to be looked up.
	Reconciling(operation command.InvoiceOperation)
	// KeyMismatch: a record's key is not its command's ordering key, so that
	// nothing keeps it in order with its siblings.
	KeyMismatch(name command.Name)
}

// NopObserver observes nothing.
type NopObserver struct{}

// Attempted does nothing.
func (NopObserver) Attempted(command.Name, time.Duration, string) {}

// Doubted does nothing.
func (NopObserver) Doubted(command.Name) {}

// Settled does nothing.
func (NopObserver) Settled(command.Name) {}

// Recovered does nothing.
func (NopObserver) Recovered(command.Name) {}

// Answered does nothing.
func (NopObserver) Answered(command.Name, bool, bool) {}

// Completed does nothing.
func (NopObserver) Completed(*command.Outcome, time.Duration, string) {}

// DeadLettered does nothing.
func (NopObserver) DeadLettered(command.Name, command.DeadLetterReason, command.Code) {}

// Retried does nothing.
func (NopObserver) Retried(command.Name, command.Code) {}

// Reconciling does nothing.
func (NopObserver) Reconciling(command.InvoiceOperation) {}

// KeyMismatch does nothing.
func (NopObserver) KeyMismatch(command.Name) {}

// noHistory knows nothing.
type noHistory struct{}

func (noHistory) Open(context.Context, *command.Message, string) (command.Past, error) {
	return command.Past{}, nil
}

func (noHistory) Close(*command.Message, string) {}

// ownLease is always held: there is nobody else.
type ownLease struct{}

func (ownLease) Check() error { return nil }

func (ownLease) Wait(context.Context) error { return nil }
