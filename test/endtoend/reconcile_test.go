package endtoend

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/interapi"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/processing"
	"bankprocessor/internal/secret"
)

// counter is the bank's side of a test without Kafka: the simulator, the real
// clients over HTTP, and a processor whose outcomes stay in memory.
type counter struct {
	t    *testing.T
	bank *banksim.Bank
	p    *processing.Processor

	mu       sync.Mutex
	commands map[string]*command.Command
	outcomes map[string]*command.Outcome
	letters  map[string]*command.DeadLetter
}

// Decode hands out the command that the message's value names.
func (c *counter) Decode(_ context.Context, m *command.Message) (*command.Command, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.commands[string(m.Value)], nil
}

// Attempt keeps nothing: no life follows.
func (c *counter) Attempt(context.Context, *command.Message, *command.Attempt) error { return nil }

// Outcome keeps the outcome.
func (c *counter) Outcome(_ context.Context, _ *command.Message, o *command.Outcome) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes[o.CommandID] = o
	return nil
}

// DeadLetter keeps the letter.
func (c *counter) DeadLetter(_ context.Context, d *command.DeadLetter) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.letters[d.CommandID] = d
	return nil
}

func openCounter(t *testing.T, cfg banksim.Config) *counter {
	t.Helper()
	c := &counter{
		t: t, bank: banksim.New(cfg),
		commands: map[string]*command.Command{}, outcomes: map[string]*command.Outcome{}, letters: map[string]*command.DeadLetter{},
	}
	server := httptest.NewServer(c.bank.Handler())
	t.Cleanup(server.Close)
	client, err := bankapi.NewClient(bankapi.HTTPConfig{BaseURL: server.URL, Timeout: 2 * time.Second, DialTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	group := func(name string) *bankapi.Group {
		g, err := bankapi.NewGroup(name, bankapi.GroupConfig{ConsecutiveFailures: 1000, MinCalls: 1000}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	methods, err := interapi.New(interapi.Config{
		AppKey:          secretFile(t, banksim.DefaultAppKey),
		SubscriptionKey: secretFile(t, banksim.DefaultSubscriptionKey),
		UserCode:        `SIM\service`,
		CustomerNumbers: map[string]int64{"SOLEN": 955807},
	}, interapi.Deps{
		Client: client, Customer: group(bankapi.GroupInterAPICustomer),
		DBSWrite: group(bankapi.GroupInterAPIDBSWrite), DBSRead: group(bankapi.GroupInterAPIDBSRead),
	})
	if err != nil {
		t.Fatal(err)
	}
	c.p = processing.New(processing.Config{
		Settle:         []time.Duration{time.Millisecond, 2 * time.Millisecond, 3 * time.Millisecond},
		BackoffInitial: time.Millisecond,
	}, processing.Deps{Decoder: c, Bank: bankapi.NewRouter(methods), Publisher: c})
	return c
}

func secretFile(t *testing.T, value string) secret.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
	return secret.Source{File: path}
}

// run takes one payload to its outcome.
func (c *counter) run(p command.Payload) (*command.Outcome, *command.DeadLetter) {
	c.t.Helper()
	id := uuid.NewString()
	c.mu.Lock()
	c.commands[id] = &command.Command{ID: id, IssuedAt: time.Now(), Payload: p}
	c.mu.Unlock()
	err := c.p.Handle(c.t.Context(), &command.Message{
		Topic: string(p.Name()), Name: p.Name(), Key: []byte(p.OrderingKey()), Value: []byte(id),
	})
	if err != nil {
		c.t.Fatalf("handling %s: %v", p.Name(), err)
	}
	return c.outcomes[id], c.letters[id]
}

// must runs a payload that prepares the ground.
func (c *counter) must(p command.Payload) {
	c.t.Helper()
	if o, _ := c.run(p); o.Status != command.Succeeded {
		c.t.Fatalf("preparing: %s %s (%s)", o.Status, o.Code, o.BankCode)
	}
}

// lose makes the bank lose answers to an invoice operation: after the effect, or
// the request before it.
func (c *counter) fault(kind banksim.Kind, operation string, times int) {
	c.t.Helper()
	_, err := c.bank.AddFault(banksim.Fault{
		Kind: kind, Times: times, Match: banksim.Match{Method: banksim.MethodInvoice, Operation: operation},
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// sent lists the invoice operations that the bank has seen since seq.
func (c *counter) sent(since uint64) []string {
	var operations []string
	for _, call := range c.bank.Calls(since) {
		if call.Method == banksim.MethodInvoice {
			operations = append(operations, call.Operation)
		}
	}
	return operations
}

func (c *counter) lastCall() uint64 {
	calls := c.bank.Calls(0)
	if len(calls) == 0 {
		return 0
	}
	return calls[len(calls)-1].Seq
}

func anInvoice(change ...func(*command.Invoice)) *command.Invoice {
	amount := command.NewDecimal(90000, 2)
	today := command.DateOf(time.Now().In(command.Istanbul))
	inv := &command.Invoice{
		Operation: command.InsertInvoice, CompanyCode: "SOLEN", DealerCode: "0222", InvoiceNumber: "INV-1",
		InvoiceCurrency: "TRY", PaymentCurrency: "TRY", InvoiceDate: today, Amount: &amount,
		DueDate: today.AddDays(30), Maturity: command.Term, EntryType: command.Debit,
	}
	for _, f := range change {
		f(inv)
	}
	return inv
}

func as(operation command.InvoiceOperation) func(*command.Invoice) {
	return func(inv *command.Invoice) { inv.Operation = operation }
}

func amount(cents int64) func(*command.Invoice) {
	return func(inv *command.Invoice) {
		d := command.NewDecimal(cents, 2)
		inv.Amount = &d
	}
}

func dealer(code string) func(*command.Invoice) {
	return func(inv *command.Invoice) { inv.DealerCode = code }
}

func advance(inv *command.Invoice) {
	inv.Maturity = command.Advance
	inv.DueDate = command.DateOf(time.Now().In(command.Istanbul))
}

// TestReconciliationAgainstTheSimulator has a row for every row of contract
// section 4, with the ledger as the judge.
func TestReconciliationAgainstTheSimulator(t *testing.T) {
	t.Parallel()
	const (
		lostAnswer  = banksim.FaultAnswerLost
		lostRequest = banksim.FaultRequestLost
	)
	insert := anInvoice()
	for name, tt := range map[string]struct {
		cfg     banksim.Config
		before  []*command.Invoice // recorded at the bank beforehand
		prepare func(*counter)     // after that, and before the command
		send    *command.Invoice
		status  command.Status
		code    command.Code
		sent    []string
		held    string // record status at the end, "" for no record
		amount  int64  // in cents, at the end
		letter  command.DeadLetterReason
	}{
		"I, row active and equal": {
			prepare: func(c *counter) { c.fault(lostAnswer, "I", 1) },
			send:    insert, status: command.Succeeded, code: command.CodeInvoiceAlreadyRecorded,
			sent: []string{"I"}, held: "A", amount: 90000,
		},
		"I, row active and equal, only the page's fields": {
			prepare: func(c *counter) {
				c.fault(lostAnswer, "I", 1)
				mustFault(c, banksim.Fault{Kind: banksim.FaultPageFields})
			},
			send: insert, status: command.Succeeded, code: command.CodeInvoiceAlreadyRecorded,
			sent: []string{"I"}, held: "A", amount: 90000,
		},
		"I, row active and different": {
			before: []*command.Invoice{anInvoice(amount(100))},
			send:   insert, status: command.Rejected, code: command.CodeInvoiceDuplicateConflict,
			sent: []string{"I"}, held: "A", amount: 100,
		},
		"UPSERT, row active and different": {
			before: []*command.Invoice{anInvoice(amount(100))},
			send:   anInvoice(as(command.UpsertInvoice)), status: command.Succeeded, code: command.CodeInvoiceUpdated,
			sent: []string{"I", "U"}, held: "A", amount: 90000,
		},
		"I, row paid and equal": {
			before: []*command.Invoice{insert},
			prepare: func(c *counter) {
				if err := c.bank.PayInvoice(banksim.Payment{Company: "SOLEN", Dealer: "0222", Number: "INV-1"}); err != nil {
					c.t.Fatal(err)
				}
			},
			send: insert, status: command.Succeeded, code: command.CodeInvoiceAlreadyRecorded,
			sent: []string{"I"}, held: "A", amount: 90000,
		},
		"I, row passive": {
			before: []*command.Invoice{insert, anInvoice(as(command.CancelInvoice))},
			send:   insert, status: command.Rejected, code: command.CodeInvoicePreviouslyCancelled,
			sent: []string{"I"}, held: "I", amount: 90000,
		},
		"UPSERT, row passive": {
			before: []*command.Invoice{insert, anInvoice(as(command.CancelInvoice))},
			send:   anInvoice(as(command.UpsertInvoice)), status: command.Succeeded, code: command.CodeInvoiceUpdated,
			sent: []string{"I", "U"}, held: "A", amount: 90000,
		},
		"UPSERT, passive rows not listed": {
			cfg:    banksim.Config{HidePassive: true},
			before: []*command.Invoice{insert, anInvoice(as(command.CancelInvoice))},
			send:   anInvoice(as(command.UpsertInvoice)), status: command.Succeeded, code: command.CodeInvoiceUpdated,
			sent: []string{"I", "U"}, held: "A", amount: 90000,
		},
		"I, none, resend accepted": {
			prepare: func(c *counter) { c.fault(lostRequest, "I", 1) },
			send:    insert, status: command.Succeeded, code: command.CodeInvoiceAccepted,
			sent: []string{"I", "I"}, held: "A", amount: 90000,
		},
		"I, none, resend lost after its effect": {
			prepare: func(c *counter) { c.fault(lostRequest, "I", 1); c.fault(lostAnswer, "I", 1) },
			send:    insert, status: command.Succeeded, code: command.CodeInvoiceAlreadyRecorded,
			sent: []string{"I", "I"}, held: "A", amount: 90000,
		},
		"I, none, resend lost too": {
			prepare: func(c *counter) { c.fault(lostRequest, "I", 2) },
			send:    insert, status: command.InDoubt, code: command.CodeBankNoAnswer,
			sent: []string{"I", "I"}, letter: command.ReasonInDoubt,
		},
		"I of an advance invoice, none": {
			prepare: func(c *counter) { c.fault(lostRequest, "I", 1) },
			send:    anInvoice(advance), status: command.InDoubt, code: command.CodeBankNoAnswer,
			sent: []string{"I"}, letter: command.ReasonInDoubt,
		},
		"I of an advance invoice, row paid": {
			prepare: func(c *counter) { c.fault(lostAnswer, "I", 1) },
			send:    anInvoice(advance), status: command.Succeeded, code: command.CodeInvoiceAlreadyRecorded,
			sent: []string{"I"}, held: "A", amount: 90000,
		},
		"U, new values": {
			before:  []*command.Invoice{anInvoice(amount(100))},
			prepare: func(c *counter) { c.fault(lostAnswer, "U", 1) },
			send:    anInvoice(as(command.UpdateInvoice)), status: command.Succeeded, code: command.CodeInvoiceUpdated,
			sent: []string{"U"}, held: "A", amount: 90000,
		},
		"U, old values": {
			before:  []*command.Invoice{anInvoice(amount(100))},
			prepare: func(c *counter) { c.fault(lostRequest, "U", 1) },
			send:    anInvoice(as(command.UpdateInvoice)), status: command.Succeeded, code: command.CodeInvoiceUpdated,
			sent: []string{"U", "U"}, held: "A", amount: 90000,
		},
		"U that moves the due date, found under the old one": {
			before:  []*command.Invoice{insert},
			prepare: func(c *counter) { c.fault(lostRequest, "U", 1) },
			send: anInvoice(as(command.UpdateInvoice), func(inv *command.Invoice) {
				inv.PreviousDueDate, inv.DueDate = inv.DueDate, inv.DueDate.AddDays(7)
			}), status: command.Succeeded, code: command.CodeInvoiceUpdated,
			sent: []string{"U", "U"}, held: "A", amount: 90000,
		},
		"U, none": {
			prepare: func(c *counter) { c.fault(lostRequest, "U", 1) },
			send:    anInvoice(as(command.UpdateInvoice)), status: command.InDoubt, code: command.CodeBankNoAnswer,
			sent: []string{"U"}, letter: command.ReasonInDoubt,
		},
		"U of an invoice that the bank does not have": {
			send: anInvoice(as(command.UpdateInvoice)), status: command.Rejected, code: command.CodeInvoiceNotFound,
			sent: []string{"U"},
		},
		"D, row passive": {
			before:  []*command.Invoice{insert},
			prepare: func(c *counter) { c.fault(lostAnswer, "D", 1) },
			send:    anInvoice(as(command.CancelInvoice)), status: command.Succeeded, code: command.CodeInvoiceCancelled,
			sent: []string{"D"}, held: "I", amount: 90000,
		},
		"D, row active": {
			before:  []*command.Invoice{insert},
			prepare: func(c *counter) { c.fault(lostRequest, "D", 1) },
			send:    anInvoice(as(command.CancelInvoice)), status: command.Succeeded, code: command.CodeInvoiceCancelled,
			sent: []string{"D", "D"}, held: "I", amount: 90000,
		},
		"D, none because passive rows are not listed, lost before": {
			cfg:     banksim.Config{HidePassive: true},
			before:  []*command.Invoice{insert},
			prepare: func(c *counter) { c.fault(lostAnswer, "D", 1) },
			send:    anInvoice(as(command.CancelInvoice)), status: command.Succeeded, code: command.CodeInvoiceCancelled,
			sent: []string{"D", "D"}, held: "I", amount: 90000,
		},
		"D, none, 128 on the first attempt": {
			send: anInvoice(as(command.CancelInvoice)), status: command.Rejected, code: command.CodeInvoiceNotFound,
			sent: []string{"D"},
		},
		"any, the query itself fails": {
			prepare: func(c *counter) {
				c.fault(lostAnswer, "I", 1)
				mustFault(c, banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 503, Match: banksim.Match{Method: banksim.MethodResults}})
			},
			send: insert, status: command.InDoubt, code: command.CodeBankNoAnswer,
			sent: []string{"I"}, held: "A", amount: 90000, letter: command.ReasonInDoubt,
		},
		"117 twice, none": {
			send: anInvoice(dealer("D117")), status: command.Failed, code: command.CodeDBSBankBlockFailed,
			sent: []string{"I", "I"}, letter: command.ReasonExhausted,
		},
		"999 twice, none": {
			send: anInvoice(dealer("D999")), status: command.Failed, code: command.CodeDBSBankUnexpectedError,
			sent: []string{"I", "I"}, letter: command.ReasonExhausted,
		},
		"119 of an advance invoice, none": {
			send: anInvoice(dealer("D119"), advance), status: command.InDoubt, code: command.CodeDBSBankAdvancePaymentFailed,
			sent: []string{"I"}, letter: command.ReasonInDoubt,
		},
		"000 with another State, recorded": {
			prepare: func(c *counter) {
				state := int64(1)
				mustFault(c, banksim.Fault{Kind: banksim.FaultCode, When: banksim.After, Times: 1, Code: "000", State: &state, Match: banksim.Match{Method: banksim.MethodInvoice}})
			},
			send: insert, status: command.Succeeded, code: command.CodeInvoiceAlreadyRecorded,
			sent: []string{"I"}, held: "A", amount: 90000,
		},
		"an unknown code after the effect": {
			prepare: func(c *counter) {
				mustFault(c, banksim.Fault{Kind: banksim.FaultCode, When: banksim.After, Times: 1, Code: "124", Match: banksim.Match{Method: banksim.MethodInvoice}})
			},
			send: insert, status: command.Succeeded, code: command.CodeInvoiceAlreadyRecorded,
			sent: []string{"I"}, held: "A", amount: 90000,
		},
		"HTML from a firewall after the effect": {
			prepare: func(c *counter) {
				mustFault(c, banksim.Fault{Kind: banksim.FaultHTML, When: banksim.After, Times: 1, Match: banksim.Match{Method: banksim.MethodInvoice}})
			},
			send: insert, status: command.Succeeded, code: command.CodeInvoiceAlreadyRecorded,
			sent: []string{"I"}, held: "A", amount: 90000,
		},
		"half a body after the effect": {
			prepare: func(c *counter) { c.fault(banksim.FaultHalfBody, "I", 1) },
			send:    insert, status: command.Succeeded, code: command.CodeInvoiceAlreadyRecorded,
			sent: []string{"I"}, held: "A", amount: 90000,
		},
		"503 after the effect": {
			prepare: func(c *counter) {
				mustFault(c, banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 503, When: banksim.After, Times: 1, Match: banksim.Match{Method: banksim.MethodInvoice}})
			},
			send: insert, status: command.Succeeded, code: command.CodeInvoiceAlreadyRecorded,
			sent: []string{"I"}, held: "A", amount: 90000,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openCounter(t, tt.cfg)
			for _, inv := range tt.before {
				c.must(inv)
			}
			if tt.prepare != nil {
				tt.prepare(c)
			}
			seq := c.lastCall()
			o, letter := c.run(tt.send)
			if o.Status != tt.status || o.Code != tt.code {
				t.Errorf("outcome %s %s (bank code %q), want %s %s", o.Status, o.Code, o.BankCode, tt.status, tt.code)
			}
			if got := c.sent(seq); !slices.Equal(got, tt.sent) || o.Attempts != len(tt.sent) {
				t.Errorf("the bank saw %v, the outcome says %d attempts, want %v", got, o.Attempts, tt.sent)
			}
			held, exists := c.bank.Invoice("SOLEN", tt.send.DealerCode, tt.send.InvoiceNumber)
			switch {
			case exists != (tt.held != ""):
				t.Errorf("the ledger has the invoice: %v", exists)
			case exists && (held.RecordStatus != tt.held || int64(held.Amount) != tt.amount):
				t.Errorf("the ledger holds %s %v, want %s %d cents", held.RecordStatus, held.Amount, tt.held, tt.amount)
			}
			var reason command.DeadLetterReason
			if letter != nil {
				reason = letter.Reason
			}
			if reason != tt.letter {
				t.Errorf("dead letter %q, want %q", reason, tt.letter)
			}
			if complaints := c.bank.Complaints(); len(complaints) > 0 {
				t.Errorf("the bank complains: %+v", complaints)
			}
		})
	}
}

func mustFault(c *counter, f banksim.Fault) {
	c.t.Helper()
	if _, err := c.bank.AddFault(f); err != nil {
		c.t.Fatal(err)
	}
}
