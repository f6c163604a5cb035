package banksim

import (
	"strings"

	"bankprocessor/internal/command"
)

var invoiceMembers = members("AssociationCode", "SubscriberNumber", "InvoiceNumber", "InvoiceCurrencyCode",
	"PaymentCurrencyCode", "InvoiceDate", "InvoiceAmount", "LastPaymentDate", "DelayedLastPaymentDate",
	"ParametricCode", "Explanation", "OperationType", "MaturityType", "DebitCreditType", "SubscriberName",
	"SubscriberSurname", "PeriodCode", "InvoiceIncludedBlockage", "CustomerNo")

// invoiceData is what InsertDbsInvoice answers beside code and State.
type invoiceData struct {
	branch, reference int64 // 0 for none
	date              command.Date
	transaction       string
}

// The State of a refused invoice is not documented.
const stateRefused int64 = 3

// insertInvoice is InsertDbsInvoice (contract section 3.5).
func insertInvoice(b *Bank, q *request) reply {
	f := q.fields(invoiceMembers)
	order := readInvoice(&f)
	if f.malformed != "" {
		return malformed(f.malformed)
	}
	order.by, order.at = q.cause(), b.now()

	answer := b.ledger.order(order)
	r := reply{code: answer.code, message: invoiceText[answer.code], state: done(), applied: answer.applied}
	data := invoiceData{}
	switch {
	case answer.code == "129":
		r.message += " " + answer.available.String()
		fallthrough
	case !answer.applied:
		refusal := stateRefused
		r.state = &refusal
	case answer.reference != 0:
		data = invoiceData{
			branch: b.cfg.Branch, reference: answer.reference, date: istanbulDay(order.at), transaction: newUUID(),
		}
	}
	r.data = data
	return r
}

// readInvoice reads the parameters; what the code tables have a code for is left
// to the ledger.
func readInvoice(f *fields) *invoiceOrder {
	q := &invoiceOrder{
		company: f.text("AssociationCode"), dealer: f.text("SubscriberNumber"), number: f.text("InvoiceNumber"),
		invoiceCurrency: f.text("InvoiceCurrencyCode"), paymentCurrency: f.text("PaymentCurrencyCode"),
		invoiceDate: f.day("InvoiceDate"), due: f.day("LastPaymentDate"), delayedDue: f.day("DelayedLastPaymentDate"),
		amount:    f.money("InvoiceAmount"),
		operation: f.text("OperationType"), maturity: f.text("MaturityType"), entry: f.text("DebitCreditType"),
		parametric: f.text("ParametricCode"), explanation: f.text("Explanation"),
		customerNo: f.integer("CustomerNo"),
	}
	q.dealer, q.number = blankAsEmpty(q.dealer), blankAsEmpty(q.number)
	f.text("SubscriberName")
	f.text("SubscriberSurname")
	blockage, period := f.text("InvoiceIncludedBlockage"), f.text("PeriodCode")
	if f.malformed != "" {
		return q
	}
	if q.delayedDue != q.due {
		f.complain(RuleDelayedDue, "DelayedLastPaymentDate")
	}
	if period != strings.ReplaceAll(q.invoiceDate.String(), "-", "")[:6] {
		f.complain(RulePeriodCode, "PeriodCode")
	}
	if letter := strings.TrimSpace(blockage); letter != "" && letter != "E" && letter != "H" {
		f.complain(RuleBlockage, "InvoiceIncludedBlockage")
	}
	if len([]rune(q.explanation)) > 200 {
		f.complain(RuleExplanation, "Explanation")
	}
	return q
}

func blankAsEmpty(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return s
}

func renderInvoice(o *out, r *reply) {
	serviceResponse(o, r, "DBSInvoiceTransactionMessage", func() {
		d, _ := r.data.(invoiceData)
		o.code("ErrorCode", r.code)
		o.orNull("ErrorMessage", r.message)
		o.number("RefBranchCode", d.branch)
		o.number("RefNumber", d.reference)
		if d.date.IsZero() {
			o.text("RefDate", "0001-01-01T00:00:00")
		} else {
			o.day("RefDate", d.date)
		}
		o.orNull("TranId", d.transaction)
		o.null("Explanation")
		o.optional("State", r.state)
		// Seen on live answers, not on the page.
		o.null("ConfirmationToken")
		o.number("RequiredConfirmationType", 0)
		o.null("MobilePhoneNumber")
		o.flag("IsRequestSourceApi", true)
		o.null("NpsSurveyGuid")
	})
}
