package banksim

import (
	"errors"
	"fmt"
)

// Kind is what a fault does.
type Kind string

// The kinds of fault. "before" and "after" name the default of Fault.When.
const (
	// FaultLatency adds Fault.Latency: after the effect, or before it, in which
	// case the effect comes late even when the caller has left.
	FaultLatency Kind = "latency"
	// FaultAnswerLost closes the connection after the effect.
	FaultAnswerLost Kind = "answer_lost"
	// FaultRequestLost closes the connection before the effect.
	FaultRequestLost Kind = "request_lost"
	// FaultReset sends a TCP reset (before).
	FaultReset Kind = "tcp_reset"
	// FaultHang holds the call until it is released (Release, ClearFaults) or
	// Fault.For is over and then goes on, or until the caller leaves (before).
	FaultHang Kind = "hang"
	// FaultHTTP answers HTTPStatus, Body and Headers (before).
	FaultHTTP Kind = "http"
	// FaultCode answers a bank code, State or Error envelope (before: without
	// effect and data; after: laid over the true answer).
	FaultCode Kind = "code"
	// FaultHTML answers a firewall's page with HTTPStatus, default 200 (before).
	FaultHTML Kind = "html"
	// FaultEmpty answers HTTPStatus, default 200, with an empty body (after).
	FaultEmpty Kind = "empty_body"
	// FaultHalfBody sends half of the true answer and closes (after).
	FaultHalfBody Kind = "half_body"
	// FaultOversize pads the true answer to Size bytes, default 32 MiB (after).
	FaultOversize Kind = "oversize"
	// FaultExpireTokens and FaultRevokeTokens end all tokens as the call comes in.
	FaultExpireTokens Kind = "expire_tokens"
	FaultRevokeTokens Kind = "revoke_tokens"
	// The shapes change how a true answer is written.
	FaultNumbersAsText  Kind = "numbers_as_strings"
	FaultCodesAsNumbers Kind = "codes_as_numbers"
	FaultCollapseLists  Kind = "collapse_lists"     // a list of one becomes its element
	FaultEmptyListText  Kind = "empty_list_as_text" // an empty list becomes ""
	FaultRepeatStatus   Kind = "repeat_status_row"  // a status row before every data row
	FaultPageFields     Kind = "page_fields_only"   // result rows without the fields that the page lacks
)

// When says on which side of the effect a fault strikes.
type When string

// The two sides; empty is the kind's default.
const (
	Before When = "before"
	After  When = "after"
)

// Fault is a misbehaviour. The zero Match matches every call.
type Fault struct {
	// ID names the fault for removal; empty lets the bank choose.
	ID    string `json:"id,omitempty"`
	Kind  Kind   `json:"kind"`
	Match Match  `json:"match,omitzero"`
	// Times is how many calls it strikes; 0 is all until it is removed.
	Times int  `json:"times,omitempty"`
	When  When `json:"when,omitempty"`

	Latency Latency `json:"latency,omitzero"` // latency

	For Duration `json:"for,omitzero"` // hang; 0 is without end

	HTTPStatus int               `json:"httpStatus,omitempty"` // http, html, empty_body, code
	Body       string            `json:"body,omitempty"`       // http
	Headers    map[string]string `json:"headers,omitempty"`    // http, html, empty_body, code

	// Code is ErrorCode, ResultCode or Header.StatusCode; NoCode makes it null.
	Code    string `json:"code,omitempty"`
	NoCode  bool   `json:"noCode,omitempty"`
	Message string `json:"message,omitempty"`
	// State is the State member; NoState makes it null.
	State   *int64 `json:"state,omitempty"`
	NoState bool   `json:"noState,omitempty"`
	// Error puts an Error envelope in place of the data.
	Error *PlatformError `json:"error,omitempty"`

	Size int `json:"size,omitempty"` // oversize
}

// PlatformError is the inter-API Error envelope.
type PlatformError struct {
	Code          int64  `json:"code"`
	Description   string `json:"description"`
	TransactionID int64  `json:"transactionId,omitempty"`
}

// Match says which calls a fault strikes: those that agree with every field set.
type Match struct {
	Method           string `json:"method,omitempty"`
	Key              string `json:"key,omitempty"` // as in Call.Key
	Dealer           string `json:"dealer,omitempty"`
	InvoiceNumber    string `json:"invoiceNumber,omitempty"`
	Operation        string `json:"operation,omitempty"` // I, U, D
	ChannelSessionID string `json:"channelSessionId,omitempty"`
	// Skip lets the first calls that agree pass.
	Skip int `json:"skip,omitempty"`
	// OneIn strikes about one in N of the calls that agree, the same ones for
	// the same Seed; 0 and 1 strike all.
	OneIn int    `json:"oneIn,omitempty"`
	Seed  uint64 `json:"seed,omitempty"`
}

func (m *Match) agrees(c *Call) bool {
	same := func(want, got string) bool { return want == "" || want == got }
	return same(m.Method, c.Method) && same(m.Key, c.Key) && same(m.Dealer, c.Dealer) &&
		same(m.InvoiceNumber, c.InvoiceNumber) && same(m.Operation, c.Operation) &&
		same(m.ChannelSessionID, c.ChannelSessionID)
}

// defaultWhen is the side on which each kind strikes unless told; "" marks kinds
// for which there is no choice.
var defaultWhen = map[Kind]When{
	FaultLatency: After, FaultReset: Before, FaultHang: Before, FaultHTTP: Before, FaultCode: Before,
	FaultHTML: Before, FaultEmpty: After, FaultAnswerLost: "", FaultRequestLost: "", FaultHalfBody: "",
	FaultOversize: "", FaultExpireTokens: "", FaultRevokeTokens: "", FaultNumbersAsText: "",
	FaultCodesAsNumbers: "", FaultCollapseLists: "", FaultEmptyListText: "", FaultRepeatStatus: "",
	FaultPageFields: "",
}

// Validate says all that is wrong with a fault.
func (f Fault) Validate() error {
	var errs []error
	side, known := defaultWhen[f.Kind]
	switch {
	case !known:
		errs = append(errs, fmt.Errorf("fault: unknown kind %q", f.Kind))
	case f.When != "" && f.When != Before && f.When != After:
		errs = append(errs, errors.New(`fault: when must be "before" or "after"`))
	case f.When != "" && side == "":
		errs = append(errs, fmt.Errorf("fault: %s has no choice of when", f.Kind))
	}
	if f.Times < 0 || f.Match.Skip < 0 || f.Match.OneIn < 0 || f.Size < 0 || f.Size > maxOversize {
		errs = append(errs, fmt.Errorf("fault: counts must not be negative, size at most %d", maxOversize))
	}
	if f.Kind == FaultHTTP && f.HTTPStatus == 0 {
		errs = append(errs, errors.New("fault: http needs httpStatus"))
	}
	if f.HTTPStatus != 0 && (f.HTTPStatus < 200 || f.HTTPStatus > 599) {
		errs = append(errs, errors.New("fault: httpStatus must be 200 to 599"))
	}
	if f.For < 0 || (f.For > 0 && f.Kind != FaultHang) {
		errs = append(errs, errors.New("fault: for is how long a hang lasts"))
	}
	if err := f.Latency.check(); err != nil {
		errs = append(errs, err)
	}
	if f.Kind == FaultLatency && f.Latency == (Latency{}) {
		errs = append(errs, errors.New("fault: latency needs a latency"))
	}
	return errors.Join(errs...)
}

const (
	defaultOversize = 32 << 20
	maxOversize     = 1 << 30
)
