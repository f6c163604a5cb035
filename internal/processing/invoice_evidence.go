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

// evidenceOf reads rows for the invoice; a row in force outweighs a passive one.
func evidenceOf(inv *command.Invoice, rows []command.InvoiceResultRow) evidence {
	var best evidence
	for i := range rows {
		row := &rows[i]
		if row.InvoiceNumber != inv.InvoiceNumber || row.DealerCode != inv.DealerCode {
			continue
		}
		e := compare(inv, row)
		if e.found && (!best.found || (e.inForce() && !best.inForce())) {
			best = e
		}
	}
	return best
}

func compare(inv *command.Invoice, row *command.InvoiceResultRow) evidence {
	if row.InvoiceAmount == nil || row.InvoiceCurrency == "" {
		return evidence{}
	}
	return evidence{
		found: true,
		same: inv.Amount != nil && row.InvoiceAmount.Equal(*inv.Amount) &&
			row.InvoiceCurrency == inv.InvoiceCurrency &&
			(row.DueDate.IsZero() || row.DueDate == inv.DueDate),
		record: row.Record,
		paid:   row.Payment == command.PaymentPaid,
		weak:   row.DueDate.IsZero() || row.Record == "",
	}
}
