package processing

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

// closedHistory answers nobody.
type closedHistory struct{ err error }

func (h closedHistory) Open(context.Context, *command.Message, string) (command.Past, error) {
	return command.Past{}, h.err
}
func (closedHistory) Close(*command.Message, string) {}

func TestAnAttemptIsOnRecordBeforeItsCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, invoice(command.UpsertInvoice, command.Term))
		b.bank.onCall = func(name command.Name) {
			last := b.bank.sent[len(b.bank.sent)-1].requestID
			if name == command.DBSInvoiceUpsert && b.log.attempts[len(b.log.attempts)-1].ChannelRequestID != last {
				t.Errorf("call %s is not on record", last)
			}
		}
		b.bank.answers(command.DBSInvoiceUpsert, lost(), ok(command.CodeInvoiceUpdated))
		b.bank.answers(command.DBSInvoiceResultsQuery, listed(row(b.c.Payload.(*command.Invoice), otherAmount)))
		o := b.handle(t.Context())
		calls := b.bank.calls(command.DBSInvoiceUpsert)
		if len(calls) != 2 || len(b.log.attempts) != 2 {
			t.Fatalf("%d calls, attempts %v", len(calls), b.log.attempts)
		}
		for i, a := range b.log.attempts {
			want := command.Attempt{
				CommandID: b.c.ID, Command: command.DBSInvoiceUpsert, Number: i + 1, ChannelRequestID: calls[i].requestID,
				Operation: calls[i].operation, StartedAt: calls[i].at.UTC(), Partition: 3, Offset: 42,
			}
			if *a != want {
				t.Errorf("attempt %+v, want %+v", *a, want)
			}
		}
		if b.told.attempted != 2 || o.Attempts != 2 {
			t.Errorf("told of %d attempts, the outcome of %d", b.told.attempted, o.Attempts)
		}
	})
}

// TestWhatChangedNothingIsWithdrawn has what stands in Kafka after each way to an
// end.
func TestWhatChangedNothingIsWithdrawn(t *testing.T) {
	t.Parallel()
	closed := http500(3) // a refusal that says that nothing was done
	for name, tt := range map[string]struct {
		payload command.Payload
		answers []command.Verdict
		order   string
		change  func(*Config)
	}{
		"success at once":              {complete(), vs(ok(command.CodeCustomerCompleted)), "attempt outcome", nil},
		"refusal at once":              {complete(), vs(refused("", command.CodeBankRefusedRequest)), "attempt outcome", nil},
		"not sent, then success":       {complete(), vs(unreachable(), ok(command.CodeCustomerCompleted)), "attempt withdrawal attempt outcome", nil},
		"throttled, then success":      {loan(), vs(throttled(), ok(command.CodeLoanIncomeAccepted)), "attempt withdrawal attempt outcome", nil},
		"closed, then success":         {loan(), vs(closed, ok(command.CodeLoanIncomeAccepted)), "attempt withdrawal attempt outcome", nil},
		"lost, then throttled":         {loan(), vs(lostRepeatable(1), throttled(), ok(command.CodeLoanIncomeAccepted)), "attempt attempt withdrawal attempt outcome", nil},
		"lost, then success":           {loan(), vs(lostRepeatable(1), ok(command.CodeLoanIncomeAccepted)), "attempt attempt outcome", nil},
		"106, looked up":               {invoice(command.InsertInvoice, command.Term), vs(duplicate("106", command.CodeInvoiceAlreadyRecorded)), "attempt withdrawal outcome", nil},
		"lost, looked up":              {invoice(command.InsertInvoice, command.Term), vs(lost()), "attempt outcome", nil},
		"999, looked up":               {invoice(command.InsertInvoice, command.Term), vs(fault("999", command.CodeDBSBankUnexpectedError)), "attempt outcome", nil},
		"repeatable":                   {create(), vs(ok(command.CodeCustomerCreated)), "attempt outcome", nil},
		"read":                         {limitQuery(), vs(ok(command.CodeLimitListed)), "outcome", nil},
		"switched off":                 {complete(), vs(unreachable(), ok(command.CodeCustomerCompleted)), "outcome", withoutAttempts},
		"switched on for another only": {complete(), vs(ok(command.CodeCustomerCompleted)), "outcome", func(c *Config) { c.Attempts = []string{"loan.income.submit"} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if tt.change == nil {
					tt.change = func(*Config) {}
				}
				b := setup(t, tt.payload, tt.change)
				b.bank.answers(tt.payload.Name(), tt.answers...)
				if inv, ok := tt.payload.(*command.Invoice); ok {
					b.bank.answers(command.DBSInvoiceResultsQuery, listed(row(inv)))
				}
				b.handle(t.Context())
				if got := strings.Join(b.log.order, " "); got != tt.order {
					t.Errorf("published %q, want %q", got, tt.order)
				}
				for i, a := range b.log.attempts {
					if a.Withdrawn && a.ChannelRequestID != b.log.attempts[i-1].ChannelRequestID {
						t.Errorf("%s is withdrawn after %s", a.ChannelRequestID, b.log.attempts[i-1].ChannelRequestID)
					}
				}
			})
		})
	}
}

