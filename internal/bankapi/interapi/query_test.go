package interapi

import (
	"fmt"
	"testing"
	"time"

	"bankprocessor/internal/command"
)

// Contract section 5.2.
var (
	limitRows = []expected{
		{"000", "SUCCEEDED", "dbs.limit.listed", "ok", never, no, no, no},
		{"300", "SUCCEEDED", "dbs.limit.listed", "ok", never, no, no, no},
		{"301", "REJECTED", "dbs.limit.not_found", "not_found", never, no, no, no},
		{"302", "FAILED", "dbs.bank.unexpected_error", "bank_error", backoff, yes, no, no},
		{"303", "FAILED", "dbs.bank.unexpected_error", "bank_error", backoff, yes, no, no},
		{"304", "REJECTED", "dbs.company.unknown", "configuration", never, yes, no, no},
		{"999", "FAILED", "dbs.bank.unexpected_error", "bank_error", backoff, yes, no, yes},
		{"201", "FAILED", "dbs.bank.code_unknown", "bank_error", backoff, yes, no, no},
		{"305", "FAILED", "dbs.bank.code_unknown", "bank_error", backoff, yes, no, no},
	}
	resultsRows = []expected{
		{"000", "SUCCEEDED", "dbs.results.listed", "ok", never, no, no, no},
		{"201", "SUCCEEDED", "dbs.results.empty", "ok", never, no, no, no},
		{"202", "REJECTED", "dbs.results.range_inverted", "validation", never, yes, no, no},
		{"203", "REJECTED", "dbs.results.range_too_long", "validation", never, no, no, no},
		{"204", "REJECTED", "dbs.company.unknown", "configuration", never, yes, no, no},
		{"302", "FAILED", "dbs.bank.unexpected_error", "bank_error", backoff, yes, no, no},
		{"303", "FAILED", "dbs.bank.unexpected_error", "bank_error", backoff, yes, no, no},
		{"999", "FAILED", "dbs.bank.unexpected_error", "bank_error", backoff, yes, no, yes},
		{"300", "FAILED", "dbs.bank.code_unknown", "bank_error", backoff, yes, no, no},
		{"205", "FAILED", "dbs.bank.code_unknown", "bank_error", backoff, yes, no, no},
	}
)

func TestQueryCodes(t *testing.T) {
	t.Parallel()
	for list, c := range map[string]struct {
		payload command.Payload
		rows    []expected
	}{
		"DBSLimitResult":   {limitCommand(t), limitRows},
		"DBSInvoiceResult": {resultsCommand(t), resultsRows},
	} {
		for _, row := range c.rows {
			t.Run(list+"/"+row.bank, func(t *testing.T) {
				t.Parallel()
				v := answerWith(t, c.payload, data(fmt.Sprintf(`%q:[{"ResultCode":%q,"ResultMessage":"Mesaj"}]`, list, row.bank)))
				row.check(t, v)
				if wantResends := map[bool]int{true: 3}[row.retry == backoff]; v.Resends != wantResends {
					t.Errorf("resends %d, want %d", v.Resends, wantResends)
				}
				if (v.Result != nil) != (row.status == command.Succeeded) || v.BankMessage != "Mesaj" {
					t.Errorf("result %v, message %q", v.Result, v.BankMessage)
				}
			})
		}
	}
}

func TestQueryTablesHaveNoOtherRow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		table map[string]command.Verdict
		rows  []expected
	}{{limitTable, limitRows}, {resultsTable, resultsRows}} {
		known := map[string]bool{}
		for _, row := range c.rows {
			known[row.bank] = true
		}
		for code, v := range c.table {
			if !known[code] || !command.Known(v.Code) {
				t.Errorf("row %s is not in the contract, or %s not in the vocabulary", code, v.Code)
			}
		}
	}
}

