package banksim_test

import (
	"strings"
	"testing"

	"bankprocessor/internal/banksim"
)

func limitQuery(company, dealer string) fields {
	return fields{"AssociationCode": company, "SubscriberNumber": dealer, "InvoicesIncluded": "122026", "CustomerNo": n("955807")}
}

func resultsQuery(from, to string) fields {
	return fields{"AssociationCode": "SOLEN", "QueryDate": from, "EndDate": to, "CustomerNo": n("955807")}
}

// TestQueryCodes has a row for every code of contract section 5.2; 302, 303 and
// 999 are nobody's rule and come as faults.
func TestQueryCodes(t *testing.T) {
	t.Parallel()
	const limit, results = banksim.MethodLimit, banksim.MethodResults
	day := resultsQuery("2026-12-02T00:00:00", "2026-12-02T23:59:59")
	tests := []struct {
		name, method, code string
		query              fields
		change             func(*banksim.Config)
		fault              string
	}{
		{name: "limit of a dealer", method: limit, code: "300", query: limitQuery("SOLEN", "0222")},
		{name: "limit of a dealer, as in the table", method: limit, code: "000", query: limitQuery("SOLEN", "0222"), change: func(c *banksim.Config) { c.LimitSuccessCode = "000" }},
		{name: "limit of nobody", method: limit, code: "301", query: limitQuery("SOLEN", "NOBODY")},
		{name: "limit of a dealer without one", method: limit, code: "301", query: limitQuery("SOLEN", "D131")},
		{name: "limit at an unknown company", method: limit, code: "304", query: limitQuery("NOBODY", "0222")},
		{name: "limit under another customer number", method: limit, code: "304", query: limitQuery("SOLEN", "0222").with("CustomerNo", n("1"))},
		{name: "unexplained code", method: limit, code: "302", query: limitQuery("SOLEN", "0222"), fault: "302"},
		{name: "unexpected error", method: limit, code: "999", query: limitQuery("SOLEN", "0222"), fault: "999"},
		{name: "results of a day", method: results, code: "000", query: day},
		{name: "results with dates alone", method: results, code: "000", query: resultsQuery("2026-12-01", "2026-12-03")},
		{name: "results are not found by the invoice date", method: results, code: "201", query: resultsQuery("2026-11-02T00:00:00", "2026-11-02T23:59:59")},
		{name: "the end before the start", method: results, code: "202", query: resultsQuery("2026-12-02", "2026-12-01")},
		{name: "32 days", method: results, code: "203", query: resultsQuery("2026-12-01", "2027-01-01")},
		{name: "31 days", method: results, code: "000", query: resultsQuery("2026-12-01", "2026-12-31")},
		{name: "results of an unknown company", method: results, code: "204", query: day.with("AssociationCode", "NOBODY")},
		{name: "a midnight end may leave the day out", method: results, code: "201", query: resultsQuery("2026-12-02T00:00:00", "2026-12-02T00:00:00"), change: func(c *banksim.Config) { c.ExcludeMidnightEnd = true }},
		{name: "unexpected error of results", method: results, code: "999", query: day, fault: "999"},
	}
	for _, tt := range tests {
		t.Run(tt.code+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			configure := tt.change
			if configure == nil {
				configure = func(*banksim.Config) {}
			}
			b := setup(t, configure)
			b.recorded(termInvoice())
			if tt.fault != "" {
				b.fault(banksim.Fault{Kind: banksim.FaultCode, Code: tt.fault, Match: banksim.Match{Method: tt.method}})
			}
			list := map[string]string{limit: "Data.DBSLimitResult", results: "Data.DBSInvoiceResult"}[tt.method]
			a := b.call(tt.method, tt.query.String()).ok()
			a.want(list+".0.ResultCode", tt.code, list+".0.SubscriberNumber", nil)
			if tt.code == "300" || tt.code == "000" {
				a.want(list+".1.ResultCode", nil, list+".1.SubscriberNumber", "0222")
			} else {
				a.want(list+".1", "(absent)")
			}
			if got := b.last(); got.Code != tt.code || got.Applied {
				t.Errorf("journal has %+v", got)
			}
		})
	}
}

func TestRangeTooLongNamesTheDays(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *banksim.Config) { c.MaxRangeDays = 7 })
	text := b.call(banksim.MethodResults, resultsQuery("2026-12-01", "2026-12-08").String()).ok().at("Data.DBSInvoiceResult.0.ResultMessage").(string)
	if !strings.Contains(text, "7 gün") || strings.Contains(text, "{X}") {
		t.Errorf("message %q", text)
	}
}

