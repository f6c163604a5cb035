package processing

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/command"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("rapid.checks", "5000"); err != nil { // some 100 µs each
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// sent is one call that reached the scripted bank.
type sent struct {
	name      command.Name
	operation command.InvoiceOperation
	requestID string
	trace     string
	at        time.Time
}

// scriptedBank answers calls from a list per command and shuts its gates on
// request.
type scriptedBank struct {
	mu     sync.Mutex
	script map[command.Name][]command.Verdict
	sent   []sent
	gates  map[command.Name]chan struct{} // closed when the gate opens
	onCall func(command.Name)
	// onLeave is told before the permit of a call is asked for.
	onLeave func()
}

func newScriptedBank() *scriptedBank {
	return &scriptedBank{
		script: make(map[command.Name][]command.Verdict),
		gates:  make(map[command.Name]chan struct{}),
	}
}

// answers appends to the script of a command; its last verdict repeats.
func (b *scriptedBank) answers(name command.Name, vs ...command.Verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.script[name] = append(b.script[name], vs...)
}

func (b *scriptedBank) Call(_ context.Context, c *command.Command, call command.Call) command.Verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := c.Name()
	if b.onLeave != nil {
		b.onLeave()
	}
	if call.Permit != nil && call.Permit() != nil {
		return unreachable()
	}
	b.sent = append(b.sent, sent{name, call.Operation, call.RequestID, call.Traceparent, time.Now()})
	script := b.script[name]
	if len(script) == 0 {
		panic("no answer scripted for " + string(name))
	}
	if len(script) > 1 {
		b.script[name] = script[1:]
	}
	if b.onCall != nil {
		b.onCall(name)
	}
	return script[0]
}

