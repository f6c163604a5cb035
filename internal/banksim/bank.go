package banksim

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bankprocessor/internal/command"
)

// Bank is a simulated bank. It is safe for concurrent use and starts nothing by
// itself.
type Bank struct {
	cfg    Config
	offer  offer
	routes map[string]*method
	public http.Handler

	ledger     *ledger
	journal    *journal
	writer     *ledgerWriter
	torn       bool // the ledger file's end was
	faults     *faultSet
	tokens     *tokens
	complaints complaints
	requestIDs *recent
	offset     atomic.Int64 // of the clock, nanoseconds

	mu        sync.RWMutex
	latencies map[string]Latency // by method; "" for all others

	waiting map[string]*atomic.Int64 // calls that take their time, by the same keys
}

// New is Open for configurations that cannot be wrong: it panics with Open's
// error.
func New(cfg Config) *Bank {
	b, err := Open(cfg)
	if err != nil {
		panic(fmt.Errorf("banksim: %w", err))
	}
	return b
}

// Open returns a bank; empty fields of the configuration take their defaults.
// With a ledger file the bank goes on where the file ends; Close it then. The
// error of a file whose content cannot be used wraps ErrLedger and names the line.
func Open(cfg Config) (*Bank, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	b := &Bank{
		cfg: cfg, offer: cfg.Loan.price(),
		faults: &faultSet{}, tokens: newTokens(), requestIDs: newRecent(cfg.JournalCapacity),
		latencies: map[string]Latency{"": cfg.Latency},
	}
	b.waiting = map[string]*atomic.Int64{"": {}}
	for _, m := range bankMethods {
		b.waiting[m.name] = &atomic.Int64{}
	}
	b.writer = newLedgerWriter(b.now)
	b.ledger, b.journal = newLedger(&cfg, b.writer), newJournal(cfg.JournalCapacity, b.writer)
	if cfg.LedgerFile != "" {
		if err := b.openLedger(cfg.LedgerFile); err != nil {
			return nil, fmt.Errorf("opening the ledger: %w", err)
		}
	}
	b.routes = b.route()
	control := b.control()
	b.public = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, controlPrefix) {
			control.ServeHTTP(w, r)
			return
		}
		b.receive(w, r)
	})
	return b, nil
}

// Close closes the ledger file, if there is one; what changes after it is not
// written down any more.
func (b *Bank) Close() error { return b.writer.close() }

// LedgerTorn says that the ledger file ended in the middle of a line, which was
// left out.
func (b *Bank) LedgerTorn() bool { return b.torn }

var bankMethods = []*method{
	{MethodCreate, identifyCustomer, interAPI(createCustomer), renderCreate},
	{MethodUpdate, identifyCustomer, interAPI(updateCustomer), renderUpdate},
	{MethodComplete, identifyCustomer, interAPI(completeCustomer), renderComplete},
	{MethodLimit, identifyDealer, interAPI(queryLimit), renderLimit},
	{MethodInvoice, identifyDealer, interAPI(insertInvoice), renderInvoice},
	{MethodResults, identifyCompany, interAPI(queryResults), renderResults},
	{MethodLoan, identifyLoan, submitIncome, renderLoan},
	{MethodToken, func(*request) {}, grantToken, renderToken},
}

func (b *Bank) route() map[string]*method {
	routes := map[string]*method{}
	for _, m := range bankMethods {
		switch m.name {
		case MethodLoan:
			routes[DefaultLoanPath] = m
		case MethodToken:
			routes[DefaultTokenPath] = m
		default:
			routes[b.cfg.PathPrefix+m.name] = m
		}
		if path := b.cfg.Paths[m.name]; path != "" {
			routes[path] = m
		}
	}
	return routes
}

// Handler serves the bank's methods and the control API.
func (b *Bank) Handler() http.Handler { return b.public }

func (b *Bank) now() time.Time { return b.cfg.Clock().Add(time.Duration(b.offset.Load())) }

// Today is the bank's day in Istanbul.
func (b *Bank) Today() command.Date { return istanbulDay(b.now()) }

// SetClockOffset moves the bank's clock against Config.Clock.
func (b *Bank) SetClockOffset(offset time.Duration) { b.offset.Store(int64(offset)) }

// AddFault makes the bank misbehave from the next call on and returns the
// fault's id. A fault with the id of another takes its place.
func (b *Bank) AddFault(f Fault) (string, error) { return b.faults.add(f) }

// ClearFaults removes the faults with the ids, or all without ids, lets their
// hung calls go and returns how many it removed.
func (b *Bank) ClearFaults(ids ...string) int { return b.faults.clear(ids...) }

// Faults lists the faults in the order in which they strike.
func (b *Bank) Faults() []FaultState { return b.faults.states() }

// Release lets all hung calls go on; the faults stay.
func (b *Bank) Release() { b.faults.release() }