func TestLimitRow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.recorded(termInvoice())
	b.recorded(termInvoice().with("InvoiceNumber", "2", "LastPaymentDate", "2027-01-02T00:00:00", "DelayedLastPaymentDate", "2027-01-02T00:00:00", "InvoiceAmount", n("0.5")))
	b.call(banksim.MethodLimit, limitQuery("SOLEN", "0222").String()).ok().want(
		"Data.$type", "DBSLimitInfoQueryMessage",
		"Data.DBSLimitResult.0.$type", "DBSLimitInfo",
		"Data.DBSLimitResult.0.ResultMessage", "Bayi limit bilgileri listelenmiştir",
		"Data.DBSLimitResult.0.DdaLimit", nil,
		"Data.DBSLimitResult.1.DdaLimit", "1000000",
		"Data.DBSLimitResult.1.DdaRisk", "900.5",
		"Data.DBSLimitResult.1.AvailableLimit", "999099.5",
		"Data.DBSLimitResult.1.FutureInvoiceAmount", "900",
		"Data.DBSLimitResult.1.AccountBalance", "500000",
		"Data.DBSLimitResult.1.SubscriberName", "Örnek Bayi",
		"Data.AssociationCode", "SOLEN", "Data.InvoicesIncluded", "122026", "Data.CustomerNo", "955807")
}

func TestResultRows(t *testing.T) {
	t.Parallel()
	day := resultsQuery("2026-12-02T00:00:00", "2026-12-02T23:59:59").String()
	const row = "Data.DBSInvoiceResult.1."
	rows := func(b *bundle) answer {
		b.Helper()
		return b.call(banksim.MethodResults, day).ok()
	}
	t.Run("an unpaid, then moved, cancelled and paid invoice", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		f := termInvoice().with("Explanation", "örnek")
		b.recorded(f)
		rows(b).want("Data.DBSInvoiceResult.0.ResultMessage", "Kayıtlar listelenmiştir",
			row+"InvoiceNumber", f["InvoiceNumber"], row+"InvoiceDate", "2026-11-02T00:00:00", row+"InvoiceAmount", "900",
			row+"InvoiceCurrencyCode", "TRY", row+"PaymentDate", nil, row+"PaymentAmount", nil, row+"StatusCode", nil,
			row+"LastPaymentDate", "2026-12-02T00:00:00", row+"RecordStatus", "A", row+"InvoiceMaturtyType", "V",
			row+"Explanation", "örnek", row+"LastUpdateDate", "2026-11-20T00:30:00.000", "Data.QueryDate", "2026-12-02T00:00:00")
		moved := f.with("OperationType", "U", "LastPaymentDate", "2026-12-09T00:00:00", "DelayedLastPaymentDate", "2026-12-09T00:00:00")
		b.recorded(moved)
		rows(b).want("Data.DBSInvoiceResult.0.ResultCode", "201", row, "(absent)")
		b.recorded(f.with("OperationType", "U"))
		b.recorded(f.with("OperationType", "D"))
		rows(b).want(row+"RecordStatus", "I", row+"StatusCode", nil)
		b.recorded(f.with("OperationType", "U"))
		b.pay(f, 0)
		rows(b).want(row+"RecordStatus", "A", row+"StatusCode", "O", row+"PaymentDate", "2026-11-20T00:00:00",
			row+"PaymentAmount", "900", row+"PaymentCurrencyCode", "TRY")
	})
	t.Run("passive rows may be hidden", func(t *testing.T) {
		t.Parallel()
		b := setup(t, func(c *banksim.Config) { c.HidePassive = true })
		b.recorded(termInvoice())
		b.recorded(termInvoice().with("OperationType", "D"))
		rows(b).want("Data.DBSInvoiceResult.0.ResultCode", "201")
	})
	t.Run("the whole day of the company", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.recorded(termInvoice())
		b.recorded(termInvoice().with("SubscriberNumber", "9001"))
		b.recorded(termInvoice().with("AssociationCode", "MERAM", "SubscriberNumber", "M001", "CustomerNo", n("955808")))
		rows(b).want(row+"SubscriberNumber", "0222", "Data.DBSInvoiceResult.2.SubscriberNumber", "9001", "Data.DBSInvoiceResult.3", "(absent)")
	})
}
