package command

import "time"

// The headers of an outcome's record by which it is found without decoding.
const (
	// HeaderSubject holds the command's id.
	HeaderSubject = "ce_subject"
	// HeaderCommandOffset holds the offset of the command's record, in decimal: it
	// stands on the partition with the outcome's own index.
	HeaderCommandOffset = "ce_commandoffset"
)

// Outcome is what a command ended in: exactly one per command and revision.
type Outcome struct {
	CommandID        string
	CorrelationID    string
	Command          Name
	Status           Status
	Code             Code
	Category         Category
	Bank             Bank   // "" when no bank was asked
	BankCode         string // raw
	BankState        *int32 // raw
	BankMessage      string // scrubbed
	BankReference    string
	ChannelRequestID string // of the last call; "" when no bank was asked
	// Attempts counts the calls of the command's own method that may have left,
	// reconciliation queries not included.
	Attempts int
	// Reconciled says that a query at the bank decided, not the call's answer;
	// ReconciledWeak that the row lacked some of the fields to compare.
	Reconciled     bool
	ReconciledWeak bool
	// Revision is 1, and higher when a person resolves or replays.
	Revision    int32
	ReceivedAt  time.Time // when the command was read, UTC
	CompletedAt time.Time // UTC
	// Violations are the local checks that failed; empty unless the command was
	// refused locally.
	Violations Violations
	// Result is the typed payload, nil when there is none.
	Result Result
}

// Result is the typed payload of an outcome or verdict. It is implemented by
// pointers to the result structs of this package and by nothing else.
type Result interface {
	// Name returns the command that the result belongs to.
	Name() Name
	result()
}

// DeadLetterReason is why a command needs a person (design section 2).
type DeadLetterReason string

// The five reasons.
const (
	ReasonMalformed          DeadLetterReason = "malformed"            // the record cannot be read as a command
	ReasonRejectedByContract DeadLetterReason = "rejected-by-contract" // the bank took it for malformed, or its id is another command's: a fault on our side
	ReasonExhausted          DeadLetterReason = "exhausted"            // definitely not applied, and the retries are spent
	ReasonInDoubt            DeadLetterReason = "in-doubt"             // the bank may have applied it: a person asks there
	ReasonUnknownCode        DeadLetterReason = "unknown-code"         // the bank answered with a code or a State of no table
)

// DeadLetter is a command that needs a person, with the record it came in.
type DeadLetter struct {
	Message   *Message
	Reason    DeadLetterReason
	Code      Code
	Text      string // what is wrong, without personal data
	Attempts  int
	FailedAt  time.Time
	CommandID string // "" when not even that could be read
	Status    Status // of the outcome that goes with it, "" when there is none
}
