package command

import "time"

// Attempt says that a call which changes something at the bank is about to be made.
// It is durable before the call, so that a successor knows a command that may
// have reached the bank (design section 4).
type Attempt struct {
	CommandID        string
	Command          Name
	Number           int // from 1
	ChannelRequestID string
	Operation        InvoiceOperation // "" but for invoices
	StartedAt        time.Time
	Partition        int32 // of the command's record
	Offset           int64 // of the command's record
	// Withdrawn takes the attempt with this ChannelRequestID back: the call has
	// certainly changed nothing, so that a successor need not doubt.
	Withdrawn bool
}

// Past is what is known of a command from before: from this process, from the
// partition's owners before it, or from another record with the same id (design
// section 4). The zero value says that it is fresh.
type Past struct {
	// Concluded says that the command has its outcome.
	Concluded bool
	// Elsewhere says that another record than the one asked about has carried the
	// id to its outcome: upstream has published it twice. Differs says that its
	// value is known to be another.
	Elsewhere, Differs bool
	// Attempts are those that were made and not withdrawn, oldest first; without
	// an outcome they put the command in doubt.
	Attempts []Attempt
}

// InDoubt says that the bank may have seen the command, and that nobody has said
// what came of it.
func (p Past) InDoubt() bool { return !p.Concluded && len(p.Attempts) > 0 }
