package processing

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

// A process that could not take an attempt back knows all the same that it has not
// called the bank; another one does not.
func TestAnAttemptWithoutItsCallIsNoDoubtOfOurOwn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		another bool
		status  command.Status
		code    command.Code
		reason  command.DeadLetterReason
		before  int // attempts that count against the command
	}{
		"the same process": {false, command.Succeeded, command.CodeCustomerCompleted, "", 0},
		"another process":  {true, command.InDoubt, command.CodeBankNoAnswer, command.ReasonInDoubt, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, complete())
				b.bank.answers(command.CustomerComplete, unreachable(), ok(command.CodeCustomerCompleted))
				b.bank.onCall = func(command.Name) { b.log.refuse(1_000_000) }
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := b.p.Handle(ctx, b.m); !errors.Is(err, ErrReleased) {
					t.Fatalf("Handle: %v", err)
				}
				b.log.refuse(0)
				b.bank.onCall = nil
				if tt.another {
					b.p.uncalled.ids = nil // what a process knows ends with it
				}
				calls := 1 - tt.before
				b.want(b.handle(t.Context()), tt.status, tt.code, tt.before+calls, tt.reason)
				if n := len(b.bank.calls(command.CustomerComplete)); n != 1+calls {
					t.Errorf("%d calls, want %d", n, 1+calls)
				}
			})
		})
	}
}
