package interapi

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
)

var (
	writes = []command.Name{command.CustomerCreate, command.CustomerUpdate, command.CustomerComplete, command.DBSInvoiceUpsert}
	reads  = []command.Name{command.DBSLimitQuery, command.DBSInvoiceResultsQuery}
	all    = append(append([]command.Name{}, writes...), reads...)
)

// success is each method's answer that means success.
var success = map[command.Name]string{
	command.CustomerCreate:         data(`"ProcessId":2104280309000005,"CustomerId":5035232723,"State":2`),
	command.CustomerUpdate:         data(`"CalculateLimit":false,"ProcessId":2105170309000001,"State":2`),
	command.CustomerComplete:       data(`"State":2`),
	command.DBSLimitQuery:          data(`"DBSLimitResult":[{"ResultCode":"300"}]`),
	command.DBSInvoiceUpsert:       data(`"ErrorCode":"000","State":2`),
	command.DBSInvoiceResultsQuery: data(`"DBSInvoiceResult":[{"ResultCode":"000"}]`),
}

// doubtful is what a write leads to when its effect is unknown.
var doubtful = map[command.Name]struct {
	retry   command.Retry
	resends int
}{
	command.CustomerCreate:   {backoff, 3},
	command.CustomerUpdate:   {backoff, 3},
	command.CustomerComplete: {reconcile, 0},
	command.DBSInvoiceUpsert: {reconcile, 0},
}

func platform(code any, description string) string {
	return fmt.Sprintf(`{"$type":"ServiceResponseMessage","Error":{"$type":"ServiceExceptionMessage","Code":%v,"Description":%q,"Parameters":null,"TransactionId":987654321}}`, code, description)
}

// The Error envelope is looked for at every HTTP status (contract section 5.5).
func TestErrorEnvelopeAtEveryStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 201, 400, 404, 408, 409, 422, 500, 502, 503, 504, 401, 403, 429} {
		for _, name := range all {
			t.Run(fmt.Sprintf("%d/%s", status, name), func(t *testing.T) {
				t.Parallel()
				p := payloads(t)[name]
				get := func(body string) command.Verdict {
					return setup(t, []answer{{status: status, body: body}}).call(t, p)
				}
				malformed := get(platform(1, "InvalidJson [TransferReferenceI"))
				if malformed.Status != command.Rejected || malformed.Code != "interapi.request_malformed" || malformed.Category != "validation" ||
					malformed.Retry != never || !malformed.DeadLetter {
					t.Errorf("malformed: %+v", malformed)
				}
				for _, code := range []any{90012, 90020, `"90012"`, `" 90020 "`} {
					v := get(platform(code, "Kapali"))
					if v.Status != command.Failed || v.Code != "interapi.closed" || v.Category != "bank_error" || v.Retry != backoff ||
						v.Resends != 30 || v.RetryAfter != time.Minute || !v.DeadLetter {
						t.Errorf("closed %v: %+v", code, v)
					}
				}
				if status == 401 || status == 403 || status == 429 {
					return
				}
				other := get(platform(201005, "Beklenmeyen hata, 10000000146"))
				if name.ReadOnly() {
					if other.Status != command.Failed || other.Retry != backoff || other.Resends != 3 {
						t.Errorf("other: %+v", other)
					}
				} else if d := doubtful[name]; other.Status != command.InDoubt || other.Retry != d.retry || other.Resends != d.resends {
					t.Errorf("other: %+v", other)
				}
				if other.Code != "interapi.platform_error" || other.Category != "bank_error" || !other.DeadLetter || other.Delivery != command.Answered ||
					other.BankCode != "201005" || other.BankReference != "987654321" || other.BankMessage != "Beklenmeyen hata, ***" {
					t.Errorf("other: %+v", other)
				}
				for _, v := range []command.Verdict{malformed, other} {
					if v.BankFault != (status >= 500) {
						t.Errorf("bank fault %v under %d", v.BankFault, status)
					}
				}
			})
		}
	}
}

