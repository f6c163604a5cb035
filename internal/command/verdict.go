package command

import "time"

// Delivery says what is known of one request's way to the bank (contract
// section 1.7).
type Delivery uint8

// The three deliveries. The zero value claims the least.
const (
	// Unanswered: headers left, and no answer could be decoded. A write is in
	// doubt.
	Unanswered Delivery = iota
	// NotSent: it is certain that the bank saw nothing.
	NotSent
	// Answered: the bank's own decoded answer, error envelopes included, or a
	// gateway's definite refusal ahead of the bank.
	Answered
)

// Retry is the retry class of a code (contract sections 2 and 5).
type Retry uint8

// The retry classes as processing sees them. A token refresh after a 401 is
// bankapi's own affair and never gets this far.
const (
	// RetryNever: the verdict stands.
	RetryNever Retry = iota
	// RetryBackoff: resend as is after a backoff, at most Verdict.Resends times.
	RetryBackoff
	// RetryReconcile: find out at the bank before anything else (contract
	// section 4 for invoices, section 3.3 for customer.complete).
	RetryReconcile
	// RetryPause: the fault is not the command's: breaker open, credentials
	// refused, wrong path. Nothing is spent; wait for the gate, then try again.
	RetryPause
	// RetryDelay: throttled; wait Verdict.RetryAfter, nothing is spent.
	RetryDelay
)

// Verdict is one bank call's answer, read through the code tables (contract
// section 5). It is not yet the command's outcome: retries and reconciliation
// stand between.
type Verdict struct {
	Status   Status
	Code     Code
	Category Category
	Retry    Retry
	// Resends bounds RetryBackoff: how often the call may be repeated as is.
	Resends int
	// NoResend forbids reconciliation from sending the write again: money may
	// be moving (codes 119 and 125).
	NoResend bool
	// DeadLetter says that a person must look once the retry class is spent.
	DeadLetter bool
	// BankFault says that the call counts as a failure of the bank's for the
	// breaker (contract section 2).
	BankFault bool
	// Uncounted says that the call counts neither as success nor as failure
	// (401, 403, 429: they pause or delay).
	Uncounted bool
	Delivery  Delivery
	// HTTPStatus is that of the answer, 0 when none has arrived, for those who follow
	// the call: nothing is decided by it.
	HTTPStatus int
	// RetryAfter is how long the bank asks us to wait; 0 when it does not say.
	RetryAfter time.Duration

	BankCode      string // raw, "" when the bank gave none
	BankState     *int32 // raw State, nil when the bank gave none
	BankMessage   string // scrubbed of personal data
	BankReference string // TranId, Error.TransactionId or ObjectID
	// Result is the typed payload, nil when the answer carries none.
	Result Result
	// Detail says in constant words what went wrong, for logs: no value of the
	// command's, no body of the bank's.
	Detail string
}

// Call is one attempt at a command, as a bank client needs to know it.
type Call struct {
	// RequestID is the ChannelRequestId: a new UUID per attempt.
	RequestID string
	// Traceparent is the W3C header to send, "" for none.
	Traceparent string
	// Operation is what an invoice call asks for; never UpsertInvoice. Empty on
	// the other commands.
	Operation InvoiceOperation
	// Permit is asked at the last moment before the request leaves; its error keeps
	// it from leaving. Nil permits.
	Permit func() error
}
