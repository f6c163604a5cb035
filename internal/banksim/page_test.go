package banksim_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
)

func contains(s string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(s, part) })
}

// TestPages sends the published examples, repaired where the contract says that
// they are broken JSON and with a made-up person, on the day before theirs.
func TestPages(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *banksim.Config) {
		c.Clock = func() time.Time { return time.Date(2020, 11, 1, 9, 0, 0, 0, time.UTC) }
	})
	post := func(method, body string) answer {
		t.Helper()
		r := b.request(http.MethodPost, banksim.DefaultPathPrefix+method, "application/json", body)
		r.Header.Set("Ocp-Apim-Subscription-Key", banksim.DefaultSubscriptionKey)
		return b.do(r).ok()
	}
	created := post(banksim.MethodCreate, page(t, "create.json"))
	created.want("Data.State", "2")
	ids := strings.NewReplacer(
		"2105170309000001", created.at("Data.ProcessId").(string), "2102260309000002", created.at("Data.ProcessId").(string),
		"5035266140", created.at("Data.CustomerId").(string), "5034971801", created.at("Data.CustomerId").(string))
	post(banksim.MethodUpdate, ids.Replace(page(t, "update.json"))).want("Data.State", "2", "Data.CalculateLimit", false)
	post(banksim.MethodComplete, ids.Replace(page(t, "complete.json"))).want("Data.State", "2")
	post(banksim.MethodLimit, page(t, "limit.json")).want("Data.DBSLimitResult.0.ResultCode", "300")
	post(banksim.MethodResults, page(t, "results.json")).want("Data.DBSInvoiceResult.0.ResultCode", "201")

	seen := len(b.bank.Complaints())
	post(banksim.MethodInvoice, page(t, "invoice.json")).want("Data.ErrorCode", "000", "Data.State", "2",
		"Data.ErrorMessage", "İşlem Başarılı Olarak Tamamlandı")
	var got []string
	for _, c := range b.bank.Complaints()[seen:] {
		got = append(got, string(c.Rule)+" "+c.Field)
	}
	want := []string{
		"duplicate_member LastPaymentDate", "duplicate_member DelayedLastPaymentDate",
		"duplicate_member ParametricCode", "duplicate_member Explanation",
		"channel_session_id Header.ChannelSessionId", "period_code PeriodCode",
	}
	if !slices.Equal(got, want) {
		t.Errorf("complaints of the page's invoice\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	post(banksim.MethodResults, page(t, "results.json")).want("Data.DBSInvoiceResult.0.ResultCode", "000",
		"Data.DBSInvoiceResult.1.InvoiceNumber", "888888888849635547")

	b.loan(b.token(), page(t, "personal_info.json")).ok().want("Header.StatusCode", "APIGW000000",
		"Data.ApplicationResult.MonthlyInstallmentAmount", "5784.38")
}

// TestPageInvoiceOnItsDay: the page's example breaks its own rule (contract
// section 9, 6).
func TestPageInvoiceOnItsDay(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *banksim.Config) {
		c.Clock = func() time.Time { return time.Date(2020, 11, 2, 9, 0, 0, 0, time.UTC) }
	})
	r := b.request(http.MethodPost, banksim.DefaultPathPrefix+banksim.MethodInvoice, "application/json", page(t, "invoice.json"))
	r.Header.Set("Ocp-Apim-Subscription-Key", banksim.DefaultSubscriptionKey)
	b.do(r).ok().want("Data.ErrorCode", "120")
}

