package command

import "time"

// Attempt says that a call which cannot be repeated freely is about to be made.
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
}