func TestErrorOfNoRowYieldsToTheGateway(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]struct {
		code  command.Code
		retry command.Retry
	}{
		401: {command.CodeGatewayUnauthorized, command.RetryPause},
		403: {command.CodeGatewayForbidden, command.RetryPause},
		429: {command.CodeGatewayThrottled, command.RetryDelay},
	} {
		for _, name := range all {
			v := setup(t, []answer{{status: status, body: platform(42, "no access")}}).call(t, payloads(t)[name])
			if v.Code != want.code || v.Retry != want.retry || !v.Uncounted || v.BankFault || v.DeadLetter {
				t.Errorf("%d, %s: %+v", status, name, v)
			}
		}
	}
}

func TestErrorBesideData(t *testing.T) {
	t.Parallel()
	ok := strings.TrimSuffix(success[command.DBSInvoiceUpsert], "}")
	for name, c := range map[string]struct {
		body string
		want command.Code
	}{
		"null":                         {ok + `,"Error":null}`, command.CodeInvoiceAccepted},
		"empty object":                 {ok + `,"Error":{}}`, command.CodeInvoiceAccepted},
		"blank description":            {ok + `,"Error":{"Code":0,"Description":" "}}`, command.CodeInvoiceAccepted},
		"blank text for an object":     {ok + `,"Error":""}`, command.CodeInvoiceAccepted},
		"description":                  {ok + `,"Error":{"Code":7,"Description":"Hata"}}`, command.CodeInterAPIPlatformError},
		"null data":                    {`{"Data":null,"Error":{"Code":7,"Description":"Hata"}}`, command.CodeInterAPIPlatformError},
		"no data, no description":      {`{"Error":{"Code":7}}`, command.CodeInterAPIPlatformError},
		"no data, no anything":         {`{"Error":{}}`, command.CodeInterAPIPlatformError},
		"InvalidJson under other code": {platform(2, "InvalidJson [X"), command.CodeInterAPIPlatformError},
		"code 1 without InvalidJson":   {platform(1, "Beklenmeyen InvalidJson"), command.CodeInterAPIPlatformError},
		"no object":                    {`{"Error":"Hata","Data":{"ErrorCode":"000","State":2}}`, command.CodeBankAnswerUnreadable},
		"a code that is no code":       {`{"Error":{"Code":{},"Description":"Hata"}}`, command.CodeBankAnswerUnreadable},
		"neither":                      {`{"$type":"ServiceResponseMessage"}`, command.CodeBankAnswerUnreadable},
		"data is no object":            {`{"Data":7}`, command.CodeBankAnswerUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if v := answerWith(t, invoiceCommand(t), c.body); v.Code != c.want {
				t.Errorf("verdict %+v, want %s", v, c.want)
			}
		})
	}
}

// Bodies without an envelope go by the HTTP status (contract section 5.6), and
// each write's doubt goes its own way.
func TestAnswersWithoutEnvelope(t *testing.T) {
	t.Parallel()
	const firewall = `<html><head><title>Request Rejected</title></head></html>`
	for name, a := range map[string]answer{
		"html under 200":    {body: firewall},
		"empty":             {},
		"half a body":       {body: `{"Data":{"ErrorCode":"000","Sta`},
		"list":              {body: `[]`},
		"over the size cap": {body: `{"Data":{"ErrorCode":"000","State":2,"Pad":"` + strings.Repeat("x", 70<<10) + `"}}`},
		"500 html":          {status: 500, body: firewall},
		"502":               {status: 502},
		"503":               {status: 503, body: `{"statusCode":503,"message":"unavailable"}`},
		"504":               {status: 504},
		"408":               {status: 408},
		"connection cut":    {cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			protocol := a.status == 0 && !a.cut
			for _, m := range writes {
				v := setup(t, []answer{a}).call(t, payloads(t)[m])
				want := doubtful[m]
				if protocol && want.resends > 0 {
					want.resends = 1
				}
				if v.Status != command.InDoubt || v.Retry != want.retry || v.Resends != want.resends || !v.DeadLetter || !v.BankFault || v.Delivery == command.Answered {
					t.Errorf("%s: %+v", m, v)
				}
				if (v.Category == command.CategoryProtocol) != protocol {
					t.Errorf("%s: category %s", m, v.Category)
				}
			}
			for _, m := range reads {
				v := setup(t, []answer{a}).call(t, payloads(t)[m])
				resends := 3
				if protocol {
					resends = 1
				}
				if v.Status != command.Failed || v.Retry != backoff || v.Resends != resends || !v.DeadLetter || !v.BankFault {
					t.Errorf("%s: %+v", m, v)
				}
			}
		})
	}
}

