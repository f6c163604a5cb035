package banksim_test

import (
	"net/http"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
)

// TestLoanCodes has a row for every code of contract section 5.4 that is a rule;
// the gateway's own moods come as faults.
func TestLoanCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code   string
		name   string
		status int
		body   string
		fault  bool
	}{
		{code: "APIGW000000", name: "an offer", status: 200, body: income().String()},
		{code: "ACBG000000", name: "successful without an offer", status: 200, body: income().String(), fault: true},
		{code: "ACBG000003", name: "plan limit", status: 400, body: income().String(), fault: true},
		{code: "ACBG000004", name: "plan quota", status: 400, body: income().String(), fault: true},
		{code: "ACBG000007", name: "no JSON", status: 400, body: `{"IdentityNumber":`},
		{code: "ACBG000007", name: "a number as text", status: 400, body: income().with("ApplicationNumber", "89999999").String()},
		{code: "ACBG000007", name: "no branch", status: 400, body: income().with("BranchCode", nil).String()},
		{code: "ACBG000007", name: "unknown employment", status: 400, body: income().with("CustomerEmploymentStatus", n("9")).String()},
		{code: "ACBG000007", name: "no income", status: 400, body: income().with("MonthlyIncomeAmount", n("0")).String()},
		{code: "ACBG000008", name: "system error", status: 400, body: income().String(), fault: true},
		{code: "ACBG000009", name: "not performed", status: 400, body: income().String(), fault: true},
		{code: "ACBG000010", name: "wrong address", status: 400, body: income().String(), fault: true},
		{code: "ACBH000101", name: "identity of the page", status: 400, body: income().with("IdentityNumber", "").String()},
		{code: "ACBH000101", name: "identity with a wrong digit", status: 400, body: income().with("IdentityNumber", "10000000147").String()},
		{code: "ACBH000146", name: "identity not found", status: 400, body: income().String(), fault: true},
		{code: "ACBH000202", name: "income too small", status: 400, body: income().with("MonthlyIncomeAmount", n("999.99")).String()},
		{code: "XYZ", name: "unknown code", status: 400, body: income().String(), fault: true},
	}
	for _, tt := range tests {
		t.Run(tt.code+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			if tt.fault {
				b.fault(banksim.Fault{Kind: banksim.FaultCode, Code: tt.code, Match: banksim.Match{Method: banksim.MethodLoan}})
			}
			a := b.loan(b.token(), tt.body)
			if a.status != tt.status {
				t.Errorf("HTTP %d, want %d", a.status, tt.status)
			}
			a.want("Header.StatusCode", tt.code)
			if id, _ := a.at("Header.ObjectID").(string); len(id) != 36 {
				t.Errorf("ObjectID %q", id)
			}
			if tt.code != "APIGW000000" {
				a.want("Data", "(absent)")
			}
			if got := b.last(); got.Code != tt.code || got.Applied != (tt.code == "APIGW000000") {
				t.Errorf("journal has %+v", got)
			}
		})
	}
}

// TestOffer is the unit proof of contract section 3.7, from the page's example.
func TestOffer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.loan(b.token(), income().String()).ok()
	const result = "Data.ApplicationResult."
	a.want(result+"MonthlyInstallmentAmount", "5784.38", result+"AnnualCostRate", "88.9778",
		result+"DefaultInterestRate", "65.364", result+"InterestBalanceAmount", "69412.56",
		result+"ContractInterestRate", "4.19", result+"InterestRate", "4.19", result+"Bsmv", "15", result+"Kkdf", "15",
		result+"CreditAmount", "50000", result+"Maturity", "12", result+"InsurancePremiumAmount", "1220.8",
		result+"ApplicationNumber", "89999999", result+"IdentityNumber", "", result+"ProductDescription", "TEST",
		result+"FirstInstallmentDate", "2026-12-20T00:00:00", result+"TopLevelAllocationRatio", "(absent)",
		"Header.StatusDescription", "Tamamlandı", "Header.StatusDescriptionEn", "Completed")

	b.loan(b.token(), income().with("MonthlyIncomeAmount", n("60000")).String()).ok()
	loans := b.bank.Ledger().Loans
	if len(loans) != 1 || loans[0].Submissions != 2 || loans[0].MonthlyIncome.Reveal() != "60000" {
		t.Errorf("a repeat is counted and its income kept: %+v", loans)
	}
	if key := b.last().Key; key != "89999999" {
		t.Errorf("key %q", key)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	unauthorized := func(a answer, code string) {
		a.t.Helper()
		if a.status != http.StatusUnauthorized {
			a.t.Errorf("HTTP %d, want 401", a.status)
		}
		a.want("Header.StatusCode", code)
	}
	t.Run("none, made up, revoked, expired", func(t *testing.T) {
		t.Parallel()
		b := setup(t, func(c *banksim.Config) { c.TokenLifetime = time.Minute })
		unauthorized(b.loan("", income().String()), "ACBG000001")
		unauthorized(b.loan("made-up", income().String()), "ACBG000001")
		token := b.token()
		b.bank.RevokeTokens()
		unauthorized(b.loan(token, income().String()), "ACBG000002")
		token = b.token()
		b.bank.SetClockOffset(time.Minute - 1)
		b.loan(token, income().String()).ok()
		b.bank.SetClockOffset(time.Minute)
		unauthorized(b.loan(token, income().String()), "ACBG000001")
		token = b.token()
		b.bank.ExpireTokens()
		unauthorized(b.loan(token, income().String()), "ACBG000001")
	})
	t.Run("a grant", func(t *testing.T) {
		t.Parallel()
		b := setup(t, func(c *banksim.Config) { c.TokenLifetime = 90 * time.Second })
		b.grant(banksim.DefaultClientID, banksim.DefaultClientSecret).ok().want("token_type", "bearer", "expires_in", "90", "scope", "loan")
		r := b.request(http.MethodPost, banksim.DefaultTokenPath, "application/x-www-form-urlencoded", "grant_type=client_credentials&scope=loan")
		r.SetBasicAuth(banksim.DefaultClientID, banksim.DefaultClientSecret)
		b.do(r).ok().want("token_type", "bearer")
	})
	t.Run("a malformed grant", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		for _, form := range []string{"grant_type=password&scope=loan", "grant_type=client_credentials", "%zz"} {
			r := b.request(http.MethodPost, banksim.DefaultTokenPath, "application/x-www-form-urlencoded", form)
			r.SetBasicAuth(banksim.DefaultClientID, banksim.DefaultClientSecret)
			if a := b.do(r); a.status != http.StatusBadRequest {
				t.Errorf("%s: HTTP %d, want 400", form, a.status)
			}
		}
	})
	t.Run("five wrong secrets lock the application", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		token := b.token()
		unauthorized(b.grant("somebody", "wrong"), "ACBG000005")
		for range 4 {
			unauthorized(b.grant(banksim.DefaultClientID, "wrong"), "ACBG000005")
		}
		b.token() // a right one starts the count anew
		for range 5 {
			a := b.grant(banksim.DefaultClientID, "wrong")
			unauthorized(a, "ACBG000005")
			a.want("error", "invalid_client")
		}
		unauthorized(b.grant(banksim.DefaultClientID, banksim.DefaultClientSecret), "ACBG000006")
		unauthorized(b.loan(token, income().String()), "ACBG000006")
		b.bank.UnlockApp()
		b.loan(b.token(), income().String()).ok()
	})
}
