package interapi

import (
	"context"
	"strings"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// dbsInvoice is InsertDbsInvoice (contract section 3.5), which also updates and
// cancels.
type dbsInvoice struct{ endpoint }

// Call sends the operation that call names.
func (m *dbsInvoice) Call(ctx context.Context, c *command.Command, call command.Call) command.Verdict {
	p, ok := c.Payload.(*command.Invoice)
	if !ok {
		return wrongPayload()
	}
	number, ok := m.customerNumber(p.CompanyCode, p.CustomerNumber)
	if !ok {
		return companyUnset()
	}
	return m.exchange(ctx, c, call,
		func(w *wire.Writer) { writeInvoice(w, p, call.Operation, number) },
		func(data wire.Object) command.Verdict { return m.read(data, call.Operation) })
}

// writeInvoice derives what the bank wants derived: the delayed due date equals
// the due date (FAQ 1), the period is the invoice date's month (FAQ 2).
func writeInvoice(w *wire.Writer, p *command.Invoice, operation command.InvoiceOperation, number int64) {
	w.Text("AssociationCode", p.CompanyCode)
	w.Text("SubscriberNumber", p.DealerCode)
	w.Text("InvoiceNumber", p.InvoiceNumber)
	w.Text("InvoiceCurrencyCode", p.InvoiceCurrency)
	w.Text("PaymentCurrencyCode", p.PaymentCurrency)
	w.Day("InvoiceDate", p.InvoiceDate, startOfDay)
	writeDecimal(w, "InvoiceAmount", p.Amount)
	w.Day("LastPaymentDate", p.DueDate, startOfDay)
	w.Day("DelayedLastPaymentDate", p.DueDate, startOfDay)
	w.Text("ParametricCode", p.ParametricCode)
	w.OptionalText("Explanation", p.Explanation)
	writeLetter(w, "OperationType", letters.operation, operation)
	writeLetter(w, "MaturityType", letters.maturity, p.Maturity)
	writeLetter(w, "DebitCreditType", letters.entry, p.EntryType)
	w.OptionalText("SubscriberName", p.DealerName.Reveal())
	w.OptionalText("SubscriberSurname", p.DealerSurname.Reveal())
	w.YearMonth("PeriodCode", p.InvoiceDate)
	writeLetter(w, "InvoiceIncludedBlockage", letters.blockage, p.Blockage)
	w.Int("CustomerNo", number)
}

func (m *dbsInvoice) read(data wire.Object, operation command.InvoiceOperation) command.Verdict {
	code, state, message := data.Code("ErrorCode"), data.Int32("State"), data.Text("ErrorMessage")
	branch, _ := data.Int("RefBranchCode", 32)
	number, _ := data.Int("RefNumber", 64)
	recorded := &command.InvoiceRecorded{
		ReferenceBranch: int32(branch),
		ReferenceNumber: number,
		ReferenceDate:   data.Date("RefDate"),
		TransactionID:   bankapi.Reference(strings.TrimSpace(data.Text("TranId"))),
		Operation:       operation,
	}
	if code == "" {
		return m.unreadable("Data.ErrorCode: want a code")
	}
	v := ofInvoiceCode(code, state, operation)
	if v.Code == command.CodeDealerLimitExceeded {
		recorded.AvailableLimit = amountIn(message)
	}
	if claimsSuccess(v) || recorded.AvailableLimit != nil {
		v.Result = recorded
	}
	v.BankCode, v.BankState = code, state
	v.BankMessage = bankapi.Scrub(message)
	v.BankReference = recorded.TransactionID
	return v
}

// ofInvoiceCode is the table of contract section 3.5: a success needs both the
// code and the State, for all else the code decides.
func ofInvoiceCode(code string, state *int32, operation command.InvoiceOperation) command.Verdict {
	if code == invoiceAccepted {
		if value(state) != stateDone {
			return invoiceUnconfirmed
		}
		return answered(command.Succeeded, invoiceDone[operation], command.CategoryOK)
	}
	if v, ok := invoiceTable[code]; ok {
		return v
	}
	return invoiceUnknown
}

// What stands behind a day, to make it a datetime of the bank's.
const (
	startOfDay = "T00:00:00"
	endOfDay   = "T23:59:59"
)