// SetLatency sets the latency of a method's answers, or with "" that of every
// method that has none of its own.
func (b *Bank) SetLatency(methodName string, l Latency) error {
	known := slices.ContainsFunc(bankMethods, func(m *method) bool { return m.name == methodName })
	if methodName != "" && !known {
		return fmt.Errorf("latency: no method is called %q", methodName)
	}
	if err := l.check(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.latencies[methodName] = l
	return nil
}

// wait lets a call of a method take its time and late more; it is false when the
// caller has left.
func (b *Bank) wait(q *request, methodName string, late time.Duration) bool {
	b.mu.RLock()
	l, own := b.latencies[methodName]
	if !own {
		l, methodName = b.latencies[""], ""
	}
	b.mu.RUnlock()
	if l == (Latency{}) {
		return pause(q.http, late)
	}
	waiting := b.waiting[methodName]
	defer waiting.Add(-1)
	return pause(q.http, l.among(waiting.Add(1))+late)
}

// SetDealer creates a dealer or changes what it is; its invoices stay.
func (b *Bank) SetDealer(d Dealer) error {
	if err := d.check(); err != nil {
		return err
	}
	b.ledger.mu.Lock()
	defer b.ledger.mu.Unlock()
	if _, known := b.ledger.companies[d.Company]; !known {
		return fmt.Errorf("dealer: no company %q", d.Company)
	}
	b.ledger.post(nil, dealerSet{Dealer: d})
	return nil
}

// PayInvoice pays a term invoice. It refuses with ErrPayment.
func (b *Bank) PayInvoice(p Payment) error { return b.ledger.pay(p, b.now()) }

// Dealer returns a dealer as it stands; ok is false when there is none.
func (b *Bank) Dealer(company, code string) (d DealerState, ok bool) {
	b.ledger.mu.Lock()
	defer b.ledger.mu.Unlock()
	account := b.ledger.dealers[dealerKey{company, code}]
	if account == nil {
		return DealerState{}, false
	}
	return account.state(), true
}

// Invoice returns an invoice with its history; ok is false when there is none.
func (b *Bank) Invoice(company, dealer, number string) (i Invoice, ok bool) {
	b.ledger.mu.Lock()
	defer b.ledger.mu.Unlock()
	invoice := b.ledger.invoices[invoiceKey{company, dealer, number}]
	if invoice == nil {
		return Invoice{}, false
	}
	return invoice.clone(), true
}

// Ledger returns a copy of all that the bank knows.
func (b *Bank) Ledger() Ledger {
	now := b.now()
	s := Ledger{Now: now, Today: istanbulDay(now), Companies: slices.Clone(b.cfg.World.Companies)}
	s.Complaints, s.ComplaintsDropped = b.complaints.snapshot()
	l := b.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range slices.SortedFunc(maps.Keys(l.dealers), func(a, b dealerKey) int {
		return strings.Compare(a.company+"|"+a.dealer, b.company+"|"+b.dealer)
	}) {
		s.Dealers = append(s.Dealers, l.dealers[key].state())
	}
	s.Invoices = make([]Invoice, 0, len(l.invoiceOrder))
	for _, invoice := range l.invoiceOrder {
		s.Invoices = append(s.Invoices, invoice.clone())
	}
	for _, flow := range l.flowOrder {
		s.Flows = append(s.Flows, *flow)
	}
	for _, loan := range l.loanOrder {
		s.Loans = append(s.Loans, *loan)
	}
	return s
}

// Complaints lists what callers did against the contract without a bank code
// for it.
func (b *Bank) Complaints() []Complaint {
	list, _ := b.complaints.snapshot()
	return list
}

// Calls returns the remembered calls with a sequence number over since, in
// order of arrival; Calls(0) returns all.
func (b *Bank) Calls(since uint64) []Call { return b.journal.since(since) }

// WaitForCalls returns the first n finished calls that match (nil matches all),
// earlier ones included, or what there is with an error when ctx ends first.
// match runs under a lock: it must not call the bank.
func (b *Bank) WaitForCalls(ctx context.Context, n int, match func(Call) bool) ([]Call, error) {
	return b.journal.wait(ctx, n, true, match)
}

// WaitForArrivals is WaitForCalls for calls that have come in, answered or not.
func (b *Bank) WaitForArrivals(ctx context.Context, n int, match func(Call) bool) ([]Call, error) {
	return b.journal.wait(ctx, n, false, match)
}

// ExpireTokens ends all access tokens as time would.
func (b *Bank) ExpireTokens() { b.tokens.expire() }

// RevokeTokens ends all access tokens before their time.
func (b *Bank) RevokeTokens() { b.tokens.revoke() }

// UnlockApp takes back the lock that wrong secrets brought.
func (b *Bank) UnlockApp() { b.tokens.unlock() }

// Reset takes the bank back to its configuration: ledger, journal, faults,
// latencies, tokens, clock. Hung calls go on. Sequence numbers of calls go on too.
func (b *Bank) Reset() {
	b.faults.clear()
	b.ledger.reset(&b.cfg)
	b.journal.reset()
	b.complaints.reset()
	b.requestIDs.reset()
	b.tokens.reset()
	b.offset.Store(0)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.latencies = map[string]Latency{"": b.cfg.Latency}
}

func (l *ledger) reset(cfg *Config) {
	fresh := newLedger(cfg, nil)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.books = fresh.books
	l.writer.write(LedgerLine{Event: EventReset})
}

func (t *tokens) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.live, t.wrong, t.locked = map[string]*token{}, 0, false
}