func TestLimitRowModel(t *testing.T) {
	t.Parallel()
	const status = `{"$type":"DBSLimitInfo","ResultCode":"300","ResultMessage":"Bayi limit bilgileri listelenmiştir","AssociationCode":null,"SubscriberNumber":null,"DdaLimit":null}`
	dealer := func(n string) string {
		return `{"ResultCode":null,"SubscriberNumber":"` + n + `","DdaLimit":1000.5,"DdaRisk":"0"}`
	}
	for name, c := range map[string]struct {
		list    string
		dealers []string
	}{
		"the page's row of nulls":             {`[` + status + `]`, nil},
		"status row, then data":               {`[` + status + `,` + dealer("0222") + `,` + dealer("0333") + `]`, []string{"0222", "0333"}},
		"data, then status row":               {`[` + dealer("0222") + `,` + status + `]`, []string{"0222"}},
		"status rows among data rows":         {`[` + status + `,` + dealer("0222") + `,` + status + `,` + dealer("0333") + `,` + status + `]`, []string{"0222", "0333"}},
		"code on the data row":                {`[{"ResultCode":"000","SubscriberNumber":"0222"}]`, []string{"0222"}},
		"collapsed to one object":             {`{"ResultCode":"300","SubscriberNumber":"0222"}`, []string{"0222"}},
		"code as a number":                    {`[{"ResultCode":300},` + dealer("0222") + `]`, []string{"0222"}},
		"the first code counts, not a later":  {`[` + status + `,{"ResultCode":"999"},` + dealer("0222") + `]`, []string{"0222"}},
		"blank keys are no data":              {`[` + status + `,{"SubscriberNumber":"  ","DdaLimit":5},null]`, nil},
		"blank code is no code":               {`[{"ResultCode":""},{"ResultCode":" "},` + status + `]`, nil},
		"a key that came as a number, padded": {`[` + status + `,{"SubscriberNumber":222},{"SubscriberNumber":" 0333 "}]`, []string{"222", "0333"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := answerWith(t, limitCommand(t), data(`"DBSLimitResult":`+c.list))
			list, ok := v.Result.(*command.LimitList)
			if !ok || v.Status != command.Succeeded || v.Code != command.CodeLimitListed {
				t.Fatalf("verdict %+v", v)
			}
			if len(list.Rows) != len(c.dealers) {
				t.Fatalf("%d rows, want %d", len(list.Rows), len(c.dealers))
			}
			for i, row := range list.Rows {
				if row.DealerCode != c.dealers[i] {
					t.Errorf("row %d is of %s, want %s", i, row.DealerCode, c.dealers[i])
				}
			}
		})
	}
}

func TestListsWithoutCodeAreUnreadable(t *testing.T) {
	t.Parallel()
	for list, p := range map[string]command.Payload{
		"DBSLimitResult": limitCommand(t), "DBSInvoiceResult": resultsCommand(t),
	} {
		for _, members := range []string{
			`"Other":1`, `"` + list + `":null`, `"` + list + `":""`, `"` + list + `":[]`, `"` + list + `":[null]`,
			`"` + list + `":[{"SubscriberNumber":"0222","InvoiceNumber":"1"}]`, `"` + list + `":7`,
			`"` + list + `":[{"ResultCode":"000"},7]`,
			`"` + list + `":[{"ResultCode":"000"},{"SubscriberNumber":"0222","InvoiceNumber":"1","DdaLimit":"1.234,56","InvoiceAmount":"1.234,56"}]`,
			`"` + list + `":[{"ResultCode":["000"]}]`,
		} {
			v := answerWith(t, p, data(members))
			if v.Status != command.Failed || v.Code != command.CodeBankAnswerUnreadable || v.Category != command.CategoryProtocol ||
				v.Retry != backoff || v.Resends != 1 || !v.DeadLetter || !v.BankFault || v.Result != nil {
				t.Errorf("%s: %+v", members, v)
			}
		}
	}
}

