package loanapi

import (
	"context"
	"os"
	"testing"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

// simulated is the client in front of the bank simulator, over HTTP.
func simulated(t *testing.T, adjust func(*Config)) (*Client, *banksim.Bank) {
	t.Helper()
	b := banksim.New(banksim.Config{})
	return clientOf(t, b.Handler(), nil, adjust), b
}

func fault(t *testing.T, b *banksim.Bank, f banksim.Fault) {
	t.Helper()
	if f.Match.Method == "" {
		f.Match.Method = banksim.MethodLoan
	}
	if _, err := b.AddFault(f); err != nil {
		t.Fatal(err)
	}
}

func calls(b *banksim.Bank, method string) (n int) {
	for _, c := range b.Calls(0) {
		if c.Method == method {
			n++
		}
	}
	return n
}

func TestSimulatorTakesOurRequest(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]banksim.Kind{
		"plain": "", "numbers as strings": banksim.FaultNumbersAsText, "collapsed lists": banksim.FaultCollapseLists,
		"expired token": banksim.FaultExpireTokens, "revoked token": banksim.FaultRevokeTokens,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, b := simulated(t, nil)
			if kind != "" {
				fault(t, b, banksim.Fault{Kind: kind, Times: 1})
			}
			v := c.send(t, pageCommand(t))
			offer, ok := v.Result.(*command.LoanOffer)
			if v.Status != command.Succeeded || !ok || offer.MonthlyInstallmentAmount == nil {
				t.Errorf("verdict %+v", v)
			}
			if complaints := b.Complaints(); len(complaints) != 0 {
				t.Errorf("the bank complains: %+v", complaints)
			}
		})
	}
}

func TestSimulatorRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil  func(*command.SubmitIncome)
		code   command.Code
		status command.Status
	}{
		"identity":   {func(p *command.SubmitIncome) { p.IdentityNumber = "10000000147" }, "loan.identity_invalid", command.Rejected},
		"employment": {func(p *command.SubmitIncome) { p.CustomerEmploymentStatus = new(int32(9)) }, "loan.request_malformed", command.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := simulated(t, nil)
			cmd := pageCommand(t)
			tc.spoil(cmd.Payload.(*command.SubmitIncome))
			if v := c.send(t, cmd); v.Code != tc.code || v.Status != tc.status || v.Delivery != command.Answered {
				t.Errorf("verdict %+v", v)
			}
		})
	}
}

func TestSimulatorMisbehaves(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault banksim.Fault
		code  command.Code
	}{
		"answer lost after the effect": {banksim.Fault{Kind: banksim.FaultAnswerLost}, "bank.no_answer"},
		"request lost":                 {banksim.Fault{Kind: banksim.FaultRequestLost}, "bank.no_answer"},
		"reset":                        {banksim.Fault{Kind: banksim.FaultReset}, "bank.no_answer"},
		"half a body":                  {banksim.Fault{Kind: banksim.FaultHalfBody}, "bank.no_answer"},
		"oversize":                     {banksim.Fault{Kind: banksim.FaultOversize, Size: 9 << 20}, "bank.answer_unreadable"},
		"HTML":                         {banksim.Fault{Kind: banksim.FaultHTML}, "bank.answer_unreadable"},
		"empty":                        {banksim.Fault{Kind: banksim.FaultEmpty}, "bank.answer_unreadable"},
		"503":                          {banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 503}, "bank.http_error"},
		"success without an offer":     {banksim.Fault{Kind: banksim.FaultCode, Code: "ACBG000000"}, "bank.answer_unreadable"},
		"system error":                 {banksim.Fault{Kind: banksim.FaultCode, Code: "ACBG000008"}, "loan.bank_error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, b := simulated(t, nil)
			fault(t, b, tc.fault)
			v := c.send(t, pageCommand(t))
			if v.Status != command.InDoubt || v.Code != tc.code || !v.DeadLetter || !v.BankFault || v.Resends > 1 {
				t.Errorf("verdict %+v", v)
			}
			if n := calls(b, banksim.MethodLoan); n != 1 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

func TestSimulatorHangs(t *testing.T) {
	t.Parallel()
	c, b := simulated(t, func(c *Config) { c.HTTP.Timeout, c.HTTP.DialTimeout = 300*time.Millisecond, 200*time.Millisecond })
	fault(t, b, banksim.Fault{Kind: banksim.FaultHang})
	v := c.Methods()[command.LoanIncomeSubmit].Call(context.WithoutCancel(t.Context()), pageCommand(t), command.Call{})
	if v.Status != command.InDoubt || v.Code != "bank.no_answer" || v.Delivery != command.Unanswered {
		t.Errorf("verdict %+v", v)
	}
}

// The simulator locks the application at the fifth wrong secret: it must never
// see more than one, and the right one opens the gate by itself.
func TestWrongSecretNeverLocksTheApplication(t *testing.T) {
	t.Parallel()
	path := secretFile(t, "wrong")
	c, b := simulated(t, func(c *Config) { c.Token.ClientSecret = secret.Source{File: path} })
	router := bankapi.NewRouter(c.Methods())
	for range 50 {
		if v := router.Call(t.Context(), pageCommand(t), command.Call{}); v.Retry != command.RetryPause || v.Delivery != command.NotSent {
			t.Fatalf("verdict %+v", v)
		}
	}
	if n := calls(b, banksim.MethodToken); n != 1 || !router.Shut(command.LoanIncomeSubmit) {
		t.Fatalf("%d token calls", n)
	}
	if err := os.WriteFile(path, []byte(banksim.DefaultClientSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := router.Wait(t.Context(), command.LoanIncomeSubmit); err != nil {
		t.Fatal(err)
	}
	if v := router.Call(t.Context(), pageCommand(t), command.Call{}); v.Status != command.Succeeded {
		t.Errorf("verdict %+v", v)
	}
}