func TestAnAttemptThatCannotBeStoredKeepsTheCallBack(t *testing.T) {
	t.Parallel()
	t.Run("as long as it takes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, complete())
			b.log.refuse(7)
			b.bank.answers(command.CustomerComplete, ok(command.CodeCustomerCompleted))
			b.want(b.handle(t.Context()), command.Succeeded, command.CodeCustomerCompleted, 1, "")
		})
	})
	t.Run("until the stop", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, complete())
			b.log.refuse(1_000_000)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			err := b.p.Handle(ctx, b.m)
			if !errors.Is(err, ErrReleased) || len(b.bank.sent) > 0 {
				t.Errorf("Handle: %v with %d calls, want it released", err, len(b.bank.sent))
			}
			// It may have been stored all the same: the grace is tried for a withdrawal.
			if took := time.Since(start); took != time.Minute+5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	})
	t.Run("and past the command's time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, complete())
			b.c.ExpiresAt = time.Now().Add(time.Second)
			b.log.onPublish = func(what string, stored bool) {
				if what == "attempt" && !stored {
					time.Sleep(2 * time.Second)
				}
			}
			b.want(b.handle(t.Context()), command.Rejected, command.CodeCommandExpired, 0, "")
		})
	})
	t.Run("and past the stop", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, complete())
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			b.log.onPublish = func(what string, stored bool) {
				if what == "attempt" && !stored {
					time.Sleep(2 * time.Second)
				}
			}
			if err := b.p.Handle(ctx, b.m); !errors.Is(err, ErrReleased) {
				t.Errorf("Handle: %v", err)
			}
			if got := strings.Join(b.log.order, " "); got != "attempt withdrawal" {
				t.Errorf("published %q", got)
			}
		})
	})
}

func TestAWithdrawalIsTriedAgainAtTheRelease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, complete())
		b.bank.answers(command.CustomerComplete, unreachable())
		b.bank.onCall = func(command.Name) { b.log.refuse(1_000_000) }
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		time.AfterFunc(time.Minute+time.Second, func() { b.log.refuse(0) })
		if err := b.p.Handle(ctx, b.m); !errors.Is(err, ErrReleased) {
			t.Errorf("Handle: %v", err)
		}
		if got := strings.Join(b.log.order, " "); got != "attempt withdrawal" {
			t.Errorf("published %q", got)
		}
	})
}

func TestACallThatPanicsStaysOnRecord(t *testing.T) {
	t.Parallel()
	b := setup(t, complete())
	b.bank.answers(command.CustomerComplete, unreachable())
	b.bank.onCall = func(command.Name) { panic("a fault of our own") }
	b.want(b.handle(t.Context()), command.InDoubt, command.CodeInternalError, 1, command.ReasonInDoubt)
	if text := b.log.letters[0].Text; !strings.Contains(text, b.log.attempts[0].ChannelRequestID) {
		t.Errorf("the dead letter does not name the call: %s", text)
	}
}
