package loanapi

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

func TestRequestBytes(t *testing.T) {
	t.Parallel()
	const want = `{"IdentityNumber":"10000000146","ApplicationNumber":89999999,"EducationLevelCode":6,"ProfessionalCode":29,` +
		`"CampaignCode":6000999999,"MonthlyIncomeAmount":50000,"BranchCode":"S00330","SectorCode":1,` +
		`"CustomerEmploymentStatus":1,"ResidenceType":1}`
	c, b := scripted(t, answer{body: pageOffer})
	if v := c.send(t, pageCommand(t)); v.Status != command.Succeeded {
		t.Fatalf("verdict %+v", v)
	}
	if b.bodies[0] != want {
		t.Errorf("sent %s\nwant %s", b.bodies[0], want)
	}
	h := b.headers[0]
	if b.bearers[0] != "Bearer the-token" || h.Get("Content-Type") != "application/json" || h.Get("Traceparent") != traceparent {
		t.Errorf("headers %v", h)
	}
	for amount, digits := range map[string]string{
		"0.01": "0.01", "1234567.80": "1234567.8", "900.00": "900", "12345678901234.5": "12345678901234.5",
	} {
		p := pageCommand(t).Payload.(*command.SubmitIncome)
		p.MonthlyIncome = decimal(t, amount)
		body, err := encode(new(wire.Writer), p)
		if err != nil || !strings.Contains(string(body), `"MonthlyIncomeAmount":`+digits+`,`) {
			t.Errorf("%s is sent as %s, %v", amount, body, err)
		}
	}
}

func TestACallWithoutAPermitIsNotSent(t *testing.T) {
	t.Parallel()
	c, b := scripted(t, answer{body: pageOffer})
	call := command.Call{Traceparent: traceparent, Permit: func() error { return errors.New("lost") }}
	v := c.Methods()[command.LoanIncomeSubmit].Call(t.Context(), pageCommand(t), call)
	if v.Delivery != command.NotSent || v.Retry != command.RetryPause || !v.Uncounted || v.BankFault || v.DeadLetter || len(b.bodies) > 0 {
		t.Errorf("verdict %+v, %d calls", v, len(b.bodies))
	}
}

func TestIncompleteCommandIsNotSent(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*command.SubmitIncome){
		"income":     func(p *command.SubmitIncome) { p.MonthlyIncome = nil },
		"scale":      func(p *command.SubmitIncome) { p.MonthlyIncome = decimal(t, "1.001") },
		"sector":     func(p *command.SubmitIncome) { p.SectorCode = nil },
		"employment": func(p *command.SubmitIncome) { p.CustomerEmploymentStatus = nil },
		"residence":  func(p *command.SubmitIncome) { p.ResidenceType = nil },
	} {
		c, b := scripted(t, answer{body: pageOffer})
		cmd := pageCommand(t)
		spoil(cmd.Payload.(*command.SubmitIncome))
		v := c.send(t, cmd)
		if v.Status != command.Rejected || v.Delivery != command.NotSent || !v.DeadLetter || b.tokens+len(b.bodies) != 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
	c, _ := scripted(t, answer{body: pageOffer})
	if v := c.send(t, &command.Command{Payload: &command.QueryLimit{}}); v.Delivery != command.NotSent {
		t.Errorf("another command: %+v", v)
	}
}

func TestUnknownEnumsAreSentWithAWarning(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	b := &bank{token: answer{body: `{"access_token":"t"}`}, answers: []answer{{body: pageOffer}}}
	c := clientOf(t, b, slog.New(slog.NewJSONHandler(&logged, nil)), func(c *Config) { c.SectorCodes = []int32{1, 2} })
	cmd := pageCommand(t)
	p := cmd.Payload.(*command.SubmitIncome)
	p.SectorCode, p.CustomerEmploymentStatus, p.ResidenceType, p.BranchCode = new(int32(77)), new(int32(78)), new(int32(79)), "X80"
	if v := c.send(t, cmd); v.Status != command.Succeeded {
		t.Errorf("verdict %+v", v)
	}
	for _, field := range []string{"sectorCode", "customerEmploymentStatus", "residenceType", "branchCode", cmd.ID} {
		if !strings.Contains(logged.String(), field) {
			t.Errorf("no warning of %s", field)
		}
	}
	for _, value := range []string{"77", "78", "79", "X80", "10000000146"} {
		if strings.Contains(logged.String(), `"`+value) || strings.Contains(logged.String(), ":"+value+",") {
			t.Errorf("the log tells %s: %s", value, &logged)
		}
	}
	logged.Reset()
	if c.send(t, pageCommand(t)); logged.Len() != 0 {
		t.Errorf("warned of the page's example: %s", &logged)
	}
}

