package banksim

import (
	"maps"
	"time"

	"bankprocessor/internal/command"
)

// Record and status letters of invoices (contract section 3.6). The letter of a
// part payment is another bank's: the page has none.
const (
	recordActive  = "A"
	recordPassive = "I"
	statusPaid    = "O"
	statusPart    = "K"
)

// Ledger is a copy of what the bank knows at one moment.
type Ledger struct {
	Now               time.Time     `json:"now"`
	Today             command.Date  `json:"today"` // in Istanbul
	Companies         []Company     `json:"companies"`
	Dealers           []DealerState `json:"dealers"`
	Invoices          []Invoice     `json:"invoices"` // in order of creation
	Flows             []Flow        `json:"flows"`
	Loans             []Loan        `json:"loans"`
	Complaints        []Complaint   `json:"complaints"`
	ComplaintsDropped int           `json:"complaintsDropped"`
}

// DealerState is a dealer with what is taken of its limit (TRY).
type DealerState struct {
	Dealer
	Reserved  Money `json:"reserved"`
	Drawn     Money `json:"drawn"`
	Available Money `json:"available"`
}

// Invoice is one recorded invoice.
type Invoice struct {
	Company         string       `json:"company"`
	Dealer          string       `json:"dealer"`
	Number          string       `json:"invoiceNumber"`
	InvoiceCurrency string       `json:"invoiceCurrency"`
	PaymentCurrency string       `json:"paymentCurrency"`
	InvoiceDate     command.Date `json:"invoiceDate"`
	Amount          Money        `json:"amount"`
	DueDate         command.Date `json:"dueDate"`  // LastPaymentDate
	Maturity        string       `json:"maturity"` // V term, P advance
	ParametricCode  string       `json:"parametricCode,omitempty"`
	Explanation     string       `json:"explanation,omitempty"`
	RecordStatus    string       `json:"recordStatus"`           // A active, I cancelled
	StatusCode      string       `json:"statusCode,omitempty"`   // O paid, K paid in part, "" unpaid
	PaymentDate     command.Date `json:"paymentDate,omitzero"`   //
	PaymentAmount   Money        `json:"paymentAmount,omitzero"` // in the payment currency
	Reserved        Money        `json:"reserved"`               // TRY of the dealer's limit
	UpdatedAt       time.Time    `json:"updatedAt"`
	// Copy is 1, and higher for an invoice that a bank without an eye for
	// duplicates recorded beside another with its number (Config.Duplicates).
	Copy int `json:"copy"`
	// History is every operation on the invoice, refused ones included, from
	// the one that recorded it.
	History []Operation `json:"history,omitempty"`
}

// Applied counts the operations of that letter (I, U, D, PAY) that had an effect.
func (i Invoice) Applied(operation string) int {
	n := 0
	for _, op := range i.History {
		if op.Applied && op.Operation == operation {
			n++
		}
	}
	return n
}

// Operation is one operation on an invoice.
type Operation struct {
	At               time.Time    `json:"at"`
	Operation        string       `json:"operation"` // I, U, D, PAY
	Code             string       `json:"code,omitempty"`
	Amount           Money        `json:"amount"`
	DueDate          command.Date `json:"dueDate"`
	ChannelSessionID string       `json:"channelSessionId,omitempty"`
	ChannelRequestID string       `json:"channelRequestId,omitempty"`
	Applied          bool         `json:"applied"`
}

// Flow is one customer's flow. The personal texts are lost when the bank is
// started anew from a ledger file.
type Flow struct {
	person            string    // digest of CitizenshipNumber
	ProcessID         int64     `json:"processId"`
	CustomerID        int64     `json:"customerId"`
	CitizenshipNumber Personal  `json:"citizenshipNumber"`
	PhoneNumber       Personal  `json:"phoneNumber"`
	Email             Personal  `json:"email"`
	CreatedAt         time.Time `json:"createdAt"`
	Updates           int       `json:"updates"`
	// Informations is Parameters[0] of the last update, UpdatedBy its
	// ChannelSessionId.
	Informations Personal  `json:"informations"`
	UpdatedBy    string    `json:"updatedBy,omitempty"`
	Completed    bool      `json:"completed"`
	CompletedAt  time.Time `json:"completedAt,omitzero"`
	// Completions took effect: more than one only at a bank without an eye for
	// duplicates (Config.Duplicates). CompletionsRefused came after the first.
	Completions        int `json:"completions"`
	CompletionsRefused int `json:"completionsRefused"`
}

// Loan is one loan application.
type Loan struct {
	ApplicationNumber int64     `json:"applicationNumber"`
	Submissions       int       `json:"submissions"`
	MonthlyIncome     Personal  `json:"monthlyIncome"` // of the last submission
	At                time.Time `json:"at"`
}

// Personal is text about a person: it prints and marshals as "***".
type Personal struct {
	text     string
	revealed bool
}

// Reveal returns the text itself.
func (p Personal) Reveal() string { return p.text }

// String returns "***", or "" when there is nothing to hide.
func (p Personal) String() string {
	if p.text == "" || p.revealed {
		return p.text
	}
	return "***"
}

// GoString masks the text under %#v.
func (p Personal) GoString() string { return p.String() }

// MarshalText writes String.
func (p Personal) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (d Dealer) clone() Dealer {
	d.FXAccounts = maps.Clone(d.FXAccounts)
	return d
}

func (a *account) state() DealerState {
	return DealerState{Dealer: a.clone(), Reserved: a.reserved, Drawn: a.drawn, Available: a.available()}
}

func (i *Invoice) clone() Invoice {
	c := *i
	c.History = append([]Operation{}, i.History...)
	return c
}

// reveal makes the personal texts of a snapshot print.
func (l *Ledger) reveal() {
	for i := range l.Flows {
		f := &l.Flows[i]
		for _, p := range []*Personal{&f.CitizenshipNumber, &f.PhoneNumber, &f.Email, &f.Informations} {
			p.revealed = true
		}
	}
	for i := range l.Loans {
		l.Loans[i].MonthlyIncome.revealed = true
	}
}
