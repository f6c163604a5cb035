package processing

import "bankprocessor/internal/command"

// evidence is what the bank's list of results says about one invoice (contract
// section 4, step 3). The zero value is "no row": weak evidence of absence.
type evidence struct {
	// found says that a row with the invoice's number and dealer exists and has
	// the fields that a comparison needs. A row without them is no evidence.
	found bool
	// same says that amount, currency and due date are the command's.
	same bool
	// record is the row's status; "" when the bank does not say.
	record command.RecordStatus
	// paid says that the invoice has been paid.
	paid bool
	// weak says that the row lacked its due date or its record status.
	weak bool
}

// inForce says whether the row counts as an active record: a bank that lists no
// record status lists what is in force.
func (e evidence) inForce() bool {
	return e.found && (e.record == command.RecordActive || e.record == "")
}

func (e evidence) cancelled() bool { return e.found && e.record == command.RecordPassive }

// unclear says whether there is a row whose status the contract does not know: it
// proves neither presence nor absence.
func (e evidence) unclear() bool { return e.found && !e.inForce() && !e.cancelled() }

// or returns the stronger of two: a row outweighs none, one in force any other.
func (e evidence) or(o evidence) evidence {
	if o.found && (!e.found || (o.inForce() && !e.inForce())) {
		return o
	}
	return e
}

// evidenceOf reads the rows that the bank lists as due on day.
func evidenceOf(inv *command.Invoice, day command.Date, rows []command.InvoiceResultRow) (best evidence) {
	for i := range rows {
		row := &rows[i]
		if row.InvoiceNumber == inv.InvoiceNumber && row.DealerCode == inv.DealerCode {
			best = best.or(compare(inv, day, row))
		}
	}
	return best
}

// compare holds a row against the command. A row that does not say when it is due
// is due on the day that it was listed under.
func compare(inv *command.Invoice, day command.Date, row *command.InvoiceResultRow) evidence {
	if row.InvoiceAmount == nil || row.InvoiceCurrency == "" {
		return evidence{}
	}
	due := row.DueDate
	if due.IsZero() {
		due = day
	}
	return evidence{
		found: true,
		same: inv.Amount != nil && row.InvoiceAmount.Equal(*inv.Amount) &&
			row.InvoiceCurrency == inv.InvoiceCurrency && due == inv.DueDate,
		record: row.Record,
		paid:   row.Payment == command.PaymentPaid,
		weak:   row.DueDate.IsZero() || row.Record == "",
	}
}

// String says what was found, without a value of the invoice's.
func (e evidence) String() string {
	switch {
	case !e.found:
		return "no row of the invoice"
	case e.cancelled():
		return "a cancelled row of the invoice"
	case e.unclear():
		return "a row of a status that is not known"
	case e.same && e.paid:
		return "a paid row with the same content"
	case e.same:
		return "a row with the same content"
	case e.paid:
		return "a paid row with other content"
	}
	return "a row with other content"
}

// note keeps what a look has shown, for whoever has to decide.
func (r *run) note(inv *command.Invoice, e evidence, answered bool) {
	r.looks++
	r.seen = "the query was not answered"
	if answered {
		r.seen = e.String() + " under due date " + inv.DueDate.String()
	}
}
