package endtoend

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
)

var bankMethods = map[command.Name]string{
	command.CustomerCreate: banksim.MethodCreate, command.CustomerUpdate: banksim.MethodUpdate,
	command.CustomerComplete: banksim.MethodComplete, command.DBSLimitQuery: banksim.MethodLimit,
	command.DBSInvoiceUpsert: banksim.MethodInvoice, command.DBSInvoiceResultsQuery: banksim.MethodResults,
	command.LoanIncomeSubmit: banksim.MethodLoan,
}

// struck sends a command whose calls the fault strikes, and waits for its end. The
// same canaries serve for all of them.
func (p *privacy) struck(name command.Name, f banksim.Fault) *command.Outcome {
	p.t.Helper()
	f.Match.Method = bankMethods[name]
	end := p.fault(f)
	defer end()
	if p.usual[name] == nil {
		p.usual[name] = p.fields(name)
	}
	fields := maps.Clone(p.usual[name])
	switch name {
	case command.LoanIncomeSubmit:
		p.flows++
		fields["applicationNumber"] = p.flows
	case command.DBSInvoiceUpsert:
		fields["invoiceNumber"] = fmt.Sprint("P-", p.next())
	}
	return p.take(name, fields)
}

// bankRefusals tell of the person in the bank's own words.
func (p *privacy) bankRefusals() {
	p.t.Helper()
	for name, codes := range map[command.Name][]string{
		command.DBSLimitQuery:          {"301", "304", "999", "777"},
		command.DBSInvoiceUpsert:       {"101", "129", "130", "106", "128", "117", "999", "777"},
		command.DBSInvoiceResultsQuery: {"202", "203", "204", "999"},
		command.LoanIncomeSubmit:       {"ACBG000007", "ACBG000008", "ACBG000009", "ACBH000101", "ACBH000202", "XYZ"},
	} {
		for _, code := range codes {
			o := p.struck(name, banksim.Fault{Kind: banksim.FaultCode, Code: code, Message: p.message()})
			if o.Status == command.Succeeded {
				p.t.Errorf("%s: code %s ended as %s", name, code, o.Status)
			}
		}
	}
	for name := range bankMethods {
		if name == command.LoanIncomeSubmit {
			continue
		}
		for _, e := range []banksim.PlatformError{
			{Code: 300001, Description: p.message()}, {Code: 1, Description: "InvalidJson [CitizenshipNumber] " + p.message()}, {Code: 77, Description: p.message()},
		} {
			p.struck(name, banksim.Fault{Kind: banksim.FaultCode, Error: &e})
		}
	}
}

// lies are answers that are none of the bank's, or that break its own rules.
func (p *privacy) lies() {
	p.t.Helper()
	for name := range bankMethods {
		page := p.page()
		for _, status := range []int{200, 302, 400, 408, 409, 500, 503} {
			p.struck(name, banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: status, Body: page, Headers: map[string]string{
				"Content-Type": "text/html", "Location": "/login?tckn=" + p.identity(), "Set-Cookie": "mail=" + p.email(), "Server": p.text("server"),
			}})
		}
		for _, status := range []int{401, 403, 404, 429} { // these make it wait
			p.struck(name, banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: status, Times: 1, Body: page, Headers: map[string]string{
				"Www-Authenticate": "Bearer realm=" + p.identity(),
			}})
		}
		for _, body := range p.broken(name) {
			body = strings.ReplaceAll(body, thisApplication, fmt.Sprint(p.flows+1))
			p.struck(name, banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 200, Body: body})
		}
	}
}

// thisApplication stands for the number of the application that is answered.
const thisApplication = "THIS-APPLICATION"

