package banksim

import (
	"regexp"
	"sync"
	"time"

	"bankprocessor/internal/command"
)

// ledger is what the bank knows. Every change is an entry that goes through
// post: a decision reads the ledger, entries alone change it, so that a log of
// entries is the whole ledger.
type ledger struct {
	rates      rates
	auto       AutoDealer
	autoRE     *regexp.Regexp // nil when no dealer comes into being by itself
	duplicates Duplicates
	persons    persons
	writer     *ledgerWriter

	mu sync.Mutex
	books
}

// books are what entries change.
type books struct {
	companies map[string]Company
	dealers   map[dealerKey]*account
	invoices  map[invoiceKey]*Invoice
	byDue     map[dueKey][]*Invoice
	flows     map[string]*Flow // by the digest of the citizenship number
	processes map[int64]*Flow
	loans     map[int64]*Loan
	// In order of creation, for snapshots.
	invoiceOrder []*Invoice
	flowOrder    []*Flow
	loanOrder    []*Loan
	reference    int64 // last payment reference
}

type dealerKey struct{ company, dealer string }

type invoiceKey struct{ company, dealer, number string }

type dueKey struct {
	company string
	due     command.Date
}

// account is a dealer with what its invoices have done to its limit.
type account struct {
	Dealer
	reserved Money // by unpaid term invoices, TRY
	drawn    Money // credit drawn by payments beyond the balance, TRY
	invoices []*Invoice
}

// risk is how much of the limit is taken; FAQ 6: an upload shows at once.
func (a *account) risk() Money { return a.reserved + a.drawn }

func (a *account) available() Money { return a.Limit - a.risk() }

// balance is the money in the account of that currency; ok is false when there
// is no such account.
func (a *account) balance(currency string) (m Money, ok bool) {
	if currency == try {
		return a.Balance, true
	}
	m, ok = a.FXAccounts[currency]
	return m, ok
}

func newLedger(cfg *Config, writer *ledgerWriter) *ledger {
	matcher, _ := cfg.AutoDealer.matcher()
	l := &ledger{
		rates: cfg.Rates, auto: cfg.AutoDealer, autoRE: matcher, duplicates: cfg.Duplicates,
		persons: newPersons(), writer: writer,
		books: books{
			companies: map[string]Company{}, dealers: map[dealerKey]*account{},
			invoices: map[invoiceKey]*Invoice{}, byDue: map[dueKey][]*Invoice{},
			flows: map[string]*Flow{}, processes: map[int64]*Flow{}, loans: map[int64]*Loan{},
		},
	}
	for _, company := range cfg.World.Companies {
		l.companies[company.Code] = company
	}
	for _, dealer := range cfg.World.Dealers {
		dealerSet{Dealer: dealer}.apply(l) // part of the configuration, not of the file
	}
	return l
}

// entry is one change of the ledger.
type entry interface {
	apply(l *ledger)
	// line is the change as the ledger file has it; the ledger has been changed.
	line(l *ledger) LedgerLine
}

// post makes an entry part of the ledger and of its file, in this order: the
// caller holds mu, so that nobody sees the one before the other is done.
func (l *ledger) post(by *Cause, e entry) {
	e.apply(l)
	if l.writer.on() {
		line := e.line(l)
		line.By = by
		l.writer.write(line)
	}
}

// dealerSet creates a dealer or changes what it is, its reservations kept.
type dealerSet struct{ Dealer Dealer }

func (e dealerSet) apply(l *ledger) {
	key := dealerKey{e.Dealer.Company, e.Dealer.Code}
	if known := l.dealers[key]; known != nil {
		known.Dealer = e.Dealer.clone()
		return
	}
	l.dealers[key] = &account{Dealer: e.Dealer.clone()}
}

func (e dealerSet) line(*ledger) LedgerLine {
	dealer := e.Dealer
	dealer.Name = ""
	return LedgerLine{Event: EventDealer, Dealer: &dealer}
}

// company finds a main company by its code and customer number.
func (l *ledger) company(code string, customerNo int64) (Company, bool) {
	company, known := l.companies[code]
	return company, known && company.CustomerNo == customerNo
}

// dealer finds a dealer of a known company, nil when there is none and none
// comes into being.
func (l *ledger) dealer(by *Cause, company, code string) *account {
	key := dealerKey{company, code}
	if known := l.dealers[key]; known != nil {
		return known
	}
	if l.autoRE == nil || code == "" || !l.autoRE.MatchString(code) {
		return nil
	}
	l.post(by, dealerSet{Dealer: Dealer{
		Company: company, Code: code, Name: "Bayi " + code,
		Limit: l.auto.Limit, Balance: l.auto.Balance,
	}})
	return l.dealers[key]
}

// incomeSubmitted records a loan applicant's income; a repeat counts.
type incomeSubmitted struct {
	Application int64
	Income      Money // 0 when it is not known any more
	At          time.Time
}

func (e incomeSubmitted) apply(l *ledger) {
	loan := l.loans[e.Application]
	if loan == nil {
		loan = &Loan{ApplicationNumber: e.Application}
		l.loans[e.Application] = loan
		l.loanOrder = append(l.loanOrder, loan)
	}
	loan.Submissions++
	loan.MonthlyIncome, loan.At = Personal{}, e.At
	if e.Income != 0 {
		loan.MonthlyIncome.text = e.Income.String()
	}
}

func (e incomeSubmitted) line(l *ledger) LedgerLine {
	return LedgerLine{Event: EventLoan, At: e.At, Loan: &LoanChange{
		ApplicationNumber: e.Application, Submissions: l.loans[e.Application].Submissions,
	}}
}
