package simulation

import (
	"context"
	"slices"
	"time"

	"bankprocessor/internal/command"
)

// bank is both banks: a ledger that follows the contract, behind a network that
// loses answers.
type bank struct {
	w        *world
	invoices map[string]*invoice
	numbers  []string // of the invoices, in the order in which they came
	// listsPassive says that cancelled invoices are listed, limitFirst that the
	// dealer's limit is looked at before a double, refusesTwice that an application's
	// income is taken once: the contract leaves all three open.
	listsPassive, limitFirst, refusesTwice bool
	effects                                []effect
	applied                                map[int64]string // applications, with the command that was the last
	// calls are by command id and operation: those of its own method that the bank may
	// have seen, but for those that it has refused.
	calls    map[sending]int
	refusals map[string]refusal // by command id: the last one, until its attempt is taken back
	doubts   map[string]bool    // by command id: some call or query went unanswered
}

// invoice is one invoice in the ledger.
type invoice struct {
	dealer, number string
	amount         command.Decimal
	due            command.Date
	active         bool
}

// effect is one change of the ledger.
type effect struct {
	id        string // of the command
	operation command.InvoiceOperation
	after     invoice // of invoices
}

// sending is what one command may send more than once.
type sending struct {
	id        string
	operation command.InvoiceOperation
}

// dealerLimit is how much a dealer's active invoices may add up to.
const dealerLimit = 310

// landing is how long after its caller has given up the bank may still carry a call
// out: less than the settle wait, which is there for it.
const landing = 150 * time.Millisecond

// bankCall is a call on its way.
type bankCall struct {
	c        *command.Command
	call     command.Call
	left     bool // it is on the wire: the bank may have seen it
	done     bool // it has had its effect, if it has one
	refused  bool // the bank has not done it
	verdict  command.Verdict
	deadline *time.Timer
}

// bankClient is the bank as one life sees it: processing.Bank.
type bankClient struct {
	b *bank
	l *life
}

func (c bankClient) Wait(ctx context.Context, _ command.Name) error { return context.Cause(ctx) }

func (c bankClient) Shut(command.Name) bool { return false }

// Call makes a call, whose verdict is what bankapi would make of it.
func (c bankClient) Call(ctx context.Context, cmd *command.Command, call command.Call) command.Verdict {
	bc := &bankCall{c: cmd, call: call}
	o := &op{life: c.l, kind: kindCall, key: cmd.ID[len(cmd.ID)-2:] + " " + string(call.Operation), call: bc}
	if cmd.Name().ReadOnly() {
		o.kind = kindQuery
	}
	if err := c.b.w.await(context.WithoutCancel(ctx), o); err != nil {
		return noAnswer(cmd.Name())
	}
	return bc.verdict
}

// leave puts a call on the wire, unless its permit is gone.
func (b *bank) leave(o *op) {
	c := o.call
	if c.call.Permit != nil {
		if err := c.call.Permit(); err != nil {
			b.turnAway(o, withheld())
			return
		}
	}
	c.left = true
	if o.kind == kindCall {
		b.w.judgeCall(o)
	}
	c.deadline = time.AfterFunc(callTimeout, func() {
		b.w.mu.Lock()
		defer b.w.mu.Unlock()
		if slices.Contains(b.w.pending, o) {
			b.mayLand(o)
			b.lost(o, "no answer in time")
		}
	})
}

// turnAway answers a call that the bank has not seen.
func (b *bank) turnAway(o *op, v command.Verdict) {
	o.call.verdict = v
	if o.kind == kindCall {
		b.refusals[o.call.c.ID] = refusal{o.life, o.life.member.generation, o.call.call.RequestID}
	}
	b.w.tellOp(o, "is turned away: "+string(v.Code))
	b.w.answer(o, nil)
}

// refusal is a call that the bank has certainly not seen.
type refusal struct {
	by         *life
	generation int32
	request    string
}

// lost ends a call without an answer.
func (b *bank) lost(o *op, note string) {
	o.call.verdict = noAnswer(o.call.c.Name())
	b.unclear(o)
	b.w.tellOp(o, note)
	b.w.answer(o, nil)
}

// unclear notes that a command's caller has not been told what it asked.
func (b *bank) unclear(o *op) {
	b.doubts[o.call.c.ID] = true
}

// mayLand has a call that nobody waits for any more take effect a little later, or not.
func (b *bank) mayLand(o *op) {
	if o.call.done || o.kind != kindCall || b.w.rng.IntN(2) == 0 {
		return
	}
	late := *o.call // its verdict is nobody's
	time.AfterFunc(time.Duration(b.w.rng.Int64N(int64(landing))), func() {
		b.w.mu.Lock()
		defer b.w.mu.Unlock()
		if b.w.over {
			return
		}
		b.w.tellOp(o, "lands late")
		b.apply(&late)
		b.w.judgeAgain(late.c.ID)
	})
}

