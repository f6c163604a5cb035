package banksim

import (
	"slices"
	"time"
	"unicode/utf16"

	"bankprocessor/internal/command"
)

// invoiceOrder is a read InsertDbsInvoice request.
type invoiceOrder struct {
	company, dealer, number          string
	invoiceCurrency, paymentCurrency string
	invoiceDate, due, delayedDue     command.Date
	amount                           Money
	operation, maturity, entry       string // letters of the wire
	parametric, explanation          string
	customerNo                       int64
	by                               *Cause
	at                               time.Time
	copy                             int // of the invoice that it makes
}

func (q *invoiceOrder) key() invoiceKey { return invoiceKey{q.company, q.dealer, q.number} }

// invoiceAnswer is what the ledger says to an order.
type invoiceAnswer struct {
	code      string
	available Money // of 129
	reference int64 // of an advance payment
	applied   bool
}

// invoicePosted is an invoice's new state with the operation that led to it.
type invoicePosted struct {
	State         Invoice // its History is ignored
	Op            Operation
	Debit         Money // from the dealer's account in DebitCurrency
	DebitCurrency string
	Drawn         Money // TRY drawn on the credit limit
	Reference     bool  // the payment takes a reference number
}

func (e invoicePosted) apply(l *ledger) {
	key := invoiceKey{e.State.Company, e.State.Dealer, e.State.Number}
	account := l.dealers[dealerKey{key.company, key.dealer}]
	invoice := l.invoices[key]
	if invoice == nil || invoice.Copy < e.State.Copy {
		invoice = &Invoice{}
		l.invoices[key] = invoice
		l.invoiceOrder = append(l.invoiceOrder, invoice)
		account.invoices = append(account.invoices, invoice)
	}
	if invoice.DueDate != e.State.DueDate {
		old, due := dueKey{key.company, invoice.DueDate}, dueKey{key.company, e.State.DueDate}
		if i := slices.Index(l.byDue[old], invoice); i >= 0 {
			l.byDue[old] = slices.Delete(l.byDue[old], i, i+1)
		}
		l.byDue[due] = append(l.byDue[due], invoice)
	}
	account.reserved += e.State.Reserved - invoice.Reserved
	account.drawn += e.Drawn
	switch e.DebitCurrency {
	case "":
	case try:
		account.Balance -= e.Debit
	default:
		account.FXAccounts[e.DebitCurrency] -= e.Debit
	}
	if e.Reference {
		l.reference++
	}
	history := append(invoice.History, e.Op)
	*invoice = e.State
	invoice.History, invoice.UpdatedAt = history, e.Op.At
}

func (e invoicePosted) line(*ledger) LedgerLine {
	change := map[string]Change{"I": ChangeRecorded, "U": ChangeUpdated, "D": ChangeCancelled}[e.Op.Operation]
	if change == "" {
		change = ChangePaid
	}
	state := e.State.impersonal()
	state.UpdatedAt = e.Op.At
	return LedgerLine{Event: EventInvoice, At: e.Op.At, Invoice: &InvoiceChange{
		Change: change, Asked: e.Op, Invoice: state,
		Debit: e.Debit, DebitCurrency: e.DebitCurrency, Drawn: e.Drawn, Reference: e.Reference,
	}}
}

// invoiceRefused notes a refusal in the history of an invoice that exists.
type invoiceRefused struct {
	Key invoiceKey
	Op  Operation
}

func (e invoiceRefused) apply(l *ledger) {
	invoice := l.invoices[e.Key]
	invoice.History = append(invoice.History, e.Op)
}

func (e invoiceRefused) line(l *ledger) LedgerLine {
	return LedgerLine{Event: EventInvoice, At: e.Op.At, Invoice: &InvoiceChange{
		Change: ChangeRefused, Asked: e.Op, Invoice: l.invoices[e.Key].impersonal(),
	}}
}

// order carries an InsertDbsInvoice request out (contract sections 3.5 and 5.1).
func (l *ledger) order(q *invoiceOrder) invoiceAnswer {
	l.mu.Lock()
	defer l.mu.Unlock()
	answer, posted := l.decide(q)
	op := Operation{
		At: q.at, Operation: q.operation, Code: answer.code, Amount: q.amount, DueDate: q.due,
		Applied: posted != nil,
	}
	if q.by != nil {
		op.ChannelSessionID, op.ChannelRequestID = q.by.ChannelSessionID, q.by.ChannelRequestID
	}
	switch {
	case posted != nil:
		posted.Op = op
		l.post(q.by, *posted)
		answer.applied = true
		if posted.Reference {
			answer.reference = l.reference
		}
	case l.invoices[q.key()] != nil:
		l.post(q.by, invoiceRefused{Key: q.key(), Op: op})
	}
	return answer
}

// decide returns the code and, unless the order is refused, what to post.
func (l *ledger) decide(q *invoiceOrder) (invoiceAnswer, *invoicePosted) {
	if code := l.refuseFields(q); code != "" {
		return invoiceAnswer{code: code}, nil
	}
	invoice := l.invoices[q.key()]
	q.copy = invoice.copyFor(q.operation)
	if q.operation == "I" && l.duplicates == DuplicatesRecorded {
		invoice = nil // it is recorded beside
	}
	if code := refuseRecord(q.operation, invoice); code != "" {
		return invoiceAnswer{code: code}, nil
	}
	if q.operation == "D" {
		state := *invoice
		state.RecordStatus, state.Reserved = recordPassive, 0
		return invoiceAnswer{code: "000"}, &invoicePosted{State: state}
	}
	account := l.dealer(q.by, q.company, q.dealer)
	if code := refuseDealer(q, account); code != "" {
		return invoiceAnswer{code: code}, nil
	}
	if q.maturity == "P" {
		return l.payAdvance(q, account)
	}
	return l.reserveTerm(q, account, invoice)
}

