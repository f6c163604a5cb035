package banksim_test

import (
	"testing"

	"bankprocessor/internal/banksim"
)

// TestDuplicatesAreRecorded: a bank without an eye for duplicates shows each one
// in its ledger, in its file and in its answers.
func TestDuplicatesAreRecorded(t *testing.T) {
	t.Parallel()
	record := func(c *banksim.Config) { c.Duplicates = banksim.DuplicatesRecorded }
	b, file := setupLedger(t, record)
	b.recorded(termInvoice())
	b.recorded(termInvoice())
	b.recorded(termInvoice().with("OperationType", "U", "InvoiceAmount", n("100")))
	process, customer := b.flow()
	for range 2 {
		b.call(banksim.MethodComplete, completion(process, customer).String()).ok().want("Data.State", "2")
	}

	check := func(b *bundle) {
		t.Helper()
		l := b.bank.Ledger()
		if len(l.Invoices) != 2 || l.Invoices[0].Copy != 1 || l.Invoices[1].Copy != 2 {
			t.Fatalf("invoices %+v", l.Invoices)
		}
		if l.Invoices[0].Amount != banksim.Units(900) || l.Invoices[1].Amount != banksim.Units(100) {
			t.Errorf("the update did not mean the newest copy: %+v", l.Invoices)
		}
		if d, _ := b.bank.Dealer("SOLEN", "0222"); d.Reserved != banksim.Units(1000) {
			t.Errorf("%s of the limit are reserved", d.Reserved)
		}
		if flow := l.Flows[0]; flow.Completions != 2 || flow.CompletionsRefused != 0 {
			t.Errorf("flow %+v", flow)
		}
	}
	check(b)
	again := b.again(file, record)
	check(again)

	again.recorded(termInvoice().with("OperationType", "D"))
	again.recorded(termInvoice()) // a cancelled number too
	if i, _ := again.bank.Invoice("SOLEN", "0222", "888888888849635547"); i.Copy != 3 {
		t.Errorf("the newest copy is %d", i.Copy)
	}
	rows := again.call(banksim.MethodResults, `{"AssociationCode":"SOLEN","QueryDate":"2026-12-02T00:00:00","EndDate":"2026-12-02T23:59:59","CustomerNo":955807}`)
	rows.want("Data.DBSInvoiceResult.1.InvoiceAmount", "900", "Data.DBSInvoiceResult.2.InvoiceAmount", "100",
		"Data.DBSInvoiceResult.3.InvoiceAmount", "900", "Data.DBSInvoiceResult.4", "(absent)")
	refused := termInvoice().with("SubscriberNumber", "D129", "InvoiceAmount", n("60"))
	again.recorded(refused)
	again.invoice(refused).want("Data.ErrorCode", "129") // the first has used the limit up
}

// TestDuplicatesAreRefused is the usual bank: the first of each counts alone.
func TestDuplicatesAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	small := termInvoice().with("SubscriberNumber", "D129", "InvoiceAmount", n("100"))
	b.recorded(small)
	b.invoice(small).want("Data.ErrorCode", "106") // and not 129, though the limit is used up
	b.recorded(small.with("OperationType", "D"))
	b.invoice(small.with("OperationType", "D")).want("Data.ErrorCode", "128")
	b.invoice(small).want("Data.ErrorCode", "110")
	if l := b.bank.Ledger(); len(l.Invoices) != 1 || l.Invoices[0].Applied("I") != 1 {
		t.Errorf("invoices %+v", l.Invoices)
	}
}
