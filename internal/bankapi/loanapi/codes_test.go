package loanapi

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/command"
)

// One entry per row of contract section 5.4; the bank answers them with HTTP 400.
func TestCodes(t *testing.T) {
	t.Parallel()
	failed := func(code command.Code, category command.Category, retry command.Retry) command.Verdict {
		return command.Verdict{Status: command.Failed, Code: code, Category: category, Retry: retry, Uncounted: true}
	}
	rejected := func(code command.Code, category command.Category) command.Verdict {
		return command.Verdict{Status: command.Rejected, Code: code, Category: category}
	}
	malformed := rejected("loan.request_malformed", command.CategoryValidation)
	malformed.DeadLetter = true
	planLimit := failed("gateway.plan_limit", command.CategoryThrottled, command.RetryDelay)
	planLimit.DeadLetter = true
	bankError := command.Verdict{Status: command.InDoubt, Code: "loan.bank_error", Category: command.CategoryBankError,
		Retry: command.RetryBackoff, Resends: 1, DeadLetter: true, BankFault: true}
	unavailable := command.Verdict{Status: command.Failed, Code: "loan.service_unavailable", Category: command.CategoryBankError,
		Retry: command.RetryBackoff, Resends: 3, DeadLetter: true, BankFault: true}
	unknown := command.Verdict{Status: command.InDoubt, Code: "loan.code_unknown", Category: command.CategoryProtocol, DeadLetter: true}

	for code, want := range map[string]command.Verdict{
		"ACBG000001": failed("gateway.token_invalid", command.CategoryAuth, command.RetryPause),
		"ACBG000002": failed("gateway.token_invalid", command.CategoryAuth, command.RetryPause),
		"ACBG000003": planLimit,
		"ACBG000004": planLimit,
		"ACBG000005": failed("gateway.secret_invalid", command.CategoryAuth, command.RetryPause),
		"ACBG000006": failed("gateway.app_locked", command.CategoryAuth, command.RetryPause),
		"ACBG000007": malformed,
		"ACBG000008": bankError,
		"ACBG000009": unavailable,
		"ACBG000010": failed("gateway.ip_not_allowed", command.CategoryAuth, command.RetryPause),
		"ACBH000101": rejected("loan.identity_invalid", command.CategoryValidation),
		"ACBH000146": rejected("loan.identity_invalid", command.CategoryValidation),
		"ACBH000202": rejected("loan.bank_rejected", command.CategoryBusiness),
		"ACBH":       rejected("loan.bank_rejected", command.CategoryBusiness),
		"ACBG000011": unknown,
		"acbg000007": unknown,
		"APIGW00000": unknown,
		"999":        unknown,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			c, _ := scripted(t, refusal(400, code))
			got := c.send(t, pageCommand(t))
			want.Delivery, want.HTTPStatus = command.Answered, 400
			want.BankCode, want.BankMessage, want.BankReference = code, "Hata, tel ***", "object-1"
			got.Detail = ""
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSuccessCodes(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"APIGW000000", "ACBG000000", " APIGW000000 "} {
		c, _ := scripted(t, answer{body: `{"Header":{"StatusCode":"` + code + `"},"Data":{"ApplicationResult":{"ApplicationNumber":89999999}}}`})
		if v := c.send(t, pageCommand(t)); v.Status != command.Succeeded || v.Code != "loan.income.accepted" || v.Category != command.CategoryOK {
			t.Errorf("%q: %+v", code, v)
		}
	}
}

// The body is read before the status; the status still says what the code does
// not.
func TestCodesUnderOtherStatuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		code   string
		want   command.Code
		retry  command.Retry
		fault  bool
	}{
		"known code with 200":        {200, "ACBG000007", "loan.request_malformed", command.RetryNever, false},
		"known code with 503":        {503, "ACBH000202", "loan.bank_rejected", command.RetryNever, true},
		"unknown code with 500":      {500, "XYZ", "loan.code_unknown", command.RetryNever, true},
		"unknown code with 429":      {429, "XYZ", "gateway.throttled", command.RetryDelay, false},
		"unknown code with 403":      {403, "XYZ", "gateway.throttled", command.RetryDelay, false}, // Retry-After is set
		"unknown code with 404":      {404, "XYZ", "bank.endpoint_unknown", command.RetryPause, false},
		"plan limit and Retry-After": {400, "ACBG000003", "gateway.plan_limit", command.RetryDelay, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := refusal(tc.status, tc.code)
			a.header = map[string]string{"Retry-After": "17"}
			c, _ := scripted(t, a)
			v := c.send(t, pageCommand(t))
			if v.Code != tc.want || v.Retry != tc.retry || v.BankFault != tc.fault || v.BankCode != tc.code || v.RetryAfter != 17*time.Second {
				t.Errorf("verdict %+v", v)
			}
		})
	}
}

func TestSecretRefusedOnTheBusinessCallStopsTokens(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ACBG000005", "ACBG000006"} {
		c, b := scripted(t, refusal(401, code))
		c.send(t, pageCommand(t))
		for range 20 {
			c.send(t, pageCommand(t))
		}
		if b.tokens != 1 || len(b.bodies) != 1 || c.Groups()[1].State().Hold != bankapi.HoldSecretRefused {
			t.Errorf("%s: %d token calls, %d calls", code, b.tokens, len(b.bodies))
		}
	}
}
