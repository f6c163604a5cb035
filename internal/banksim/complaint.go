package banksim

import "sync"

// Complaint is something that a caller must not do and that the bank lets pass,
// such as a member that stands twice in one object. It names fields, never
// their values.
type Complaint struct {
	Seq    uint64 `json:"seq"` // of the call
	Method string `json:"method"`
	Rule   Rule   `json:"rule"`
	Field  string `json:"field,omitempty"`
}

// Rule is what a complaint is about.
type Rule string

// The rules whose breach the bank's code tables do not cover.
const (
	RuleDuplicateMember  Rule = "duplicate_member"   // a JSON member stands twice; the last wins
	RuleUnknownMember    Rule = "unknown_member"     // a member that the method does not have
	RuleNullMember       Rule = "null_member"        // an optional that should be left out
	RuleTypeMember       Rule = "type_member"        // $type sent
	RuleExponent         Rule = "exponent"           // a decimal with an exponent
	RuleMidnight         Rule = "midnight"           // a day with a time or an offset
	RuleDelayedDue       Rule = "delayed_due"        // DelayedLastPaymentDate is not LastPaymentDate (FAQ 1)
	RulePeriodCode       Rule = "period_code"        // PeriodCode is not yyyyMM of InvoiceDate (FAQ 2)
	RuleBlockage         Rule = "blockage"           // InvoiceIncludedBlockage other than E, H, blank
	RuleExplanation      Rule = "explanation"        // Explanation over 200 characters
	RuleInvoicesIncluded Rule = "invoices_included"  // InvoicesIncluded is not MMyyyy
	RuleConsent          Rule = "consent"            // personal data sent without KVKK approval
	RuleSessionID        Rule = "channel_session_id" // not 32 hexadecimal digits
	RuleRequestID        Rule = "channel_request_id" // a ChannelRequestId used twice
	RuleIdempotencyKey   Rule = "idempotency_key"    // makes Go resend a POST by itself
	RuleContentType      Rule = "content_type"       // none sent
)

const (
	maxComplaints     = 10_000
	maxComplaintField = 80
)

// complaints keeps the first maxComplaints and counts the rest.
type complaints struct {
	mu      sync.Mutex
	list    []Complaint
	dropped int
}

func (c *complaints) add(complaint Complaint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Members are the caller's own words: a long one need not be kept whole.
	if len(complaint.Field) > maxComplaintField {
		complaint.Field = complaint.Field[:maxComplaintField]
	}
	if len(c.list) == maxComplaints {
		c.dropped++
		return
	}
	c.list = append(c.list, complaint)
}

func (c *complaints) snapshot() ([]Complaint, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Complaint{}, c.list...), c.dropped
}

func (c *complaints) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list, c.dropped = nil, 0
}
