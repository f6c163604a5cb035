package banksim_test

import (
	"strings"
	"testing"

	"bankprocessor/internal/banksim"
)

// TestInvoiceCodes has one row for every code of contract section 5.1 that the
// ledger decides, and for the bank-side errors of the dealers made for them.
func TestInvoiceCodes(t *testing.T) {
	t.Parallel()
	term, advance := termInvoice(), advanceInvoice()
	long := strings.Repeat("9", 41)
	tests := []struct {
		code   string
		name   string
		before []fields // recorded first
		paid   bool     // the first of them, before the order
		order  fields
	}{
		{code: "000", name: "term insert", order: term},
		{code: "000", name: "advance insert", order: advance},
		{code: "000", name: "update", before: []fields{term}, order: term.with("OperationType", "U", "InvoiceAmount", n("901.5"))},
		{code: "000", name: "cancel", before: []fields{term}, order: term.with("OperationType", "D")},
		{code: "000", name: "update revives a cancelled one", before: []fields{term, term.with("OperationType", "D")}, order: term.with("OperationType", "U")},
		{code: "000", name: "cancel past the due date", order: term.with("OperationType", "D", "LastPaymentDate", "2026-11-01T00:00:00", "DelayedLastPaymentDate", "2026-11-01T00:00:00"), before: []fields{term}},
		{code: "000", name: "same number at another dealer", before: []fields{term}, order: term.with("SubscriberNumber", "9001")},
		{code: "000", name: "term invoice in USD paid in TRY", order: term.with("InvoiceCurrencyCode", "USD")},
		{code: "101", name: "advance without money", order: advance.with("SubscriberNumber", "D101")},
		{code: "101", name: "advance without money in USD", order: advance.with("SubscriberNumber", "D101", "PaymentCurrencyCode", "USD")},
		{code: "102", name: "no payment order", order: term.with("SubscriberNumber", "D102")},
		{code: "103", name: "currency without channel", order: term.with("InvoiceCurrencyCode", "GBP", "PaymentCurrencyCode", "GBP")},
		{code: "103", name: "company without that channel", order: term.with("AssociationCode", "MERAM", "CustomerNo", n("955808"), "SubscriberNumber", "M001", "PaymentCurrencyCode", "USD")},
		{code: "104", name: "no debit-credit type", order: term.with("DebitCreditType", nil)},
		{code: "104", name: "credit", order: term.with("DebitCreditType", "A")},
		{code: "105", name: "no operation type", order: term.with("OperationType", "")},
		{code: "106", name: "unpaid term, same number", before: []fields{term}, order: term},
		{code: "106", name: "unpaid term, other content", before: []fields{term}, order: term.with("InvoiceAmount", n("1"))},
		{code: "106", name: "a duplicate is seen before the limit", before: []fields{term.with("SubscriberNumber", "D129", "InvoiceAmount", n("100"))}, order: term.with("SubscriberNumber", "D129", "InvoiceAmount", n("100"))},
		{code: "107", name: "unknown company", order: term.with("AssociationCode", "NOBODY")},
		{code: "107", name: "another company's customer number", order: term.with("CustomerNo", n("955808"))},
		{code: "108", name: "paid term, insert", before: []fields{term}, paid: true, order: term},
		{code: "108", name: "paid term, update", before: []fields{term}, paid: true, order: term.with("OperationType", "U")},
		{code: "108", name: "paid term, cancel", before: []fields{term}, paid: true, order: term.with("OperationType", "D")},
		{code: "109", name: "paid advance", before: []fields{advance}, order: advance},
		{code: "110", name: "cancelled before", before: []fields{term, term.with("OperationType", "D")}, order: term},
		{code: "111", name: "dealer too long", order: term.with("SubscriberNumber", long)},
		{code: "112", name: "number too long", order: term.with("InvoiceNumber", long)},
		{code: "113", name: "no number", order: term.with("InvoiceNumber", "")},
		{code: "114", name: "no dealer", order: term.with("SubscriberNumber", " ")},
		{code: "115", name: "closed account", order: term.with("SubscriberNumber", "D115")},
		{code: "115", name: "unknown dealer", order: term.with("SubscriberNumber", "NOBODY")},
		{code: "116", name: "no overdraft", order: term.with("SubscriberNumber", "D116")},
		{code: "117", name: "block failed", order: term.with("SubscriberNumber", "D117")},
		{code: "000", name: "117 concerns term invoices", order: advance.with("SubscriberNumber", "D117")},
		{code: "118", name: "record failed", order: term.with("SubscriberNumber", "D118")},
		{code: "119", name: "advance payment failed", order: advance.with("SubscriberNumber", "D119")},
		{code: "000", name: "119 concerns advance invoices", order: term.with("SubscriberNumber", "D119")},
		{code: "120", name: "term due today", order: term.with("LastPaymentDate", "2026-11-20T00:00:00", "DelayedLastPaymentDate", "2026-11-20T00:00:00")},
		{code: "120", name: "term moved to the past", before: []fields{term}, order: term.with("OperationType", "U", "LastPaymentDate", "2026-11-19T00:00:00", "DelayedLastPaymentDate", "2026-11-19T00:00:00")},
		{code: "121", name: "advance due tomorrow", order: advance.with("LastPaymentDate", "2026-11-21T00:00:00", "DelayedLastPaymentDate", "2026-11-21T00:00:00")},
		{code: "121", name: "advance due yesterday, which UTC calls today", order: advance.with("LastPaymentDate", "2026-11-19T00:00:00", "DelayedLastPaymentDate", "2026-11-19T00:00:00")},
		{code: "122", name: "delayed before due", order: term.with("DelayedLastPaymentDate", "2026-12-01T00:00:00")},
		{code: "123", name: "no maturity type", order: term.with("MaturityType", nil)},
		{code: "125", name: "advance verification failed", order: advance.with("SubscriberNumber", "D125")},
		{code: "126", name: "nothing to pay", order: term.with("InvoiceAmount", n("0.00"))},
		{code: "126", name: "negative", order: term.with("InvoiceAmount", n("-5"))},
		{code: "127", name: "update of an advance", order: advance.with("OperationType", "U")},
		{code: "127", name: "cancel of an advance", before: []fields{advance}, order: advance.with("OperationType", "D")},
		{code: "127", name: "cancel as if it were term", before: []fields{advance}, order: term.with("OperationType", "D")},
		{code: "128", name: "update of nothing", order: term.with("OperationType", "U")},
		{code: "128", name: "cancel of nothing", order: term.with("OperationType", "D")},
		{code: "128", name: "cancel of a cancelled one", before: []fields{term, term.with("OperationType", "D")}, order: term.with("OperationType", "D")},
		{code: "129", name: "over the limit", order: term.with("SubscriberNumber", "D129", "InvoiceAmount", n("100.01"))},
		{code: "129", name: "over the limit in USD", order: term.with("SubscriberNumber", "D129", "InvoiceCurrencyCode", "USD", "InvoiceAmount", n("3"))},
		{code: "130", name: "balance covers a part", order: advance.with("SubscriberNumber", "D130")},
		{code: "131", name: "no limit", order: term.with("SubscriberNumber", "D131")},
		{code: "132", name: "no account in that currency", order: term.with("SubscriberNumber", "D132", "PaymentCurrencyCode", "USD")},
		{code: "133", name: "account lookup failed", order: term.with("SubscriberNumber", "D133", "PaymentCurrencyCode", "USD")},
		{code: "134", name: "TL is no currency", order: term.with("InvoiceCurrencyCode", "TL")},
		{code: "135", name: "no payment currency", order: term.with("PaymentCurrencyCode", "")},
		{code: "999", name: "unexpected error", order: term.with("SubscriberNumber", "D999")},
	}
	for _, tt := range tests {
		t.Run(tt.code+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			for _, f := range tt.before {
				b.recorded(f)
			}
			if tt.paid {
				b.pay(tt.before[0], 0)
			}
			got := b.invoice(tt.order).ok()

			taken := tt.code == "000" || tt.code == "130"
			state := "3"
			if taken {
				state = "2"
			}
			got.want("$type", "ServiceResponseMessage", "Data.$type", "DBSInvoiceTransactionMessage",
				"Data.ErrorCode", tt.code, "Data.State", state)
			if text, _ := got.at("Data.ErrorMessage").(string); text == "" {
				t.Error("the code has no message")
			}
			call := b.last()
			if call.Code != tt.code || call.Applied != taken || !call.Done || call.HTTPStatus != 200 {
				t.Errorf("journal has %+v", call)
			}
		})
	}
}