func TestOffer(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, answer{body: pageOffer})
	v := c.send(t, pageCommand(t))
	d := func(s string) *command.Decimal { return decimal(t, s) }
	n := func(i int64) *int64 { return &i }
	want := &command.LoanOffer{
		ApplicationNumber: 89999999, InternetDisplayType: n(3), ProductDescription: "TEST", CreditAmount: d("50000"),
		Maturity: n(12), ContractInterestRate: d("4.19"), MonthlyInstallmentAmount: d("5784.38"), InterestRate: d("4.19"),
		PricingBreakdownID: n(1899999), CreditAllocationFees: d("0"), InsurancePremiumAmount: d("1220.8"),
		AllocationFeesTaxesTotal: d("0"), DefaultInterestRate: d("65.364"),
		FirstInstallmentDate: command.Date{Year: 2025, Month: 5, Day: 24}, AppraisalAmount: d("0"), Bsmv: d("15"), Kkdf: d("15"),
		GracePeriodInstallmentCount: n(3), PaymentPeriod: n(3), InterestBalanceAmount: d("6.5"), AnnualCostRate: d("88.9778"),
		ShowInsuranceFee: n(1),
	}
	if diff := cmp.Diff(command.Result(want), v.Result); diff != "" {
		t.Error(diff)
	}
	v.Result, v.Detail = nil, ""
	if diff := cmp.Diff(command.Verdict{
		Status: command.Succeeded, Code: "loan.income.accepted", Category: command.CategoryOK, Delivery: command.Answered, HTTPStatus: 200,
		BankCode: "APIGW000000", BankMessage: "Tamamlandı", BankReference: "0d52eaa8-48b0-4473-b321-6acff31c5c6e",
	}, v); diff != "" {
		t.Error(diff)
	}
}

// Contract section 1.5: numbers as strings, nulls, absent and unknown members.
func TestOfferOddities(t *testing.T) {
	t.Parallel()
	const head = `{"Header":{"StatusCode":"ACBG000000"},"Data":{"ApplicationResult":`
	for name, tc := range map[string]struct {
		result string
		want   command.LoanOffer
	}{
		"nothing but the echo": {`{"ApplicationNumber":89999999}`, command.LoanOffer{}},
		"numbers as strings": {`{"ApplicationNumber":"89999999","CreditAmount":"98990.46","Maturity":"12","ShowInsuranceFee":"1"}`,
			command.LoanOffer{CreditAmount: decimal(t, "98990.46"), Maturity: new(int64(12)), ShowInsuranceFee: new(int64(1))}},
		"nulls, blanks and strangers": {`{"ApplicationNumber":89999999,"CreditAmount":null,"Bsmv":"","Maturity":" ","New":{"a":[1]}}`,
			command.LoanOffer{}},
		"number for a description": {`{"ApplicationNumber":89999999,"ProductDescription":7}`, command.LoanOffer{ProductDescription: "7"}},
		".NET's least date":        {`{"ApplicationNumber":89999999,"FirstInstallmentDate":"0001-01-01T00:00:00"}`, command.LoanOffer{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := scripted(t, answer{body: head + tc.result + `}}`})
			v := c.send(t, pageCommand(t))
			tc.want.ApplicationNumber = 89999999
			if diff := cmp.Diff(command.Result(&tc.want), v.Result); diff != "" || v.Status != command.Succeeded {
				t.Errorf("%+v: %s", v, diff)
			}
		})
	}
}