func (b *scriptedBank) Wait(ctx context.Context, name command.Name) error {
	b.mu.Lock()
	gate := b.gates[name]
	b.mu.Unlock()
	if gate == nil {
		return nil
	}
	select {
	case <-gate:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (b *scriptedBank) Shut(name command.Name) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	gate := b.gates[name]
	if gate == nil {
		return false
	}
	select {
	case <-gate:
		return false
	default:
		return true
	}
}

// shut shuts a gate; the returned function opens it.
func (b *scriptedBank) shut(name command.Name) (open func()) {
	gate := make(chan struct{})
	b.mu.Lock()
	b.gates[name] = gate
	b.mu.Unlock()
	return sync.OnceFunc(func() { close(gate) })
}

// calls returns what was sent for a command.
func (b *scriptedBank) calls(name command.Name) []sent {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []sent
	for _, s := range b.sent {
		if s.name == name {
			out = append(out, s)
		}
	}
	return out
}

// decoded hands out a ready command or error.
type decoded struct {
	c   *command.Command
	err error
}

func (d decoded) Decode(context.Context, *command.Message) (*command.Command, error) {
	return d.c, d.err
}

type bundle struct {
	t     *testing.T
	bank  *scriptedBank
	log   *memoryLog
	lease *leaseSwitch
	told  *told
	p     *Processor
	c     *command.Command
	m     *command.Message
}

// setup returns a processor of one command over a scripted bank.
func setup(t *testing.T, payload command.Payload, mutate ...func(*Config)) *bundle {
	t.Helper()
	cfg := Config{}
	for _, f := range mutate {
		f(&cfg)
	}
	b := &bundle{
		t: t, bank: newScriptedBank(), log: &memoryLog{}, lease: newLeaseSwitch(), told: &told{},
		c: &command.Command{ID: "7b0c1f0e-9a51-4c3f-8a0d-1f2e3d4c5b6a", CorrelationID: "corr-1", Payload: payload},
		m: &command.Message{
			Topic: string(payload.Name()), Name: payload.Name(), Partition: 3, Offset: 42,
			Key: []byte(payload.OrderingKey()), Value: []byte("bytes"),
			Headers: []command.Header{{Key: "traceparent", Value: []byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")}},
		},
	}
	b.p = New(cfg, b.deps())
	return b
}

func (b *bundle) deps() Deps {
	return Deps{
		Decoder: decoded{c: b.c}, Bank: b.bank, Publisher: b.log, History: b.log, Lease: b.lease, Observer: b.told,
		Fenced: func(cause error) bool { return errors.Is(cause, errFenced) },
	}
}

// errFenced is the cause that ends a context when the group has fenced the process.
var errFenced = errors.New("fenced")

// attemptedBefore has an owner before have announced calls and left nothing else.
func (b *bundle) attemptedBefore(operations ...command.InvoiceOperation) {
	for i, operation := range operations {
		b.log.attempts = append(b.log.attempts, &command.Attempt{
			CommandID: b.c.ID, Command: b.c.Name(), Number: i + 1, ChannelRequestID: fmt.Sprintf("before-%d", i+1),
			Operation: operation, StartedAt: time.Now().UTC(), Partition: b.m.Partition, Offset: b.m.Offset,
		})
	}
}

// withoutAttempts switches the records off.
func withoutAttempts(c *Config) { c.Attempts = []string{} }

// handle runs the command and returns its only outcome.
func (b *bundle) handle(ctx context.Context) *command.Outcome {
	b.t.Helper()
	if err := b.p.Handle(ctx, b.m); err != nil {
		b.t.Fatalf("Handle: %v", err)
	}
	if len(b.log.outcomes) != 1 {
		b.t.Fatalf("want exactly one outcome, got %d", len(b.log.outcomes))
	}
	return b.log.outcomes[0]
}

func (b *bundle) want(o *command.Outcome, status command.Status, code command.Code, attempts int, reason command.DeadLetterReason) {
	b.t.Helper()
	if o.Status != status || o.Code != code || o.Attempts != attempts {
		b.t.Errorf("outcome %s %s after %d attempts, want %s %s after %d",
			o.Status, o.Code, o.Attempts, status, code, attempts)
	}
	var got command.DeadLetterReason
	if len(b.log.letters) > 0 {
		got = b.log.letters[0].Reason
	}
	if got != reason || len(b.log.letters) > 1 {
		b.t.Errorf("%d dead letters, reason %q, want %q", len(b.log.letters), got, reason)
	}
}

func limitQuery() *command.QueryLimit {
	return &command.QueryLimit{
		CompanyCode: "SOLEN", DealerCode: "0222",
		InvoicesMonth: command.Date{Year: 2026, Month: 11, Day: 1}, CustomerNumber: 955807,
	}
}

func loan() *command.SubmitIncome {
	income := command.NewDecimal(5000000, 2)
	one := int32(1)
	return &command.SubmitIncome{
		IdentityNumber: "10000000146", ApplicationNumber: 89999999, EducationLevelCode: 6,
		ProfessionCode: 29, CampaignCode: 6000999999, MonthlyIncome: &income, BranchCode: "S00330",
		SectorCode: &one, CustomerEmploymentStatus: &one, ResidenceType: &one,
	}
}

func complete() *command.CompleteCustomer {
	yes, no := true, false
	return &command.CompleteCustomer{
		FlowReference: "flow-1", CustomerNumber: 5034971801, ProcessID: 2102260309000002,
		Email: "ayse@example.com", PhoneNumber: "5559999999", ApprovedAgent: &no, CourierSelected: &yes,
	}
}

func create() *command.CreateCustomer {
	yes, no := true, false
	return &command.CreateCustomer{
		FlowReference: "flow-1", PhoneNumber: "5559999999", CitizenshipNumber: "10000000146",
		Email: "ayse@example.com", Fatca: &no, USCustomer: &no, KVKKApproved: &yes, NotificationOnUpdate: true,
	}
}

func invoice(operation command.InvoiceOperation, maturity command.Maturity) *command.Invoice {
	amount := command.NewDecimal(90000, 2)
	// synctest's clock starts at 2000-01-01: an advance invoice is due that day.
	due := command.Date{Year: 2000, Month: 2, Day: 1}
	if maturity == command.Advance {
		due = command.DateOf(time.Now().In(command.Istanbul))
	}
	return &command.Invoice{
		Operation: operation, CompanyCode: "SOLEN", DealerCode: "0222", InvoiceNumber: "INV-1",
		InvoiceCurrency: "TRY", PaymentCurrency: "TRY",
		InvoiceDate: command.Date{Year: 2000, Month: 1, Day: 1}, Amount: &amount, DueDate: due,
		Maturity: maturity, EntryType: command.Debit, CustomerNumber: 955807,
	}
}

// Verdicts as the bank clients give them.

func ok(code command.Code) command.Verdict {
	return command.Verdict{Status: command.Succeeded, Code: code, Category: command.CategoryOK, Delivery: command.Answered, BankCode: "000"}
}

func refused(bankCode string, code command.Code) command.Verdict {
	return command.Verdict{Status: command.Rejected, Code: code, Category: command.CategoryBusiness, Delivery: command.Answered, BankCode: bankCode}
}

func duplicate(bankCode string, code command.Code) command.Verdict {
	return command.Verdict{Status: command.Rejected, Code: code, Category: command.CategoryDuplicate, Delivery: command.Answered, BankCode: bankCode, Retry: command.RetryReconcile}
}

func notFound() command.Verdict {
	return command.Verdict{Status: command.Rejected, Code: command.CodeInvoiceNotFound, Category: command.CategoryNotFound, Delivery: command.Answered, BankCode: "128", Retry: command.RetryReconcile}
}

func fault(bankCode string, code command.Code) command.Verdict {
	return command.Verdict{Status: command.InDoubt, Code: code, Category: command.CategoryBankError, Delivery: command.Answered, BankCode: bankCode, Retry: command.RetryReconcile, DeadLetter: true, BankFault: true}
}

func lost() command.Verdict {
	return command.Verdict{Status: command.InDoubt, Code: command.CodeBankNoAnswer, Category: command.CategoryTransport, Delivery: command.Unanswered, Retry: command.RetryReconcile, DeadLetter: true, BankFault: true}
}

func unreachable() command.Verdict {
	return command.Verdict{Status: command.Failed, Code: command.CodeBankUnreachable, Category: command.CategoryTransport, Delivery: command.NotSent, Retry: command.RetryBackoff, BankFault: true}
}

func http500(resends int) command.Verdict {
	return command.Verdict{Status: command.Failed, Code: command.CodeBankHTTPError, Category: command.CategoryBankError, Delivery: command.Answered, Retry: command.RetryBackoff, Resends: resends, DeadLetter: true, BankFault: true}
}

func listed(rows ...command.InvoiceResultRow) command.Verdict {
	return command.Verdict{Status: command.Succeeded, Category: command.CategoryOK, Delivery: command.Answered, Result: &command.InvoiceResultList{Rows: rows}}
}

func row(inv *command.Invoice, mutate ...func(*command.InvoiceResultRow)) command.InvoiceResultRow {
	r := command.InvoiceResultRow{
		InvoiceNumber: inv.InvoiceNumber, DealerCode: inv.DealerCode, InvoiceAmount: inv.Amount,
		InvoiceCurrency: inv.InvoiceCurrency, DueDate: inv.DueDate, Record: command.RecordActive,
	}
	for _, f := range mutate {
		f(&r)
	}
	return r
}

func otherAmount(r *command.InvoiceResultRow) {
	a := command.NewDecimal(12345, 2)
	r.InvoiceAmount = &a
}

func passive(r *command.InvoiceResultRow)       { r.Record = command.RecordPassive }
func paid(r *command.InvoiceResultRow)          { r.Payment = command.PaymentPaid }
func noRecord(r *command.InvoiceResultRow)      { r.Record = "" }
func unknownRecord(r *command.InvoiceResultRow) { r.Record = "unknown:X" }
func nulls(r *command.InvoiceResultRow)         { r.InvoiceAmount, r.InvoiceCurrency = nil, "" }
func otherDealer(r *command.InvoiceResultRow) {
	r.DealerCode = "0333"
}
