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
	CategoryOK            Category = "ok"
	CategoryValidation    Category = "validation"
	CategoryDuplicate     Category = "duplicate"
	CategoryNotFound      Category = "not_found"
	CategoryBusiness      Category = "business"
	CategoryConfiguration Category = "configuration"
	CategoryAuth          Category = "auth"
	CategoryThrottled     Category = "throttled"
	CategoryBankError     Category = "bank_error"
	CategoryTransport     Category = "transport"
	CategoryProtocol      Category = "protocol"
)