// refuseFields judges an order by its fields, the company and the day.
func (l *ledger) refuseFields(q *invoiceOrder) string {
	company, known := l.company(q.company, q.customerNo)
	today := istanbulDay(q.at)
	switch {
	case !known:
		return "107"
	case q.dealer == "":
		return "114"
	case utf16Length(q.dealer) > 40:
		return "111"
	case q.number == "":
		return "113"
	case utf16Length(q.number) > 40:
		return "112"
	case q.operation != "I" && q.operation != "U" && q.operation != "D":
		return "105"
	case q.maturity != "V" && q.maturity != "P":
		return "123"
	case q.entry != "B":
		return "104"
	case l.rates[q.invoiceCurrency] == 0:
		return "134"
	case l.rates[q.paymentCurrency] == 0:
		return "135"
	case q.amount <= 0:
		return "126"
	case q.maturity == "P" && q.operation != "I":
		return "127"
	case q.delayedDue.Compare(q.due) < 0:
		return "122"
	case q.operation == "D":
		return ""
	case q.maturity == "V" && q.due.Compare(today) <= 0:
		return "120"
	case q.maturity == "P" && q.due != today:
		return "121"
	case !slices.Contains(company.Currencies, q.invoiceCurrency),
		!slices.Contains(company.Currencies, q.paymentCurrency):
		return "103"
	}
	return ""
}

// refuseRecord judges an operation by the invoice that is there, nil for none.
func refuseRecord(operation string, invoice *Invoice) string {
	if operation == "I" {
		switch {
		case invoice == nil:
			return ""
		case invoice.RecordStatus == recordPassive:
			return "110"
		case invoice.Maturity == "P":
			return "109"
		case invoice.StatusCode == statusPaid:
			return "108"
		}
		return "106"
	}
	switch {
	case invoice == nil:
		return "128"
	case invoice.Maturity == "P":
		return "127"
	case invoice.StatusCode != "":
		return "108"
	case operation == "D" && invoice.RecordStatus == recordPassive:
		return "128"
	}
	return ""
}

// refuseDealer judges a new or changed invoice by its dealer, nil for none.
func refuseDealer(q *invoiceOrder, a *account) string {
	foreign := q.paymentCurrency != try
	switch {
	case a == nil || a.AccountClosed:
		return "115"
	case a.NoPaymentOrder:
		return "102"
	case a.NoOverdraft:
		return "116"
	case q.maturity == "V" && a.NoLimit:
		return "131"
	case foreign && a.FailWith == "133":
		return "133"
	}
	if _, ok := a.balance(q.paymentCurrency); !ok {
		return "132"
	}
	switch a.FailWith {
	case "999":
		return a.FailWith
	case "117", "118":
		if q.maturity == "V" {
			return a.FailWith
		}
	case "119", "125":
		if q.maturity == "P" {
			return a.FailWith
		}
	}
	return ""
}

// reserveTerm reserves limit for a term invoice; what the invoice had reserved
// before counts as free.
func (l *ledger) reserveTerm(q *invoiceOrder, a *account, old *Invoice) (invoiceAnswer, *invoicePosted) {
	free := a.available()
	if old != nil {
		free += old.Reserved
	}
	state := q.state()
	state.Reserved = l.rates.convert(q.amount, q.invoiceCurrency, try)
	if state.Reserved > free {
		return invoiceAnswer{code: "129", available: max(free, 0)}, nil
	}
	return invoiceAnswer{code: "000"}, &invoicePosted{State: state}
}

// payAdvance debits an advance invoice at once, in part when the balance covers
// only a part.
func (l *ledger) payAdvance(q *invoiceOrder, a *account) (invoiceAnswer, *invoicePosted) {
	owed := l.rates.convert(q.amount, q.invoiceCurrency, q.paymentCurrency)
	balance, _ := a.balance(q.paymentCurrency)
	if balance <= 0 {
		return invoiceAnswer{code: "101"}, nil
	}
	code, status := "000", statusPaid
	if balance < owed {
		code, status = "130", statusPart
	}
	state := q.state()
	state.StatusCode, state.PaymentDate, state.PaymentAmount = status, istanbulDay(q.at), min(balance, owed)
	return invoiceAnswer{code: code}, &invoicePosted{
		State: state, Debit: state.PaymentAmount, DebitCurrency: q.paymentCurrency, Reference: true,
	}
}

// state is the invoice that the order describes, active and unpaid.
func (q *invoiceOrder) state() Invoice {
	return Invoice{
		Company: q.company, Dealer: q.dealer, Number: q.number,
		InvoiceCurrency: q.invoiceCurrency, PaymentCurrency: q.paymentCurrency,
		InvoiceDate: q.invoiceDate, Amount: q.amount, DueDate: q.due, Maturity: q.maturity,
		ParametricCode: q.parametric, Explanation: q.explanation, RecordStatus: recordActive, Copy: q.copy,
	}
}

// copyFor is the copy that an operation on the newest one, nil for none, makes.
func (i *Invoice) copyFor(operation string) int {
	switch {
	case i == nil:
		return 1
	case operation == "I":
		return i.Copy + 1
	}
	return i.Copy
}

func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