// broken are envelopes with values where they do not belong.
func (p *privacy) broken(name command.Name) []string {
	q := func(s string) string { return string(must1(json.Marshal(s))) }
	page := q(p.page())
	bodies := []string{
		page, `[` + page + `]`, `{"Data":` + page + `}`, `{"Error":` + page + `}`, `{"Header":` + page + `}`,
		`{"Data":{"State":2,` + q(p.text("member")) + `:` + q(p.identity()) + `,` + q(p.text("member")) + `}}`,
		`{"Error":{"Code":` + q(p.text("code")) + `,"Description":` + q(p.message()) + `,"Parameters":[` + page + `]}}`,
		`{"Data":{"ProcessId":` + q(p.text("process")) + `,"CustomerId":` + fmt.Sprint(p.number("customer number")) + `,"State":2}}`,
		`{"Data":{"ProcessId":1,"CustomerId":2,"State":` + q(p.identity()) + `}}`,
	}
	switch name {
	case command.DBSLimitQuery:
		bodies = append(bodies,
			`{"Data":{"DBSLimitResult":[{"ResultCode":"300","ResultMessage":`+q(p.message())+`},{"SubscriberNumber":"0222","SubscriberName":`+q(p.text("dealer name"))+
				`,"AccountNumber":`+q(p.text("account"))+`,"AccountBalance":`+p.amount("balance")+`,"DdaLimit":`+p.amount("limit")+`}]}}`,
			`{"Data":{"DBSLimitResult":[{"ResultCode":"300"},{"SubscriberNumber":"0222","DdaLimit":`+q(p.text("limit"))+`}]}}`)
	case command.DBSInvoiceUpsert:
		bodies = append(bodies,
			`{"Data":{"ErrorCode":"000","State":2,"RefNumber":`+q(p.text("reference"))+`}}`,
			`{"Data":{"ErrorCode":"000","State":2,"Explanation":`+q(p.message())+`,"MobilePhoneNumber":"+90`+p.phone()+`","ConfirmationToken":`+q(p.text("token"))+`}}`)
	case command.DBSInvoiceResultsQuery:
		bodies = append(bodies,
			`{"Data":{"DBSInvoiceResult":[{"ResultCode":"000","ResultMessage":`+q(p.message())+`},{"InvoiceNumber":"P-0","SubscriberName":`+q(p.text("dealer name"))+
				`,"Explanation":`+q(p.message())+`,"PaymentAmount":`+p.amount("payment")+`}]}}`,
			`{"Data":{"DBSInvoiceResult":[{"ResultCode":"000"},{"InvoiceNumber":"P-0","InvoiceDate":`+q(p.text("date"))+`}]}}`)
	case command.LoanIncomeSubmit:
		header := `{"Header":{"StatusCode":"APIGW000000","StatusDescription":` + q(p.message()) + `,"ObjectID":"o-1"},"Data":{"ApplicationResult":{`
		bodies = append(bodies,
			header+`"ApplicationNumber":`+q(p.text("application"))+`}}}`,
			header+`"ApplicationNumber":`+thisApplication+`,"IdentityNumber":`+q(p.identity())+`,"ProductDescription":`+q(p.message())+`,"CreditAmount":`+p.amount("offer")+`}}}`,
			header+`"ApplicationNumber":`+thisApplication+`,"CreditAmount":`+q(p.text("offer"))+`}}}`)
	}
	return bodies
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (p *privacy) lostAnswers() {
	p.t.Helper()
	for name := range bankMethods {
		for _, kind := range []banksim.Kind{
			banksim.FaultAnswerLost, banksim.FaultRequestLost, banksim.FaultReset, banksim.FaultHalfBody, banksim.FaultEmpty, banksim.FaultHTML,
		} {
			p.struck(name, banksim.Fault{Kind: kind})
		}
	}
}

// unaskedAnswer is more than was asked for. net/http, which serves the banks that are
// called over h2, prints it to the standard logger, word for word.
func (p *privacy) unaskedAnswer() {
	p.t.Helper()
	p.answerUnasked(bankapi.HTTPConfig{}, func() {})
	p.answerUnasked(bankapi.HTTPConfig{HTTP2: true}, func() {
		await(p.t, 10*time.Second, "word of the standard log", func() bool { return strings.Contains(p.standard.String(), "withheld") })
	})
}

// answerUnasked makes one call, and waits as told before the connection goes.
func (p *privacy) answerUnasked(cfg bankapi.HTTPConfig, wait func()) {
	p.t.Helper()
	listener, err := new(net.ListenConfig).Listen(p.t.Context(), "tcp", "127.0.0.1:0")
	must(p.t, err)
	answer := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + p.page()
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, answer)
		}
		_, _ = io.Copy(io.Discard, conn) // until the caller hangs up
	}()
	cfg.BaseURL = "http://" + listener.Addr().String()
	client, err := bankapi.NewClient(cfg)
	must(p.t, err)
	if e := client.Post(p.t.Context(), bankapi.Request{URL: client.URL("/"), Body: []byte("{}")}); e.Delivery != command.Answered {
		p.t.Errorf("no answer: %v", e.Err)
	}
	wait()
	client.CloseIdle()
	must(p.t, listener.Close())
	<-served
}