func TestInvoiceAnswers(t *testing.T) {
	t.Parallel()
	t.Run("a term invoice is answered as on the page", func(t *testing.T) {
		t.Parallel()
		setup(t).invoice(termInvoice()).ok().want("Data.RefBranchCode", "0", "Data.RefNumber", "0",
			"Data.RefDate", "0001-01-01T00:00:00", "Data.TranId", nil, "Data.Explanation", nil)
	})
	t.Run("an advance payment has references", func(t *testing.T) {
		t.Parallel()
		a := setup(t).invoice(advanceInvoice()).ok()
		a.want("Data.RefBranchCode", "9142", "Data.RefNumber", "1", "Data.RefDate", "2026-11-20T00:00:00")
		if id, _ := a.at("Data.TranId").(string); len(id) != 36 {
			t.Errorf("TranId %q is no reference", id)
		}
	})
	t.Run("129 ends in a colon and the free limit in TRY", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.recorded(termInvoice().with("SubscriberNumber", "D129", "InvoiceAmount", n("57.25")))
		text := b.invoice(termInvoice().with("SubscriberNumber", "D129", "InvoiceNumber", "2")).ok().at("Data.ErrorMessage").(string)
		if !strings.HasSuffix(text, "(TRY): 42.75") {
			t.Errorf("message %q does not name 42.75", text)
		}
	})
}

