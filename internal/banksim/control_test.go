package banksim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"bankprocessor/internal/banksim"
)

// sim calls the control API and decodes the answer when there is somewhere to.
func (b *bundle) sim(method, path, body string, into any) answer {
	b.Helper()
	a := b.do(b.request(method, "/_sim/"+path, "application/json", body))
	if a.err != nil {
		b.Fatal(a.err)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(a.body), into); err != nil {
			b.Fatalf("decoding %s: %v", a.body, err)
		}
	}
	return a
}

func TestControlLedger(t *testing.T) {
	t.Parallel()
	b := setup(t)
	process, customer := b.flow()
	b.call(banksim.MethodUpdate, informations(process, customer).String()).ok()
	b.recorded(termInvoice())
	b.loan(b.token(), income().String()).ok()

	masked := b.sim(http.MethodGet, "ledger", "", nil)
	masked.want("today", "2026-11-20", "flows.0.citizenshipNumber", "***", "flows.0.phoneNumber", "***", "flows.0.email", "***",
		"flows.0.informations", "***", "flows.0.processId", process, "loans.0.monthlyIncome", "***", "loans.0.submissions", "1",
		"invoices.0.amount", "900", "invoices.0.dueDate", "2026-12-02", "invoices.0.history.0.operation", "I",
		"invoices.0.history.0.applied", true, "dealers.1.company", "SOLEN", "dealers.1.reserved", "900", "complaints.0", "(absent)")
	if contains(masked.body, "10000000146", "5559999999", "ayse", "12345", "ÖRNEK CADDESİ") {
		t.Errorf("the ledger shows personal data: %s", masked.body)
	}
	revealed := b.sim(http.MethodGet, "ledger?reveal=1", "", nil)
	revealed.want("flows.0.citizenshipNumber", "10000000146", "flows.0.email", "ayse.ornek@example.com", "loans.0.monthlyIncome", "50000")
	if contains(revealed.body, banksim.DefaultAppKey) {
		t.Error("the ledger shows a key")
	}
}

func TestControlCalls(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.sim(http.MethodGet, "calls", "", nil).want("0", "(absent)")
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	r := b.interAPI(banksim.MethodInvoice, termInvoice().String())
	r.Header.Set("traceparent", parent)
	b.do(r).ok()
	b.call(banksim.MethodCreate, digitalCustomer()).ok()
	b.call(banksim.MethodResults, resultsQuery("2026-12-02", "2026-12-02").String()).ok()
	a := b.sim(http.MethodGet, "calls", "", nil)
	a.want("0.seq", "1", "0.method", "InsertDbsInvoice", "0.key", "SOLEN|0222", "0.dealer", "0222", "0.operation", "I",
		"0.invoiceNumber", "888888888849635547", "0.channelSessionId", session, "0.channelRequestId", "request-1",
		"0.code", "000", "0.httpStatus", "200", "0.applied", true, "0.answerLost", false, "0.done", true, "0.traceparent", parent,
		"1.key", session, "1.code", "State 2", "2.key", "SOLEN", "2.code", "000", "2.applied", false)
	if contains(a.body, "10000000146", "5559999999", "example.com") {
		t.Errorf("the journal shows personal data: %s", a.body)
	}
	b.sim(http.MethodGet, "calls?since=2", "", nil).want("0.seq", "3", "1", "(absent)")
	if a := b.sim(http.MethodGet, "calls?since=x", "", nil); a.status != http.StatusBadRequest {
		t.Errorf("HTTP %d", a.status)
	}
}

func TestControlFaults(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.sim(http.MethodPost, "faults", `{"kind":"answer_lost","times":1,"match":{"method":"InsertDbsInvoice","dealer":"0222","operation":"I"}}`, nil)
	if a.status != http.StatusCreated {
		t.Fatalf("HTTP %d %s", a.status, a.body)
	}
	a.want("id", "f1")
	b.sim(http.MethodPost, "faults", `{"id":"slow","kind":"latency","latency":{"fixed":"1ms","max":"2ms"}}`, nil).want("id", "slow")
	if a := b.invoice(termInvoice()); a.err == nil {
		t.Error("the answer was not lost")
	}
	b.sim(http.MethodGet, "faults", "", nil).want("0.id", "f1", "0.hits", "1", "0.kind", "answer_lost", "0.match.dealer", "0222",
		"1.latency.fixed", "1ms", "1.hits", "1", "2", "(absent)")
	b.sim(http.MethodDelete, "faults/slow", "", nil).want("removed", "1")
	if a := b.sim(http.MethodDelete, "faults/slow", "", nil); a.status != http.StatusNotFound {
		t.Errorf("HTTP %d", a.status)
	}
	b.sim(http.MethodDelete, "faults", "", nil).want("removed", "1")
	b.invoice(termInvoice()).ok().want("Data.ErrorCode", "106")
}

