package loanapi

import (
	"testing"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// Whatever comes back: no success without an offer for the right application,
// and every verdict's code is one that subscribers know.
func FuzzJudge(f *testing.F) {
	for _, body := range []string{
		pageOffer, refusal(400, "ACBG000007").body, "<html>", "", "null", `{"Header":{"StatusCode":0}}`,
		`{"Header":{"StatusCode":"APIGW000000"},"Data":{"ApplicationResult":{"ApplicationNumber":"89999999","Bsmv":"1,5"}}}`,
		`{"Header":{"StatusCode":"APIGW000000"},"Data":{"ApplicationResult":[]}}`,
	} {
		for _, status := range []int{200, 400, 401, 500} {
			f.Add([]byte(body), status)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		v := judge(new(wire.Reader), bankapi.Exchange{Delivery: command.Answered, Status: status, Body: body}, 89999999)
		if v.Code == "" || v.Category == "" || v.Status == "" || v.Retry == command.RetryReconcile {
			t.Errorf("verdict %+v", v)
		}
		offer, ok := v.Result.(*command.LoanOffer)
		if (v.Status == command.Succeeded) != ok || (ok && (offer.ApplicationNumber != 89999999 || status != 200)) {
			t.Errorf("verdict %+v", v)
		}
		if v.BankMessage != bankapi.Scrub(v.BankMessage) {
			t.Errorf("message %q is not scrubbed", v.BankMessage)
		}
	})
}
