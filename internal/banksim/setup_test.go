package banksim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/banksim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The bank's day in these tests is 2026-11-20 in Istanbul, and 2026-11-19 in UTC.
var testNow = time.Date(2026, 11, 19, 21, 30, 0, 0, time.UTC)

const session = "331eb5f529c74df2b800926b5f34b874"

type bundle struct {
	*testing.T
	bank   *banksim.Bank
	url    string
	client *http.Client
	calls  int
}

func setup(t *testing.T, configure ...func(*banksim.Config)) *bundle {
	t.Helper()
	cfg := banksim.Config{Clock: func() time.Time { return testNow }}
	for _, change := range configure {
		change(&cfg)
	}
	bank := banksim.New(cfg)
	server := httptest.NewServer(bank.Handler())
	t.Cleanup(server.Close)
	client := &http.Client{
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(client.CloseIdleConnections)
	return &bundle{T: t, bank: bank, url: server.URL, client: client}
}

// answer is a response that has been read whole.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
	err    error
}

func (b *bundle) do(r *http.Request) answer {
	b.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		return answer{t: b.T, err: err}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return answer{t: b.T, status: response.StatusCode, header: response.Header, body: string(body), err: err}
}

func (b *bundle) request(method, path, contentType, body string) *http.Request {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	return r
}

// interAPI returns a good request with these Parameters[0].
func (b *bundle) interAPI(method, parameters string) *http.Request {
	b.Helper()
	b.calls++
	body := fmt.Sprintf(`{"Header":{"AppKey":%q,"Channel":"API","ChannelSessionId":%q,"ChannelRequestId":"request-%d"},"Parameters":[%s]}`,
		banksim.DefaultAppKey, session, b.calls, parameters)
	r := b.request(http.MethodPost, banksim.DefaultPathPrefix+method, "application/json", body)
	r.Header.Set("Ocp-Apim-Subscription-Key", banksim.DefaultSubscriptionKey)
	return r
}

func (b *bundle) call(method, parameters string) answer {
	b.Helper()
	return b.do(b.interAPI(method, parameters))
}

// ok fails the test unless the answer came whole with HTTP 200.
func (a answer) ok() answer {
	a.t.Helper()
	if a.err != nil || a.status != http.StatusOK {
		a.t.Fatalf("want a whole answer with 200, got %d %s (%v)", a.status, a.body, a.err)
	}
	return a
}

// at returns the JSON value at a path such as "Data.DBSLimitResult.0.ResultCode",
// numbers as they are written.
func (a answer) at(path string) any {
	a.t.Helper()
	var v any
	d := json.NewDecoder(strings.NewReader(a.body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		a.t.Fatalf("decoding %q: %v", a.body, err)
	}
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			member, found := x[step]
			if !found {
				return "(absent)"
			}
			v = member
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(x) {
				return "(absent)"
			}
			v = x[i]
		default:
			return "(absent)"
		}
	}
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	return v
}

// want compares the values at paths; numbers are given as text.
func (a answer) want(pairs ...any) {
	a.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := a.at(pairs[i].(string)); got != pairs[i+1] {
			a.t.Errorf("%s = %v, want %v, in %s", pairs[i], got, pairs[i+1], a.body)
		}
	}
}

// fields is a set of JSON members that tests change by name.
type fields map[string]any

func (f fields) with(pairs ...any) fields {
	changed := fields{}
	maps.Copy(changed, f)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(changed, pairs[i].(string))
			continue
		}
		changed[pairs[i].(string)] = pairs[i+1]
	}
	return changed
}

func (f fields) String() string {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// n is a number as it is written.
type n = json.Number

func termInvoice() fields {
	return fields{
		"AssociationCode": "SOLEN", "SubscriberNumber": "0222", "InvoiceNumber": "888888888849635547",
		"InvoiceCurrencyCode": "TRY", "PaymentCurrencyCode": "TRY",
		"InvoiceDate": "2026-11-02T00:00:00", "InvoiceAmount": n("900"),
		"LastPaymentDate": "2026-12-02T00:00:00", "DelayedLastPaymentDate": "2026-12-02T00:00:00",
		"OperationType": "I", "MaturityType": "V", "DebitCreditType": "B", "PeriodCode": "202611",
		"CustomerNo": n("955807"),
	}
}

func advanceInvoice() fields {
	return termInvoice().with("MaturityType", "P",
		"LastPaymentDate", "2026-11-20T00:00:00", "DelayedLastPaymentDate", "2026-11-20T00:00:00")
}

func (b *bundle) invoice(f fields) answer {
	b.Helper()
	return b.call(banksim.MethodInvoice, f.String())
}

// recorded posts an invoice that must be taken.
func (b *bundle) recorded(f fields) {
	b.Helper()
	b.invoice(f).ok().want("Data.ErrorCode", "000", "Data.State", "2")
}

func (b *bundle) pay(f fields, amount banksim.Money) {
	b.Helper()
	err := b.bank.PayInvoice(banksim.Payment{
		Company: f["AssociationCode"].(string), Dealer: f["SubscriberNumber"].(string),
		Number: f["InvoiceNumber"].(string), Amount: amount,
	})
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bundle) token() string {
	b.Helper()
	a := b.grant(banksim.DefaultClientID, banksim.DefaultClientSecret).ok()
	return a.at("access_token").(string)
}

func (b *bundle) grant(id, secret string) answer {
	b.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"loan"}, "client_id": {id}, "client_secret": {secret}}
	return b.do(b.request(http.MethodPost, banksim.DefaultTokenPath, "application/x-www-form-urlencoded", form.Encode()))
}

func income() fields {
	return fields{
		"IdentityNumber": "10000000146", "ApplicationNumber": n("89999999"), "EducationLevelCode": n("6"),
		"ProfessionalCode": n("29"), "CampaignCode": n("6000999999"), "MonthlyIncomeAmount": n("50000.0"),
		"BranchCode": "S00330", "SectorCode": n("1"), "CustomerEmploymentStatus": n("1"), "ResidenceType": n("1"),
	}
}

func (b *bundle) loan(token, body string) answer {
	b.Helper()
	r := b.request(http.MethodPost, banksim.DefaultLoanPath, "application/json", body)
	r.Header.Set("Authorization", "Bearer "+token)
	return b.do(r)
}

func (b *bundle) fault(f banksim.Fault) string {
	b.Helper()
	id, err := b.bank.AddFault(f)
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// last returns the newest call.
func (b *bundle) last() banksim.Call {
	b.Helper()
	calls := b.bank.Calls(0)
	if len(calls) == 0 {
		b.Fatal("the bank had no call")
	}
	return calls[len(calls)-1]
}

func (b *bundle) deadline() context.Context {
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
	b.Cleanup(cancel)
	return ctx
}

// page reads a repaired example of the bank's published pages.
func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
