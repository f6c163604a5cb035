package command

import (
	"time"
	"unicode/utf8"
)

// midnightGrace is how near to Istanbul's midnight our clock and the bank's may
// disagree about which day it is.
const midnightGrace = 5 * time.Minute

// Validate runs the checks of contract section 3.5. An UPSERT of an advance
// invoice is allowed: it may insert, and only the update that might follow is
// impossible.
func (p *Invoice) Validate(r Rules) Violations {
	var c check
	c.operation(p.Operation)
	c.companyCode(p.CompanyCode)
	c.dealerCode(p.DealerCode)
	c.code("invoiceNumber", p.InvoiceNumber, CodeInvoiceNumberMissing, CodeInvoiceNumberTooLong)
	allowed := orDefault(r.Currencies, []string{"TRY", "USD", "EUR", "GBP"})
	c.currency("invoiceCurrency", p.InvoiceCurrency, allowed, CodeInvoiceCurrencyInvalid)
	c.currency("paymentCurrency", p.PaymentCurrency, allowed, CodeInvoicePaymentCurrencyInvalid)
	c.present("invoiceDate", !p.InvoiceDate.IsZero())
	c.amount("amount", p.Amount, func(d Decimal) {
		if d.Sign() <= 0 {
			c.fail("amount", CodeInvoiceAmountNotPositive, "must be above 0")
		}
	})
	c.dueDate(p, r.Now)
	c.maturity(p)
	c.entryType(p.EntryType)
	switch p.Blockage {
	case BlockageDefault, BlockageIncluded, BlockageExcluded:
	default:
		c.invalid("blockage", "must be INCLUDED, EXCLUDED or empty")
	}
	if p.ParametricCode != "" && (len(p.ParametricCode) > maxCode || !plain(p.ParametricCode)) {
		c.invalid("parametricCode", "must be printable ASCII without spaces at its ends, at most 40 characters")
	}
	c.explanation(p.Explanation)
	c.notNegative("customerNumber", p.CustomerNumber)
	return c.found
}

// Warnings names a dealer code that puts a person into the record's key.
func (p *Invoice) Warnings(Rules) []string { return dealerWarnings(p.DealerCode) }

func (c *check) operation(o InvoiceOperation) {
	switch o {
	case InsertInvoice, UpdateInvoice, CancelInvoice, UpsertInvoice:
	default:
		c.fail("operation", CodeInvoiceOperation, "must be INSERT, UPDATE, CANCEL or UPSERT")
	}
}

// dueDate refuses what the bank would refuse with 120 and 121, but only where
// five minutes more or less make no difference: near midnight the bank decides.
// A cancel needs a due date to be found by, and none of the rules apply to it.
func (c *check) dueDate(p *Invoice, now time.Time) {
	if p.DueDate.IsZero() {
		c.invalid("dueDate", required)
		return
	}
	if p.Operation == CancelInvoice {
		return
	}
	before := DateOf(now.Add(-midnightGrace).In(Istanbul))
	switch p.Maturity {
	case Term:
		if p.DueDate.Compare(before) <= 0 {
			c.fail("dueDate", CodeInvoiceDueNotFuture, "of a term invoice must be after today in Istanbul")
		}
	case Advance:
		after := DateOf(now.Add(midnightGrace).In(Istanbul))
		if p.Operation != UpdateInvoice && p.DueDate != before && p.DueDate != after {
			c.fail("dueDate", CodeInvoiceAdvanceNotToday, "of an advance invoice must be today in Istanbul")
		}
	}
}

func (c *check) maturity(p *Invoice) {
	switch p.Maturity {
	case Term:
	case Advance:
		if p.Operation == UpdateInvoice || p.Operation == CancelInvoice {
			c.fail("maturity", CodeInvoiceAdvanceFixed, "an ADVANCE invoice is debited at once: it cannot be updated or cancelled")
		}
	case "":
		c.fail("maturity", CodeInvoiceMaturityTypeMissing, required)
	default:
		c.invalid("maturity", "must be TERM or ADVANCE")
	}
}

func (c *check) entryType(t EntryType) {
	switch t {
	case Debit:
	case Credit:
		c.invalid("entryType", "CREDIT is not supported: the bank has not confirmed it; send DEBIT")
	case "":
		c.fail("entryType", CodeInvoiceDebitCreditTypeMissing, required)
	default:
		c.invalid("entryType", "must be DEBIT")
	}
}

func (c *check) explanation(s string) {
	const field = "explanation"
	if utf8.RuneCountInString(s) > maxExplanation {
		c.invalid(field, "has more than 200 characters")
	}
	if holdsPersonalData(s) {
		c.invalid(field, "must not hold personal data: it looks like an identity number, a phone number or an e-mail address")
	}
}
