package simulation

import (
	"slices"

	"bankprocessor/internal/command"
)

// denies says how the ledger contradicts an outcome of the command in p, "" when it
// does not.
func (b *bank) denies(p *published, o command.Outcome) string {
	if p == nil {
		return "no record carries the command"
	}
	own := 0
	for _, e := range b.effects {
		if e.id == p.id {
			own++
		}
	}
	switch o.Status {
	case command.Rejected, command.Failed:
		if own > 0 {
			return "the command has changed it"
		}
	case command.Succeeded, command.Partial:
		if invoice, ok := p.sent.Payload.(*command.Invoice); ok {
			if !b.shows(invoice) {
				return "it has never been so"
			}
		} else if own == 0 {
			return "nothing has been done"
		}
	}
	return ""
}

// shows says whether the ledger has ever held what the invoice asks for. To cancel is
// to see to it that the invoice is not in force: one that the bank does not know (128)
// after a cancel without an answer counts as cancelled by that (contract section 4).
func (b *bank) shows(asked *command.Invoice) bool {
	if asked.Operation == command.CancelInvoice {
		is := b.invoices[asked.InvoiceNumber]
		return is == nil || !is.active
	}
	return slices.ContainsFunc(b.effects, func(e effect) bool {
		return e.after.number == asked.InvoiceNumber && e.after.active && e.after.amount.Equal(*asked.Amount) && e.after.due == asked.DueDate
	})
}

// judgeLedger is asked at the end: what has each command changed?
func (w *world) judgeLedger() {
	type change struct {
		id        string
		operation command.InvoiceOperation
	}
	inserted := map[change]int{}
	for _, e := range w.bank.effects {
		if e.operation != command.InsertInvoice {
			continue
		}
		c := change{e.id, e.operation}
		if inserted[c]++; inserted[c] > 1 {
			w.violate(oneEffect, "the invoice of %s is recorded twice", e.id)
		}
	}
}
