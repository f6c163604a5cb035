package banksim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"bankprocessor/internal/banksim"
)

func TestGateway(t *testing.T) {
	t.Parallel()
	good := func(b *bundle) *http.Request { return b.interAPI(banksim.MethodInvoice, termInvoice().String()) }
	tests := []struct {
		name    string
		request func(b *bundle) *http.Request
		change  func(c *banksim.Config)
		status  int
		message string
	}{
		{name: "no subscription key", status: 401, message: "missing subscription key", request: func(b *bundle) *http.Request {
			r := good(b)
			r.Header.Del("Ocp-Apim-Subscription-Key")
			return r
		}},
		{name: "wrong subscription key", status: 401, message: "invalid subscription key", request: func(b *bundle) *http.Request {
			r := good(b)
			r.Header.Set("Ocp-Apim-Subscription-Key", "wrong")
			return r
		}},
		{name: "wrong application key", status: 401, message: "invalid application key", request: good, change: func(c *banksim.Config) { c.AppKey = "another" }},
		{name: "no bearer token", status: 401, message: "token is missing", request: good, change: func(c *banksim.Config) { c.BearerToken = "bearer" }},
		{name: "a bearer token", status: 200, request: func(b *bundle) *http.Request {
			r := good(b)
			r.Header.Set("Authorization", "Bearer bearer")
			return r
		}, change: func(c *banksim.Config) { c.BearerToken = "bearer" }},
		{name: "a token of the token endpoint", status: 200, request: func(b *bundle) *http.Request {
			r := good(b)
			r.Header.Set("Authorization", "Bearer "+b.token())
			return r
		}, change: func(c *banksim.Config) { c.BearerToken = "bearer" }},
		{name: "not JSON by its type", status: 415, message: "Unsupported", request: func(b *bundle) *http.Request {
			r := good(b)
			r.Header.Set("Content-Type", "text/xml")
			return r
		}},
		{name: "not POST", status: 405, message: "not allowed", request: func(b *bundle) *http.Request {
			r := good(b)
			r.Method = http.MethodGet
			return r
		}},
		{name: "no such method", status: 404, message: "not found", request: func(b *bundle) *http.Request { return b.interAPI("Nothing", "{}") }},
		{name: "too large", status: 413, message: "too large", request: good, change: func(c *banksim.Config) { c.MaxBody = 100 }},
		{name: "another path", status: 200, request: func(b *bundle) *http.Request {
			r := good(b)
			r.URL.Path = "/api//InsertDbsInvoice"
			return r
		}, change: func(c *banksim.Config) {
			c.Paths = map[string]string{banksim.MethodInvoice: "/api//InsertDbsInvoice"}
		}},
		{name: "another prefix", status: 200, request: func(b *bundle) *http.Request {
			r := good(b)
			r.URL.Path = "/x/InsertDbsInvoice"
			return r
		}, change: func(c *banksim.Config) { c.PathPrefix = "/x/" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.change == nil {
				tt.change = func(*banksim.Config) {}
			}
			b := setup(t, tt.change)
			a := b.do(tt.request(b))
			if a.err != nil || a.status != tt.status {
				t.Fatalf("HTTP %d, want %d: %s %v", a.status, tt.status, a.body, a.err)
			}
			if text, _ := a.at("message").(string); !strings.Contains(text, tt.message) {
				t.Errorf("message %q, want %q in it", text, tt.message)
			}
			_, recorded := b.bank.Invoice("SOLEN", "0222", termInvoice()["InvoiceNumber"].(string))
			if recorded != (tt.status == 200) {
				t.Errorf("recorded: %v", recorded)
			}
		})
	}
}

// TestEnvelope shows what cannot be read: Code 1 and a Description that begins
// with InvalidJson and names the member.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	header := func(pairs ...any) string {
		return fields{
			"AppKey": banksim.DefaultAppKey, "Channel": "API", "ChannelSessionId": session, "ChannelRequestId": "5252012362481156055",
		}.with(pairs...).String()
	}
	order := termInvoice().String()
	body := func(header, parameters string) string {
		return fmt.Sprintf(`{"Header":%s,"Parameters":%s}`, header, parameters)
	}
	tests := []struct{ name, body, field string }{
		{"empty", "", ""},
		{"half", `{"Header":{`, ""},
		{"with the page's spaces", "{\u00a0\"Header\": {}}", ""},
		{"two documents", body(header(), "["+order+"]") + "{}", ""},
		{"a list", "[]", ""},
		{"deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), ""},
		{"wide", "{" + strings.Repeat(`"a":1,`, 300) + `"a":1}`, ""},
		{"no header", `{"Parameters":[` + order + `]}`, "Header"},
		{"no application key", body(header("AppKey", nil), "["+order+"]"), "Header.AppKey"},
		{"no channel", body(header("Channel", " "), "["+order+"]"), "Header.Channel"},
		{"no session", body(header("ChannelSessionId", nil), "["+order+"]"), "Header.ChannelSessionId"},
		{"request id as number", body(header("ChannelRequestId", n("5252012362481156055")), "["+order+"]"), "Header.ChannelRequestId"},
		{"no parameters", `{"Header":` + header() + `}`, "Parameters"},
		{"empty parameters", body(header(), "[]"), "Parameters"},
		{"two parameters", body(header(), "["+order+","+order+"]"), "Parameters"},
		{"parameters as object", body(header(), order), "Parameters"},
		{"amount as text", body(header(), "["+termInvoice().with("InvoiceAmount", "900").String()+"]"), "InvoiceAmount"},
		{"amount with three digits", body(header(), "["+termInvoice().with("InvoiceAmount", n("900.001")).String()+"]"), "InvoiceAmount"},
		{"amount beyond all bounds", body(header(), "["+termInvoice().with("InvoiceAmount", n("1e999999999")).String()+"]"), "InvoiceAmount"},
		{"no invoice date", body(header(), "["+termInvoice().with("InvoiceDate", nil).String()+"]"), "InvoiceDate"},
		{"due date in Turkish", body(header(), "["+termInvoice().with("LastPaymentDate", "02.12.2026").String()+"]"), "LastPaymentDate"},
		{"customer number as text", body(header(), "["+termInvoice().with("CustomerNo", "955807").String()+"]"), "CustomerNo"},
		{"dealer as number", body(header(), "["+termInvoice().with("SubscriberNumber", n("222")).String()+"]"), "SubscriberNumber"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			r := b.request(http.MethodPost, banksim.DefaultPathPrefix+banksim.MethodInvoice, "application/json", tt.body)
			r.Header.Set("Ocp-Apim-Subscription-Key", banksim.DefaultSubscriptionKey)
			a := b.do(r).ok()
			a.want("Data", "(absent)", "Error.$type", "ServiceExceptionMessage", "Error.Code", "1")
			if text := a.at("Error.Description").(string); !strings.HasPrefix(text, "InvalidJson ["+tt.field+"]") {
				t.Errorf("description %q, want %q named", text, tt.field)
			}
			if got := b.last(); got.Code != "Error 1" || got.Applied {
				t.Errorf("journal has %+v", got)
			}
		})
	}
}