func TestControlChanges(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.sim(http.MethodPost, "dealers", `{"company":"SOLEN","code":"NEW","limit":1000.5}`, nil).want("limit", "1000.5", "available", "1000.5", "balance", "0")
	mine := termInvoice().with("SubscriberNumber", "NEW")
	b.recorded(mine)
	b.sim(http.MethodPost, "dealers", `{"company":"SOLEN","code":"NEW","balance":"500"}`, nil).want("limit", "1000.5", "reserved", "900", "balance", "500")
	b.sim(http.MethodPost, "dealers", `{"company":"SOLEN","code":"NEW","fxAccounts":{"USD":5}}`, nil).want("fxAccounts.USD", "5", "available", "100.5")
	b.sim(http.MethodPost, "invoices/pay", `{"company":"SOLEN","dealer":"NEW","invoiceNumber":"888888888849635547"}`, nil).want(
		"statusCode", "O", "paymentAmount", "900", "history.1.operation", "PAY")
	b.sim(http.MethodPost, "clock", `{"offset":"24h"}`, nil).want("today", "2026-11-21")
	b.invoice(advanceInvoice()).ok().want("Data.ErrorCode", "121")

	token := b.token()
	b.sim(http.MethodPost, "tokens", `{"action":"expire"}`, nil)
	b.loan(token, income().String()).want("Header.StatusCode", "ACBG000001")
	token = b.token()
	b.sim(http.MethodPost, "tokens", `{"action":"revoke"}`, nil)
	b.loan(token, income().String()).want("Header.StatusCode", "ACBG000002")
	for range 5 {
		b.grant(banksim.DefaultClientID, "wrong")
	}
	b.sim(http.MethodPost, "tokens", `{"action":"unlock"}`, nil)
	b.token()

	b.sim(http.MethodPost, "latency", `{"method":"InsertDbsInvoice","latency":{"fixed":"1ms"}}`, nil)
	b.sim(http.MethodPost, "release", "", nil)
	b.fault(banksim.Fault{Kind: banksim.FaultHTML})
	if a := b.sim(http.MethodPost, "reset", "", nil); a.status != http.StatusNoContent {
		t.Errorf("HTTP %d", a.status)
	}
	ledger := b.bank.Ledger()
	if len(ledger.Invoices)+len(ledger.Loans)+len(b.bank.Faults())+len(b.bank.Calls(0)) != 0 || b.bank.Today().String() != "2026-11-20" {
		t.Errorf("a reset left %+v", ledger)
	}
	if _, found := b.bank.Dealer("SOLEN", "NEW"); found {
		t.Error("a reset left a dealer")
	}
	b.recorded(termInvoice())
}

func TestControlRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for path, bodies := range map[string][]string{
		"faults":       {``, `{`, `{"kind":"flood"}`, `{"kind":"html","surprise":1}`, `{"kind":"latency","latency":{"fixed":"soon"}}`},
		"latency":      {`{"method":"Nothing","latency":{}}`, `{"latency":{"fixed":"-1s"}}`, `{"latency":{"p99":"1s"}}`},
		"dealers":      {`{"company":"NOBODY","code":"1"}`, `{"company":"SOLEN"}`, `{"company":"SOLEN","code":"1","failWith":"101"}`, `{"company":"SOLEN","code":"1","limit":"much"}`, `[]`},
		"invoices/pay": {`{}`, `{"company":"SOLEN","dealer":"0222","invoiceNumber":"none"}`},
		"clock":        {`{"offset":5}`},
		"tokens":       {`{"action":"steal"}`, `{"action":1}`},
	} {
		for _, body := range bodies {
			a := b.sim(http.MethodPost, path, body, nil)
			if text, _ := a.at("error").(string); a.status != http.StatusBadRequest || text == "" {
				t.Errorf("%s %s: %d %s", path, body, a.status, a.body)
			}
		}
	}
	if a := b.sim(http.MethodGet, "nothing", "", nil); a.status != http.StatusNotFound {
		t.Errorf("HTTP %d", a.status)
	}
	if a := b.sim(http.MethodPost, "dealers", `{"company":"`+strings.Repeat("x", 2<<20)+`"}`, nil); a.status != http.StatusBadRequest {
		t.Errorf("HTTP %d", a.status)
	}
}
