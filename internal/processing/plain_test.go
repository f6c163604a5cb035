package processing

import (
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

// The bank may carry out what it has not answered a little later. Nothing else of the
// key is sent until then, and nothing again.
func TestAWriteWithoutAnAnswerIsGivenTimeToLand(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		payload command.Payload
		answers []command.Verdict
		status  command.Status
		least   time.Duration // until the outcome
	}{
		"answered when sent again": {loan(), vs(lostRepeatable(1), ok(command.CodeLoanIncomeAccepted)), command.Succeeded, 2 * time.Second},
		"lost again":               {loan(), vs(lostRepeatable(1), lostRepeatable(1)), command.InDoubt, 4 * time.Second},
		"freely repeatable":        {create(), vs(lostRepeatable(1), ok(command.CodeCustomerCreated)), command.Succeeded, 2 * time.Second},
		"answered at once":         {loan(), vs(ok(command.CodeLoanIncomeAccepted)), command.Succeeded, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, tt.payload)
				b.bank.answers(tt.payload.Name(), tt.answers...)
				start := time.Now()
				o := b.handle(t.Context())
				took := time.Since(start)
				if o.Status != tt.status || took < tt.least || took > tt.least+time.Second {
					t.Errorf("%s after %v, want %s after %v", o.Status, took, tt.status, tt.least)
				}
				if calls := b.bank.calls(tt.payload.Name()); len(calls) > 1 && calls[1].at.Sub(start) < 2*time.Second {
					t.Errorf("sent again after %v", calls[1].at.Sub(start))
				}
			})
		})
	}
}
