package bankapi

import (
	"context"
	"strings"
	"testing"

	"bankprocessor/internal/command"
)

func TestReference(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                     "",
		"ACBH000202":                           "ACBH000202",
		"21042803090":                          "21042803090", // eleven digits, but no identity number
		"0d52eaa8-48b0-4473-b321-6acff31c5c6e": "0d52eaa8-48b0-4473-b321-6acff31c5c6e",
		"10000000146":                          "***",
		"of 10000000146":                       "of ***",
		"ref ayse@example.com":                 "ref ***",
		strings.Repeat("x", 2<<20):             strings.Repeat("x", 64),
		strings.Repeat("ş", 100):               strings.Repeat("ş", 32),
	} {
		if got := Reference(in); got != want {
			t.Errorf("Reference(%.20q…) = %q, want %q", in, got, want)
		}
	}
}

type talkative struct{ fakeMethod }

func (*talkative) Call(context.Context, *command.Command, command.Call) command.Verdict {
	return command.Verdict{BankCode: "ACBH000202 ayse@example.com", BankReference: "10000000146"}
}

func TestRouterLetsNoPersonThrough(t *testing.T) {
	t.Parallel()
	r := NewRouter(map[command.Name]Method{command.LoanIncomeSubmit: &talkative{}})
	v := r.Call(t.Context(), &command.Command{Payload: &command.SubmitIncome{}}, command.Call{})
	if v.BankCode != "ACBH000202 ***" || v.BankReference != "***" {
		t.Errorf("code %q, reference %q", v.BankCode, v.BankReference)
	}
}
