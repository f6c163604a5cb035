package command

// Status is how a command ended (contract section 2), in capitals as on the wire.
type Status string

// The six statuses.
const (
	Succeeded Status = "SUCCEEDED" // the bank confirmed, or a reconciliation proved it
	Partial   Status = "PARTIAL"   // the bank did part of it (only 130)
	Pending   Status = "PENDING"   // the bank took it but its State is not 2
	Rejected  Status = "REJECTED"  // a definite refusal by us or the bank; nothing recorded
	Failed    Status = "FAILED"    // technical, definitely not applied, retries spent
	InDoubt   Status = "IN_DOUBT"  // may have been applied, reconciliation spent
)

// Statuses lists the six statuses. The slice is the caller's own.
func Statuses() []Status {
	return []Status{Succeeded, Partial, Pending, Rejected, Failed, InDoubt}
}

// Category groups codes by what their reader does about them (contract section 2).
type Category string

// The categories.
const (
	CategoryOK            Category = "ok"            // done: go on
	CategoryValidation    Category = "validation"    // the command is wrong: correct it, and send it anew
	CategoryDuplicate     Category = "duplicate"     // the bank has it, or its number, already: look at what is recorded
	CategoryNotFound      Category = "not_found"     // what the command speaks of is not there
	CategoryBusiness      Category = "business"      // the bank says no, or does a part: a person decides
	CategoryConfiguration Category = "configuration" // something is not set up, here or at the bank: set it up, then send anew
	CategoryAuth          Category = "auth"          // the bank refuses us, not the command: mend the credentials
	CategoryThrottled     Category = "throttled"     // the bank has had enough of us for now
	CategoryBankError     Category = "bank_error"    // a fault of the bank's own
	CategoryTransport     Category = "transport"     // a fault on the way: nothing was sent, or nothing came back
	CategoryProtocol      Category = "protocol"      // an answer that says neither yes nor no, or that nobody knows
)