// TestLimitFollowsInvoices shows FAQ 6 and that every way out frees the limit.
func TestLimitFollowsInvoices(t *testing.T) {
	t.Parallel()
	b := setup(t)
	free := func(want string) {
		t.Helper()
		b.call(banksim.MethodLimit, limitQuery("SOLEN", "D129").String()).ok().want("Data.DBSLimitResult.1.AvailableLimit", want)
	}
	first := termInvoice().with("SubscriberNumber", "D129", "InvoiceAmount", n("60"))
	second := first.with("InvoiceNumber", "2", "InvoiceAmount", n("40"))
	b.recorded(first)
	free("40")
	b.recorded(second)
	free("0")
	b.recorded(first.with("OperationType", "U", "InvoiceAmount", n("30.5")))
	free("29.5")
	b.invoice(first.with("OperationType", "U", "InvoiceAmount", n("60.01"))).ok().want("Data.ErrorCode", "129")
	free("29.5")
	b.recorded(second.with("OperationType", "D"))
	free("69.5")
	b.recorded(second.with("OperationType", "U"))
	free("29.5")
	b.pay(first, 1050)
	free("40")
	b.pay(first, 0)
	free("60")
	if _, err := b.bank.AddFault(banksim.Fault{Kind: banksim.FaultAnswerLost, Times: 1}); err != nil {
		t.Fatal(err)
	}
	if a := b.invoice(first.with("InvoiceNumber", "3", "InvoiceAmount", n("60"))); a.err == nil {
		t.Fatalf("want a lost answer, got %s", a.body)
	}
	free("0")
}

func TestAdvanceDebitsAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	part := advanceInvoice().with("SubscriberNumber", "D130", "InvoiceAmount", n("80"))
	b.invoice(part).ok().want("Data.ErrorCode", "130")
	b.invoice(part.with("InvoiceNumber", "2")).ok().want("Data.ErrorCode", "101")
	b.invoice(part).ok().want("Data.ErrorCode", "109")
	dollars := advanceInvoice().with("PaymentCurrencyCode", "USD", "InvoiceAmount", n("100"))
	b.recorded(dollars)

	d, _ := b.bank.Dealer("SOLEN", "D130")
	if d.Balance != 0 || d.Available != d.Limit {
		t.Errorf("D130 has %s and %s free of %s", d.Balance, d.Available, d.Limit)
	}
	if d, _ = b.bank.Dealer("SOLEN", "0222"); d.FXAccounts["USD"] != 1999750 || d.Balance != banksim.Units(500_000) {
		t.Errorf("0222 has %s USD and %s TRY, want 100 TRY at 40 less", d.FXAccounts["USD"], d.Balance)
	}
	i, _ := b.bank.Invoice("SOLEN", "D130", part["InvoiceNumber"].(string))
	if i.StatusCode != "K" || i.PaymentAmount != banksim.Units(50) || i.Applied("I") != 1 || len(i.History) != 2 {
		t.Errorf("the part payment is %+v", i)
	}
}

func TestPayInvoice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := termInvoice().with("SubscriberNumber", "D130", "InvoiceAmount", n("80"))
	b.recorded(f)
	pay := func(number string, amount banksim.Money) error {
		return b.bank.PayInvoice(banksim.Payment{Company: "SOLEN", Dealer: "D130", Number: number, Amount: amount})
	}
	number := f["InvoiceNumber"].(string)
	if pay("none", 0) == nil || pay(number, 8001) == nil || pay(number, -1) == nil {
		t.Error("a payment of nothing, of too much or of less than nothing went through")
	}
	if err := pay(number, 0); err != nil {
		t.Fatal(err)
	}
	if pay(number, 0) == nil {
		t.Error("a paid invoice was paid again")
	}
	d, _ := b.bank.Dealer("SOLEN", "D130")
	if d.Balance != 0 || d.Drawn != banksim.Units(30) || d.Available != d.Limit-banksim.Units(30) {
		t.Errorf("50 of 80 were there, the rest is drawn: %+v", d)
	}
}

// TestInvoiceHistory shows that refused operations are in the history too.
func TestInvoiceHistory(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := termInvoice()
	b.recorded(f)
	b.invoice(f).ok().want("Data.ErrorCode", "106")
	b.recorded(f.with("OperationType", "D"))
	i, _ := b.bank.Invoice("SOLEN", "0222", f["InvoiceNumber"].(string))
	var got []string
	for _, op := range i.History {
		got = append(got, op.Operation+op.Code)
		if op.ChannelSessionID != session || op.ChannelRequestID == "" {
			t.Errorf("operation without its ids: %+v", op)
		}
	}
	if strings.Join(got, " ") != "I000 I106 D000" || i.Applied("I") != 1 || i.RecordStatus != "I" || i.Reserved != 0 {
		t.Errorf("history %v of %+v", got, i)
	}
}
