package command

import "time"

// Command is one decoded command event.
type Command struct {
	// ID is the command's UUID in canonical lower-case form.
	ID string
	// IssuedAt is when upstream issued the command (UTC).
	IssuedAt time.Time
	// ExpiresAt is the moment past which the command is not sent any more;
	// zero means never.
	ExpiresAt time.Time
	// CorrelationID is upstream's own reference; may be empty.
	CorrelationID string
	// Payload is one of the seven payload types of this package, never nil.
	Payload Payload
}

// Name returns the command's name.
func (c *Command) Name() Name { return c.Payload.Name() }

// Expired says whether the command must not be sent at moment now.
func (c *Command) Expired(now time.Time) bool {
	return !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt)
}

// Payload is what a command asks for. It is implemented by pointers to the seven
// payload structs of this package and by nothing else.
type Payload interface {
	// Name returns the command that the payload belongs to.
	Name() Name
	// OrderingKey returns the key that the command's record must carry (design:
	// "What it does"). It never holds personal data.
	OrderingKey() string
	// HasKey says whether key is OrderingKey, without making it.
	HasKey(key []byte) bool
	// Validate runs every local check of the contract against the rules and
	// returns all violations, not the first. It normalises nothing.
	Validate(Rules) Violations
	payload()
}

// Rules are the parts of the local checks that a configuration may change.
type Rules struct {
	// Now is the moment at which due dates are judged.
	Now time.Time
	// Currencies is the allow-list of ISO 4217 codes; empty means TRY, USD, EUR
	// and GBP.
	Currencies []string
	// MaxRangeDays bounds QueryDate..EndDate of dbs.invoice.results.query;
	// 0 means no local bound.
	MaxRangeDays int
	// LoanEnums are the enum values that draw no warning.
	LoanEnums LoanEnums
}

// LoanEnums are the values of the loan API's enums that are known. An unknown
// value is passed on with a warning (contract section 11.9). An empty list means
// the values that the bank's sibling endpoints name (contract section 3.7), and
// for sectors, of which none are known, any value.
type LoanEnums struct {
	Sectors            []int32
	EmploymentStatuses []int32
	ResidenceTypes     []int32
}

// Warner is a Payload that may hold something that is allowed but looks wrong.
type Warner interface {
	// Warnings returns constant sentences that name fields and hold no value.
	Warnings(Rules) []string
}

// Message is a command as it stood on its topic, byte for byte.
type Message struct {
	Topic     string // with prefix
	Name      Name   // the command that the topic carries
	Partition int32
	Offset    int64
	Time      time.Time
	Key       []byte // nil when the record had none
	Value     []byte // nil for a tombstone
	Headers   []Header
	// Traceparent is the W3C header that the outcome's event carries, "" for the
	// record's own.
	Traceparent string
}

// Header is one record header. Names may repeat; order is kept. It is an alias, and
// so is kafka.Header: the two are one type, and records' headers need no copy to
// become a command's.
type Header = struct {
	Key   string
	Value []byte
}

// Header returns the value of the last header called key, nil when there is none.
func (m *Message) Header(key string) []byte {
	var last []byte
	for i := range m.Headers {
		if h := &m.Headers[i]; h.Key == key {
			last = h.Value
		}
	}
	return last
}
