package banksim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Event is what one line of a ledger file tells.
type Event string

// The events. A change of the ledger stands in the file before anybody can have
// seen it: ahead of the answer, and ahead of the finished line of its call.
const (
	// EventStarted is a bank that begins to write; what an earlier one had under
	// way was never answered.
	EventStarted Event = "started"
	// EventReset takes everything before it back.
	EventReset Event = "reset"
	// EventArrived is a call as it came in and EventFinished the same call when
	// the bank is done with it. Arrivals stand in order of Call.Seq. A call that
	// hangs, or that was under way when the bank ended, has only arrived.
	EventArrived  Event = "arrived"
	EventFinished Event = "finished"
	// The changes of the ledger.
	EventInvoice Event = "invoice"
	EventFlow    Event = "flow"
	EventLoan    Event = "loan"
	EventDealer  Event = "dealer"
)

// Change is what became of an invoice or of a customer's flow.
type Change string

// The changes. A refusal changes nothing and is counted: it is written down for
// an invoice that exists and for the completion of a flow that is complete.
const (
	ChangeRecorded  Change = "recorded"
	ChangeUpdated   Change = "updated"
	ChangeCancelled Change = "cancelled"
	ChangePaid      Change = "paid" // a payment of what had been recorded, in part too
	ChangeCreated   Change = "created"
	ChangeCompleted Change = "completed"
	ChangeRefused   Change = "refused"
)

// LedgerLine is one line of a ledger file. It holds no personal data: a person is
// a keyed digest, and names, contact data, incomes and explanations are left out.
type LedgerLine struct {
	Event Event     `json:"event"`
	At    time.Time `json:"at"` // the bank's clock
	// By is the call that made the change; nil when it came over the control API.
	By *Cause `json:"by,omitempty"`

	// One of these is set, the one that Event names.
	Call    *Call          `json:"call,omitempty"`
	Invoice *InvoiceChange `json:"invoice,omitempty"`
	Flow    *FlowChange    `json:"flow,omitempty"`
	Loan    *LoanChange    `json:"loan,omitempty"`
	Dealer  *Dealer        `json:"dealer,omitempty"`
}

// Cause names the call that changed the ledger.
type Cause struct {
	Seq              uint64 `json:"seq"`
	ChannelSessionID string `json:"channelSessionId,omitempty"`
	ChannelRequestID string `json:"channelRequestId,omitempty"`
	Traceparent      string `json:"traceparent,omitempty"`
}

// InvoiceChange is a line about an invoice.
type InvoiceChange struct {
	Change Change `json:"change"`
	// Asked is the operation as it came, with the code that answered it.
	Asked Operation `json:"asked"`
	// Invoice is the invoice afterwards, without its history.
	Invoice Invoice `json:"state"`
	// What it did to the dealer: a debit of the account in DebitCurrency, credit
	// drawn in TRY, and whether it took a payment reference.
	Debit         Money  `json:"debit,omitzero"`
	DebitCurrency string `json:"debitCurrency,omitempty"`
	Drawn         Money  `json:"drawn,omitzero"`
	Reference     bool   `json:"reference,omitempty"`
}

// FlowChange is a line about a customer's flow, which stands after it as the
// counters say.
type FlowChange struct {
	Change     Change `json:"change"`
	ProcessID  int64  `json:"processId"`
	CustomerID int64  `json:"customerId"`
	// Person is a digest of the citizenship number under a key that is not in
	// the file.
	Person             string `json:"person"`
	Updates            int    `json:"updates,omitempty"`
	Completions        int    `json:"completions,omitempty"`
	CompletionsRefused int    `json:"completionsRefused,omitempty"`
}

// LoanChange is a line about a loan application: its nth pricing.
type LoanChange struct {
	ApplicationNumber int64 `json:"applicationNumber"`
	Submissions       int   `json:"submissions"`
}

// LedgerFile is a ledger file as it was read.
type LedgerFile struct {
	Lines []LedgerLine
	// Torn says that the last line had no end and is left out: it was being
	// written, so that nobody has seen what it would have told.
	Torn bool
}

// ErrLedger is wrapped by every refusal of a ledger file's content.
var ErrLedger = errors.New("broken ledger")

// ReadLedger reads a ledger file, also one that a bank is writing. The error of a
// broken line names its number.
func ReadLedger(r io.Reader) (LedgerFile, error) {
	var file LedgerFile
	_, torn, err := scanLedger(r, func(line LedgerLine) error {
		file.Lines = append(file.Lines, line)
		return nil
	})
	file.Torn = torn
	return file, err
}

// scanLedger calls take for every whole line and returns how many bytes they are,
// and whether a torn one follows.
func scanLedger(r io.Reader, take func(LedgerLine) error) (size int64, torn bool, err error) {
	lines := bufio.NewReaderSize(r, 1<<16)
	for number := 1; ; number++ {
		text, err := lines.ReadBytes('\n')
		switch {
		case err == io.EOF: //nolint:errorlint // ReadBytes returns it as it is
			return size, len(text) > 0, nil
		case err != nil:
			return size, false, fmt.Errorf("reading line %d: %w", number, err)
		}
		line, err := readLine(text)
		if err == nil {
			err = take(line)
		}
		if err != nil {
			return size, false, fmt.Errorf("line %d: %w: %w", number, ErrLedger, err)
		}
		size += int64(len(text))
	}
}

func readLine(text []byte) (LedgerLine, error) {
	var line LedgerLine
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&line); err != nil {
		return line, err
	}
	if rest := bytes.TrimSpace(text[d.InputOffset():]); len(rest) > 0 {
		return line, errors.New("more than one value")
	}
	return line, line.check()
}

// check says whether the line has what its event names.
func (l *LedgerLine) check() error {
	whole := true
	switch l.Event {
	case EventStarted, EventReset:
	case EventArrived, EventFinished:
		whole = l.Call != nil
	case EventInvoice:
		whole = l.Invoice != nil
	case EventFlow:
		whole = l.Flow != nil
	case EventLoan:
		whole = l.Loan != nil
	case EventDealer:
		whole = l.Dealer != nil
	default:
		return fmt.Errorf("unknown event %q", l.Event)
	}
	if !whole {
		return fmt.Errorf("event %q without what it names", l.Event)
	}
	return nil
}

// impersonal is the invoice as a ledger file has it: without free text.
func (i Invoice) impersonal() Invoice {
	i.Explanation, i.ParametricCode, i.History = "", "", nil
	return i
}