func TestLimitPayload(t *testing.T) {
	t.Parallel()
	v := answerWith(t, limitCommand(t), data(`"DBSLimitResult":[{"ResultCode":"000"},{
		"AssociationCode":"SOLEN","SubscriberNumber":"0222","DdaLimit":100000,"DdaRisk":"2500.75","AvailableLimit":97499.25,
		"FutureInvoiceAmount":0.0,"AccountBranchCode":9860,"AccountNumber":"0012345","AccountSuffix":351,
		"SubscriberName":"ÖRNEK BAYİ","AccountBalance":-12.5,"BlockageAmount":null,"AvailableBalance":""}]`))
	row := v.Result.(*command.LimitList).Rows[0]
	for field, c := range map[string]struct {
		got  *command.Decimal
		want string
	}{
		"limit": {row.Limit, "100000"}, "risk": {row.Risk, "2500.75"}, "available": {row.AvailableLimit, "97499.25"},
		"future": {row.FutureInvoiceAmount, "0"}, "balance": {row.AccountBalance, "-12.5"},
	} {
		if c.got == nil || c.got.String() != c.want {
			t.Errorf("%s = %v, want %s", field, c.got, c.want)
		}
	}
	if row.BlockedAmount != nil || row.AvailableBalance != nil {
		t.Error("null or blank became a number")
	}
	if row.CompanyCode != "SOLEN" || row.AccountBranchCode.Reveal() != "9860" || row.AccountNumber.Reveal() != "0012345" ||
		row.AccountSuffix.Reveal() != "351" || row.DealerName.Reveal() != "ÖRNEK BAYİ" {
		t.Error("a text differs")
	}
}

func TestResultsPayload(t *testing.T) {
	t.Parallel()
	v := answerWith(t, resultsCommand(t), data(`"DBSInvoiceResult":[{"ResultCode":"000","InvoiceNumber":null},{
		"InvoiceNumber":"888888888849635547","SubscriberNumber":"0222","InvoiceDate":"2020-10-15T00:00:00","InvoiceAmount":900,
		"InvoiceCurrencyCode":"TRY","PaymentDate":"2020-11-02T10:00:00","PaymentAmount":"450.50","PaymentCurrencyCode":"USD",
		"StatusCode":"O","SubscriberName":"ÖRNEK BAYİ","LastPaymentDate":"2020-11-02T00:00:00","LastUpdateDate":"2020-11-02T10:11:12.5",
		"RecordStatus":"A","InvoiceMaturtyType":"V","Explanation":"deneme"},
		{"InvoiceNumber":"2","StatusCode":"I","RecordStatus":"I","InvoiceMaturtyType":"P","PaymentDate":"0001-01-01T00:00:00"},
		{"InvoiceNumber":"3","StatusCode":"G","RecordStatus":"X","InvoiceMaturtyType":"Z"},
		{"InvoiceNumber":"4"}]`))
	rows := v.Result.(*command.InvoiceResultList).Rows
	if len(rows) != 4 {
		t.Fatalf("%d rows", len(rows))
	}
	first := rows[0]
	if first.InvoiceNumber != "888888888849635547" || first.DealerCode != "0222" || first.DealerName.Reveal() != "ÖRNEK BAYİ" ||
		first.InvoiceDate != day(t, "2020-10-15") || !first.InvoiceAmount.Equal(command.NewDecimal(900, 0)) ||
		first.InvoiceCurrency != "TRY" || first.DueDate != day(t, "2020-11-02") || first.PaymentDate != day(t, "2020-11-02") ||
		!first.PaymentAmount.Equal(command.NewDecimal(4505, 1)) || first.PaymentCurrency != "USD" ||
		!first.LastUpdated.Equal(time.Date(2020, 11, 2, 10, 11, 12, 5e8, command.Istanbul)) || first.Explanation.Reveal() != "deneme" {
		t.Error("the first row differs")
	}
	for i, want := range []struct {
		payment  command.PaymentStatus
		record   command.RecordStatus
		maturity command.Maturity
	}{
		{"paid", "active", "TERM"},
		{"unknown:I", "passive", "ADVANCE"}, // StatusCode I is not RecordStatus I
		{"unknown:G", "unknown:X", ""},
		{"", "", ""},
	} {
		if rows[i].Payment != want.payment || rows[i].Record != want.record || rows[i].Maturity != want.maturity {
			t.Errorf("row %d: %q, %q, %q", i, rows[i].Payment, rows[i].Record, rows[i].Maturity)
		}
	}
	if !rows[1].PaymentDate.IsZero() || rows[3].InvoiceAmount != nil || !rows[3].DueDate.IsZero() || !rows[3].LastUpdated.IsZero() {
		t.Error("null became a value")
	}
}
