package loanapi

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func decimal(t *testing.T, s string) *command.Decimal {
	t.Helper()
	d, err := command.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

// pageCommand is the page's example with a made-up person.
func pageCommand(t *testing.T) *command.Command {
	t.Helper()
	return &command.Command{ID: "331eb5f5-29c7-4df2-b800-926b5f34b874", Payload: &command.SubmitIncome{
		IdentityNumber: "10000000146", ApplicationNumber: 89999999, EducationLevelCode: 6, ProfessionCode: 29,
		CampaignCode: 6000999999, MonthlyIncome: decimal(t, "50000.0"), BranchCode: "S00330",
		SectorCode: new(int32(1)), CustomerEmploymentStatus: new(int32(1)), ResidenceType: new(int32(1)),
	}}
}

// pageOffer is the page's example answer.
const pageOffer = `{"Header":{"StatusCode":"APIGW000000","StatusDescription":"Tamamlandı","StatusDescriptionEn":"Completed",
"ObjectID":"0d52eaa8-48b0-4473-b321-6acff31c5c6e"},"Data":{"ApplicationResult":{"PricingBreakdownId":1899999,"Kkdf":15,
"ShowInsuranceFee":1,"Bsmv":15,"InternetDisplayTypes":3,"CreditAmount":50000,"ContractInterestRate":4.19,
"InterestBalanceAmount":6.50,"InsurancePremiumAmount":1220.8,"MonthlyInstallmentAmount":5784.38,"ApplicationNumber":89999999,
"DefaultInterestRate":65.364,"ProductDescription":"TEST","InterestRate":4.19,"CreditAllocationFees":0,
"GracePeriodInstallmentCount":3,"PaymentPeriod":3,"AllocationFeesTaxesTotal":0,"Maturity":12,
"FirstInstallmentDate":"2025-05-24T00:00:00","AppraisalAmount":0,"IdentityNumber":"","AnnualCostRate":88.9778}}}`

type answer struct {
	status int // 0 is 200
	header map[string]string
	body   string
	cut    bool // close the connection instead
}

func refusal(status int, code string) answer {
	return answer{status: status, body: `{"Header":{"StatusCode":"` + code + `","StatusDescription":"Hata, tel 0555 999 99 99",` +
		`"ObjectID":"object-1"}}`}
}

// bank is a scripted loan API: answers to submissions in order, the last one
// again and again.
type bank struct {
	mu      sync.Mutex
	token   answer
	answers []answer

	tokens  int
	bearers []string
	headers []http.Header
	bodies  []string
}

func (b *bank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	a := b.token
	if r.URL.Path == "/auth/oauth/v2/token" {
		b.tokens++
	} else {
		b.bearers, b.headers = append(b.bearers, r.Header.Get("Authorization")), append(b.headers, r.Header)
		b.bodies = append(b.bodies, string(body))
		a = b.answers[min(len(b.bodies), len(b.answers))-1]
	}
	b.mu.Unlock()
	if a.cut {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = io.WriteString(w, a.body)
}

// scripted returns a client in front of a bank that gives these answers.
func scripted(t *testing.T, answers ...answer) (*Client, *bank) {
	t.Helper()
	b := &bank{
		token:   answer{body: `{"access_token":"the-token","token_type":"Bearer","expires_in":3600}`},
		answers: answers,
	}
	return clientOf(t, b, nil, nil), b
}

func clientOf(t *testing.T, h http.Handler, log *slog.Logger, adjust func(*Config)) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	cfg := Config{
		HTTP:  bankapi.HTTPConfig{BaseURL: srv.URL},
		Token: bankapi.TokenConfig{ClientID: "sim-client", ClientSecret: secret.Source{File: secretFile(t, "sim-client-secret")}},
	}
	if adjust != nil {
		adjust(&cfg)
	}
	c, err := New(cfg, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

func secretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (c *Client) send(t *testing.T, cmd *command.Command) command.Verdict {
	t.Helper()
	return c.Methods()[command.LoanIncomeSubmit].Call(t.Context(), cmd, command.Call{Traceparent: traceparent})
}