// carryOut gives a call its effect while its caller waits.
func (b *bank) carryOut(o *op) {
	if o.kind == kindCall {
		b.w.judgeEffect(o)
	}
	o.applied = true
	b.apply(o.call)
}

func (b *bank) apply(c *bankCall) {
	c.done = true
	switch p := c.c.Payload.(type) {
	case *command.Invoice:
		c.verdict = b.order(c.c.ID, p, c.call.Operation)
		c.refused = c.verdict.Status == command.Rejected
	case *command.QueryInvoiceResults:
		c.verdict = b.list(p)
	case *command.CompleteCustomer:
		b.effects = append(b.effects, effect{id: c.c.ID})
		c.verdict = done(command.CodeCustomerCompleted, &command.CustomerCompleted{})
	case *command.SubmitIncome:
		if c.refused = b.refusesTwice && b.applied[p.ApplicationNumber] == c.c.ID; c.refused {
			c.verdict = refused("ACBH000202", command.CodeLoanBankRejected, command.CategoryBusiness, command.RetryNever)
			return
		}
		b.applied[p.ApplicationNumber] = c.c.ID
		b.effects = append(b.effects, effect{id: c.c.ID})
		c.verdict = done(command.CodeLoanIncomeAccepted, &command.LoanOffer{ApplicationNumber: p.ApplicationNumber})
	}
}

// order is the contract's section 5.1, as far as a schedule can meet it.
func (b *bank) order(id string, p *command.Invoice, op command.InvoiceOperation) command.Verdict {
	is := b.invoices[p.InvoiceNumber]
	overLimit := op != command.CancelInvoice && b.used(p)+p.Amount.Rat().Num().Int64() > dealerLimit
	switch {
	case op == command.InsertInvoice && b.limitFirst && overLimit:
		return refused("129", command.CodeDealerLimitExceeded, command.CategoryBusiness, command.RetryNever)
	case op == command.InsertInvoice && is != nil && is.active:
		return refused("106", command.CodeInvoiceAlreadyRecorded, command.CategoryDuplicate, command.RetryReconcile)
	case op == command.InsertInvoice && is != nil:
		return refused("110", command.CodeInvoicePreviouslyCancelled, command.CategoryDuplicate, command.RetryReconcile)
	case op != command.InsertInvoice && is == nil, op == command.CancelInvoice && !is.active:
		return refused("128", command.CodeInvoiceNotFound, command.CategoryNotFound, command.RetryReconcile)
	case overLimit:
		return refused("129", command.CodeDealerLimitExceeded, command.CategoryBusiness, command.RetryNever)
	}
	if is == nil {
		is = &invoice{dealer: p.DealerCode, number: p.InvoiceNumber}
		b.invoices[p.InvoiceNumber] = is
		b.numbers = append(b.numbers, p.InvoiceNumber)
	}
	code := command.CodeInvoiceCancelled
	if is.active = op != command.CancelInvoice; is.active {
		is.amount, is.due = *p.Amount, p.DueDate
		code = command.CodeInvoiceAccepted
		if op == command.UpdateInvoice {
			code = command.CodeInvoiceUpdated
		}
	}
	b.effects = append(b.effects, effect{id, op, *is})
	v := done(code, &command.InvoiceRecorded{Operation: op})
	v.BankCode = "000"
	return v
}

// used is what the dealer's other active invoices add up to.
func (b *bank) used(p *command.Invoice) (sum int64) {
	for _, is := range b.invoices {
		if is.active && is.dealer == p.DealerCode && is.number != p.InvoiceNumber {
			sum += is.amount.Rat().Num().Int64()
		}
	}
	return sum
}

func (b *bank) list(q *command.QueryInvoiceResults) command.Verdict {
	result := &command.InvoiceResultList{}
	for _, number := range b.numbers {
		is := b.invoices[number]
		if is.due.Compare(q.FromDueDate) < 0 || is.due.Compare(q.ToDueDate) > 0 || !is.active && !b.listsPassive {
			continue
		}
		amount := is.amount
		row := command.InvoiceResultRow{
			InvoiceNumber: is.number, DealerCode: is.dealer, InvoiceAmount: &amount, InvoiceCurrency: "TRY",
			DueDate: is.due, Record: command.RecordPassive,
		}
		if is.active {
			row.Record = command.RecordActive
		}
		result.Rows = append(result.Rows, row)
	}
	return done(command.CodeResultsListed, result)
}