func TestAnswersThatAreNoSuccess(t *testing.T) {
	t.Parallel()
	const head = `{"Header":{"StatusCode":"APIGW000000"},"Data":`
	for name, a := range map[string]answer{
		"no data":                 {body: head + `null}`},
		"no result":               {body: head + `{}}`},
		"result is text":          {body: head + `{"ApplicationResult":""}}`},
		"result is a list":        {body: head + `{"ApplicationResult":[{"ApplicationNumber":89999999}]}}`},
		"somebody else's offer":   {body: head + `{"ApplicationResult":{"ApplicationNumber":89999998}}}`},
		"nobody's offer":          {body: head + `{"ApplicationResult":{"ApplicationNumber":null}}}`},
		"decimal with a comma":    {body: head + `{"ApplicationResult":{"ApplicationNumber":89999999,"Bsmv":"1.234,56"}}}`},
		"success with HTTP 400":   {status: 400, body: pageOffer},
		"success with HTTP 500":   {status: 500, body: pageOffer},
		"successful, says header": {body: `{"Header":{"StatusCode":"ACBG000000"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, b := scripted(t, a)
			v := c.send(t, pageCommand(t))
			if v.Status != command.InDoubt || v.Code != "bank.answer_unreadable" || v.Category != command.CategoryProtocol ||
				v.Retry != command.RetryNever || !v.DeadLetter || !v.BankFault || v.Result != nil || v.BankCode == "" || len(b.bodies) != 1 {
				t.Errorf("verdict %+v after %d calls", v, len(b.bodies))
			}
		})
	}
}

// Contract section 6: there is nothing to query; one resend and no more.
func TestUnansweredIsInDoubtWithOneResend(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		a    answer
		code command.Code
	}{
		"cut":              {answer{cut: true}, "bank.no_answer"},
		"502":              {answer{status: 502, body: "<html>"}, "bank.http_error"},
		"408":              {answer{status: 408}, "bank.http_error"},
		"firewall's page":  {answer{body: "<html>blocked</html>"}, "bank.answer_unreadable"},
		"empty":            {answer{}, "bank.answer_unreadable"},
		"not an envelope":  {answer{body: `{"Data":{}}`}, "bank.answer_unreadable"},
		"header is a list": {answer{body: `{"Header":[]}`}, "bank.answer_unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := scripted(t, tc.a)
			v := c.send(t, pageCommand(t))
			if v.Status != command.InDoubt || v.Code != tc.code || v.Retry != command.RetryBackoff || v.Resends != 1 ||
				!v.DeadLetter || !v.BankFault || v.Delivery != command.Unanswered {
				t.Errorf("verdict %+v", v)
			}
		})
	}
}

func TestTokenRefusedOnceIsReplaced(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]answer{
		"401 in plain": {status: 401, body: "<html>"}, "401 of the bank": refusal(401, "ACBG000001"),
		"400": refusal(400, "ACBG000001"), "200": refusal(200, "ACBG000002"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, b := scripted(t, refused, answer{body: pageOffer})
			if v := c.send(t, pageCommand(t)); v.Status != command.Succeeded || b.tokens != 2 || len(b.bodies) != 2 {
				t.Errorf("verdict %+v after %d tokens and %d calls", v, b.tokens, len(b.bodies))
			}
			c, b = scripted(t, refused)
			v := c.send(t, pageCommand(t))
			if v.Status != command.Failed || v.Retry != command.RetryPause || b.tokens != 2 || len(b.bodies) != 2 {
				t.Errorf("verdict %+v after %d tokens and %d calls", v, b.tokens, len(b.bodies))
			}
			m := c.Methods()[command.LoanIncomeSubmit].(bankapi.Gate)
			if !m.Shut() {
				t.Error("the gate stands open")
			}
		})
	}
}

func TestNoTokenNoCall(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		a     answer
		code  command.Code
		retry command.Retry
		hold  bankapi.HoldReason
	}{
		"secret":     {refusal(401, "ACBG000005"), "gateway.secret_invalid", command.RetryPause, bankapi.HoldSecretRefused},
		"locked":     {refusal(400, "ACBG000006"), "gateway.app_locked", command.RetryPause, bankapi.HoldSecretRefused},
		"oauth":      {answer{status: 401, body: `{"error":"invalid_client"}`}, "gateway.secret_invalid", command.RetryPause, bankapi.HoldSecretRefused},
		"address":    {refusal(400, "ACBG000010"), "gateway.ip_not_allowed", command.RetryPause, bankapi.HoldPaused},
		"plan":       {refusal(400, "ACBG000003"), "gateway.plan_limit", command.RetryDelay, bankapi.HoldDelayed},
		"bank error": {refusal(400, "ACBG000008"), "loan.bank_error", command.RetryBackoff, ""},
		"down":       {answer{status: 503}, "bank.http_error", command.RetryBackoff, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bank{token: tc.a}
			c := clientOf(t, b, nil, nil)
			v := c.send(t, pageCommand(t))
			if v.Status != command.Failed || v.Delivery != command.NotSent || v.Code != tc.code || v.Retry != tc.retry || v.DeadLetter {
				t.Errorf("verdict %+v", v)
			}
			if hold := c.Groups()[1].State().Hold; hold != tc.hold {
				t.Errorf("held by %q, want %q", hold, tc.hold)
			}
			if tc.hold == "" {
				return
			}
			for range 20 {
				c.send(t, pageCommand(t))
			}
			gate := c.Methods()[command.LoanIncomeSubmit].(bankapi.Gate)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if b.tokens != 1 || !gate.Shut() || gate.Wait(ctx) == nil {
				t.Errorf("%d token calls", b.tokens)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{HTTP: bankapi.HTTPConfig{BaseURL: "https://bank.example.com"}, Token: bankapi.TokenConfig{
		ClientID: "c", ClientSecret: secret.Source{File: secretFile(t, "s")},
	}}
	for want, adjust := range map[string]func(*Config){
		"":                     func(*Config) {},
		"http: base_url":       func(c *Config) { c.HTTP.BaseURL = "" },
		"token: client_id":     func(c *Config) { c.Token.ClientID = "" },
		"loan: rate":           func(c *Config) { c.Loan.Rate = -1 },
		"token_calls: rate":    func(c *Config) { c.TokenCalls.Rate = -1 },
		"path: want":           func(c *Config) { c.Path = "x" },
		"tls: ca_file: ":       func(c *Config) { c.HTTP.TLS.CAFile = "/nowhere/at/all" },
		"reading secret: open": func(c *Config) { c.Token.ClientSecret.File = "/nowhere/at/all" },
	} {
		cfg := good
		adjust(&cfg)
		_, err := New(cfg, nil, nil)
		if (want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