func TestRefusalsOfTheGateway(t *testing.T) {
	t.Parallel()
	after := http.Header{"Retry-After": {"7"}}
	for name, c := range map[string]struct {
		answer answer
		status command.Status
		code   command.Code
		retry  command.Retry
		after  time.Duration
	}{
		"400":                      {answer{status: 400, body: `{"message":"bad"}`}, command.Rejected, command.CodeBankRefusedRequest, never, 0},
		"409":                      {answer{status: 409}, command.Rejected, command.CodeBankRefusedRequest, never, 0},
		"413":                      {answer{status: 413}, command.Rejected, command.CodeBankRefusedRequest, never, 0},
		"422":                      {answer{status: 422}, command.Rejected, command.CodeBankRefusedRequest, never, 0},
		"401":                      {answer{status: 401}, command.Failed, command.CodeGatewayUnauthorized, command.RetryPause, 0},
		"403":                      {answer{status: 403}, command.Failed, command.CodeGatewayForbidden, command.RetryPause, 0},
		"403 quota":                {answer{status: 403, header: after}, command.Failed, command.CodeGatewayThrottled, command.RetryDelay, 7 * time.Second},
		"404":                      {answer{status: 404}, command.Failed, command.CodeBankMisconfigured, command.RetryPause, 0},
		"405":                      {answer{status: 405}, command.Failed, command.CodeBankMisconfigured, command.RetryPause, 0},
		"415":                      {answer{status: 415}, command.Failed, command.CodeBankMisconfigured, command.RetryPause, 0},
		"429":                      {answer{status: 429}, command.Failed, command.CodeGatewayThrottled, command.RetryDelay, 0},
		"429 with Retry-After":     {answer{status: 429, header: after}, command.Failed, command.CodeGatewayThrottled, command.RetryDelay, 7 * time.Second},
		"redirect, never followed": {answer{status: 307, header: http.Header{"Location": {"/elsewhere"}}}, command.Failed, command.CodeBankRedirected, never, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, m := range all {
				f := setup(t, []answer{c.answer})
				v := f.call(t, payloads(t)[m])
				if v.Status != c.status || v.Code != c.code || v.Retry != c.retry || v.RetryAfter != c.after || v.Delivery != command.Answered {
					t.Errorf("%s: %+v", m, v)
				}
				if len(f.bank.requests) != 1 {
					t.Errorf("%s: %d requests", m, len(f.bank.requests))
				}
			}
		})
	}
}

func TestDataUnderAnHTTPError(t *testing.T) {
	t.Parallel()
	for _, status := range []int{302, 400, 404, 500, 503} {
		for _, m := range all {
			v := setup(t, []answer{{status: status, body: success[m]}}).call(t, payloads(t)[m])
			if v.Status == command.Succeeded || v.Code != command.CodeBankAnswerUnreadable || v.Result != nil {
				t.Errorf("%d, %s: a success was believed: %+v", status, m, v)
			}
			if !m.ReadOnly() && v.Status != command.InDoubt {
				t.Errorf("%d, %s: %s, want IN_DOUBT", status, m, v.Status)
			}
		}
		v := setup(t, []answer{{status: status, body: data(`"ErrorCode":"131","State":0`)}}).call(t, invoiceCommand(t))
		if v.Status != command.Rejected || v.Code != command.CodeDealerLimitUndefined || v.BankFault != (status >= 500) {
			t.Errorf("%d: a refusal was lost: %+v", status, v)
		}
	}
	for m, body := range maps.All(success) {
		if v := setup(t, []answer{{status: 201, body: body}}).call(t, payloads(t)[m]); v.Status != command.Succeeded {
			t.Errorf("%s under 201: %+v", m, v)
		}
	}
}

func TestNothingSentWhenTheBankIsAway(t *testing.T) {
	t.Parallel()
	methods := methodsAt(t, "http://127.0.0.1:1")
	for _, m := range all {
		v := send(t, methods, payloads(t)[m])
		if v.Delivery != command.NotSent || v.Retry != backoff || v.Status != command.Failed || v.Code != command.CodeBankUnreachable || !v.BankFault {
			t.Errorf("%s: %+v", m, v)
		}
	}
}
