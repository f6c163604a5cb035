package checker

import (
	"fmt"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
)

// saying is all that an outcome says but its moments: what is written again, because
// nobody knew whether it was stored, says others.
func saying(o *Outcome) string {
	plain := *o.Outcome
	plain.ReceivedAt, plain.CompletedAt = time.Time{}, time.Time{}
	text, err := codec.OutcomeJSON(&plain)
	if err != nil {
		return fmt.Sprintf("%s %s, which cannot be written: %v", o.Status, o.Code, err)
	}
	return fmt.Sprintf("event %s: %s", o.EventID, text)
}

// denied says how the ledger contradicts an outcome, "" where it does not. IN_DOUBT
// and PENDING claim nothing.
//
// What a command has done is what its own calls have changed, not how things look
// afterwards: later commands of the same invoice change them again.
func (x *index) denied(d *dossier, o *Outcome) string {
	switch o.Status {
	case command.Succeeded, command.Partial:
		return x.notDone(d, o)
	case command.Rejected, command.Failed:
		if len(d.effects) > 0 {
			e := d.effects[0]
			return fmt.Sprintf("line %d of the ledger says that it was done", e.line+1)
		}
	}
	return ""
}

func (x *index) notDone(d *dossier, o *Outcome) string {
	switch p := d.Payload.(type) {
	case *command.Invoice:
		return x.invoiceNotDone(d, p, o)
	case *command.CreateCustomer:
		return x.flowNotThere(o)
	case *command.UpdateCustomer, *command.CompleteCustomer, *command.SubmitIncome:
		if !before(d.effects, o.At) {
			return "the ledger has no such change"
		}
	default: // queries
		for _, c := range d.calls {
			if c.Done && !c.AnswerLost && c.HTTPStatus == 200 {
				return ""
			}
		}
		return "the bank has answered no such question"
	}
	return ""
}

func before(effects []effect, at time.Time) bool {
	return len(effects) > 0 && !effects[0].At.After(at.Add(clockStep))
}

// flowNotThere: the flow that the outcome names may be an older one, which the bank
// returns when asked again.
func (x *index) flowNotThere(o *Outcome) string {
	created, ok := o.Result.(*command.CustomerCreated)
	if !ok || created == nil {
		return "it names no flow"
	}
	for _, e := range x.flows[created.ProcessID.Reveal()] {
		if e.Flow.Change == banksim.ChangeCreated && e.Flow.CustomerID == created.CustomerID.Reveal() && !e.At.After(o.At.Add(clockStep)) {
			return ""
		}
	}
	return "the ledger has no such flow"
}

// changes are those that the operations ask for.
var changes = map[command.InvoiceOperation][]banksim.Change{
	command.InsertInvoice: {banksim.ChangeRecorded},
	command.UpdateInvoice: {banksim.ChangeUpdated},
	command.UpsertInvoice: {banksim.ChangeRecorded, banksim.ChangeUpdated},
	command.CancelInvoice: {banksim.ChangeCancelled},
}

// invoiceNotDone: an invoice is done by the command's own call, or because the bank
// had it so while the command was carried out: that is what a look-up finds of an
// insert that upstream has sent under two ids.
func (x *index) invoiceNotDone(d *dossier, p *command.Invoice, o *Outcome) string {
	for _, e := range d.effects {
		for _, change := range changes[p.Operation] {
			if e.Invoice.Change == change && !e.At.After(o.At.Add(clockStep)) && (change == banksim.ChangeCancelled || asAsked(p, e.Invoice.Invoice)) {
				return ""
			}
		}
	}
	if o.Status == command.Partial || !o.Reconciled {
		return "the ledger has no such change"
	}
	if x.stood(invoiceKey{p.CompanyCode, p.DealerCode, p.InvoiceNumber}, d.since(), o.At, func(i *banksim.Invoice) bool {
		inForce := i != nil && i.RecordStatus == "A"
		if p.Operation == command.CancelInvoice {
			return !inForce
		}
		return inForce && asAsked(p, *i)
	}) {
		return ""
	}
	return "the ledger never had the invoice so while the command was carried out"
}

func asAsked(p *command.Invoice, i banksim.Invoice) bool {
	amount, err := command.ParseDecimal(i.Amount.String())
	return err == nil && p.Amount != nil && amount.Equal(*p.Amount) && i.DueDate == p.DueDate && i.InvoiceCurrency == p.InvoiceCurrency
}

// stood says whether an invoice was ok at some moment from since to until; ok gets nil
// for the time before it was recorded.
func (x *index) stood(key invoiceKey, since, until time.Time, ok func(*banksim.Invoice) bool) bool {
	var now *banksim.Invoice
	for _, e := range x.invoices[key] {
		if e.At.After(until.Add(clockStep)) {
			break
		}
		if e.At.Add(clockStep).After(since) && ok(now) {
			return true
		}
		now = &e.Invoice.Invoice
	}
	return ok(now)
}