func TestComplaints(t *testing.T) {
	t.Parallel()
	term := termInvoice()
	tests := []struct {
		rule   banksim.Rule
		method string
		body   string
		header string
		code   string // of the answer all the same
	}{
		{rule: banksim.RuleDuplicateMember, body: `{"OperationType":"D",` + term.String()[1:], code: "000"},
		{rule: banksim.RuleUnknownMember, body: term.with("Surprise", true).String(), code: "000"},
		{rule: banksim.RuleNullMember, body: `{"Explanation":null,` + term.String()[1:], code: "000"},
		{rule: banksim.RuleTypeMember, body: term.with("$type", "X").String(), code: "000"},
		{rule: banksim.RuleExponent, body: term.with("InvoiceAmount", n("9e2")).String(), code: "000"},
		{rule: banksim.RuleMidnight, body: term.with("InvoiceDate", "2026-11-02T10:00:00").String(), code: "000"},
		{rule: banksim.RuleMidnight, body: term.with("InvoiceDate", "2026-11-02T00:00:00+03:00").String(), code: "000"},
		{rule: banksim.RuleDelayedDue, body: term.with("DelayedLastPaymentDate", "2026-12-03T00:00:00").String(), code: "000"},
		{rule: banksim.RulePeriodCode, body: term.with("PeriodCode", "112026").String(), code: "000"},
		{rule: banksim.RuleBlockage, body: term.with("InvoiceIncludedBlockage", "X").String(), code: "000"},
		{rule: banksim.RuleExplanation, body: term.with("Explanation", strings.Repeat("ş", 201)).String(), code: "000"},
		{rule: banksim.RuleIdempotencyKey, body: term.String(), header: "Idempotency-Key", code: "000"},
		{rule: banksim.RuleInvoicesIncluded, method: banksim.MethodLimit, body: limitQuery("SOLEN", "0222").with("InvoicesIncluded", "202612").String(), code: "300"},
		{rule: banksim.RuleConsent, method: banksim.MethodCreate, body: digitalCustomer("IsKVKKApproved", false), code: "Error 300004"},
	}
	for _, tt := range tests {
		t.Run(string(tt.rule), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			if tt.method == "" {
				tt.method = banksim.MethodInvoice
			}
			r := b.interAPI(tt.method, tt.body)
			if tt.header != "" {
				r.Header.Set(tt.header, "x")
			}
			b.do(r).ok()
			if got := b.bank.Complaints(); len(got) != 1 || got[0].Rule != tt.rule || got[0].Method != tt.method || got[0].Seq != 1 {
				t.Errorf("complaints %+v, want one of %s", got, tt.rule)
			}
			if got := b.last(); got.Code != tt.code {
				t.Errorf("answered %q, want %q", got.Code, tt.code)
			}
		})
	}
	t.Run("none about good calls", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.recorded(term.with("Explanation", "x", "InvoiceIncludedBlockage", "E", "ParametricCode", ""))
		b.recorded(advanceInvoice().with("InvoiceNumber", "2"))
		b.call(banksim.MethodLimit, limitQuery("SOLEN", "0222").String()).ok()
		b.call(banksim.MethodResults, resultsQuery("2026-12-02T00:00:00", "2026-12-02T23:59:59").String()).ok()
		process, customer := b.flow()
		b.call(banksim.MethodUpdate, informations(process, customer).with("ContactAddressInfo", address("Type", "ContactAddress")).String()).ok()
		b.call(banksim.MethodComplete, completion(process, customer).String()).ok()
		b.loan(b.token(), income().String()).ok()
		if got := b.bank.Complaints(); len(got) != 0 {
			t.Errorf("complaints %+v", got)
		}
	})
	t.Run("a request id used twice", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.recorded(term)
		b.calls--
		b.call(banksim.MethodLimit, limitQuery("SOLEN", "0222").String()).ok()
		if got := b.bank.Complaints(); len(got) != 1 || got[0].Rule != banksim.RuleRequestID || got[0].Seq != 2 {
			t.Errorf("complaints %+v", got)
		}
	})
	t.Run("no content type", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		r := b.interAPI(banksim.MethodInvoice, term.String())
		r.Header.Del("Content-Type")
		b.do(r).ok()
		if got := b.bank.Complaints(); len(got) != 1 || got[0].Rule != banksim.RuleContentType {
			t.Errorf("complaints %+v", got)
		}
	})
}
