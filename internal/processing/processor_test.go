package processing

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

func TestPlainAnswers(t *testing.T) {
	t.Parallel()
	read503 := http500(3)
	for name, tt := range map[string]struct {
		payload command.Payload
		script  []command.Verdict
		status  command.Status
		code    command.Code
		calls   int
		reason  command.DeadLetterReason
	}{
		"success":                        {limitQuery(), []command.Verdict{ok(command.CodeLimitListed)}, command.Succeeded, command.CodeLimitListed, 1, ""},
		"refusal":                        {limitQuery(), []command.Verdict{refused("301", command.CodeLimitNotFound)}, command.Rejected, command.CodeLimitNotFound, 1, ""},
		"failure, then success":          {limitQuery(), []command.Verdict{read503, read503, ok(command.CodeLimitListed)}, command.Succeeded, command.CodeLimitListed, 3, ""},
		"resends spent":                  {limitQuery(), []command.Verdict{read503}, command.Failed, command.CodeRetriesExhausted, 4, command.ReasonExhausted},
		"not sent spends nothing":        {limitQuery(), []command.Verdict{unreachable(), unreachable(), unreachable(), unreachable(), unreachable(), ok(command.CodeLimitListed)}, command.Succeeded, command.CodeLimitListed, 1, ""},
		"complete: lost answer":          {complete(), []command.Verdict{lost()}, command.InDoubt, command.CodeBankNoAnswer, 1, command.ReasonInDoubt},
		"complete: not sent, then yes":   {complete(), []command.Verdict{unreachable(), ok(command.CodeCustomerCompleted)}, command.Succeeded, command.CodeCustomerCompleted, 1, ""},
		"create: lost, then answered":    {create(), []command.Verdict{lostRepeatable(3), ok(command.CodeCustomerCreated)}, command.Succeeded, command.CodeCustomerCreated, 2, ""},
		"create: lost for good":          {create(), []command.Verdict{lostRepeatable(3)}, command.InDoubt, command.CodeBankNoAnswer, 4, command.ReasonInDoubt},
		"create: lost, then refused":     {create(), []command.Verdict{lostRepeatable(3), refused("", command.CodeBankRefusedRequest)}, command.InDoubt, command.CodeBankRefusedRequest, 2, command.ReasonInDoubt},
		"loan: one resend, then doubt":   {loan(), []command.Verdict{lostRepeatable(1)}, command.InDoubt, command.CodeBankNoAnswer, 2, command.ReasonInDoubt},
		"loan: lost, then offered":       {loan(), []command.Verdict{lostRepeatable(1), ok(command.CodeLoanIncomeAccepted)}, command.Succeeded, command.CodeLoanIncomeAccepted, 2, ""},
		"loan: closed after a lost call": {loan(), []command.Verdict{lostRepeatable(1), http500(3)}, command.InDoubt, command.CodeRetriesExhausted, 2, command.ReasonInDoubt},
		"throttled spends nothing":       {loan(), []command.Verdict{throttled(), throttled(), ok(command.CodeLoanIncomeAccepted)}, command.Succeeded, command.CodeLoanIncomeAccepted, 3, ""},
		"our bug":                        {limitQuery(), []command.Verdict{misconfigured()}, command.Rejected, command.CodeCompanyUnknown, 1, command.ReasonRejectedByContract},
		"unknown state":                  {create(), []command.Verdict{stateUnknown()}, command.Pending, command.CodeCustomerStateUnrecognized, 1, command.ReasonUnknownCode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, tt.payload)
				b.bank.answers(tt.payload.Name(), tt.script...)
				b.want(b.handle(t.Context()), tt.status, tt.code, tt.calls, tt.reason)
			})
		})
	}
}

func lostRepeatable(resends int) command.Verdict {
	v := lost()
	v.Retry, v.Resends = command.RetryBackoff, resends
	return v
}

func throttled() command.Verdict {
	return command.Verdict{Status: command.Failed, Code: command.CodeGatewayThrottled, Category: command.CategoryThrottled, Delivery: command.Answered, Retry: command.RetryDelay, RetryAfter: 7 * time.Second, Uncounted: true}
}

func misconfigured() command.Verdict {
	return command.Verdict{Status: command.Rejected, Code: command.CodeCompanyUnknown, Category: command.CategoryConfiguration, Delivery: command.Answered, BankCode: "304", DeadLetter: true}
}

func stateUnknown() command.Verdict {
	state := int32(7)
	return command.Verdict{Status: command.Pending, Code: command.CodeCustomerStateUnrecognized, Category: command.CategoryProtocol, Delivery: command.Answered, BankState: &state, DeadLetter: true}
}

func TestEveryAttemptHasItsOwnRequestIDAndSpan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, limitQuery())
		b.bank.answers(command.DBSLimitQuery, http500(3), ok(command.CodeLimitListed))
		o := b.handle(t.Context())
		calls := b.bank.calls(command.DBSLimitQuery)
		if calls[0].requestID == calls[1].requestID || o.ChannelRequestID != calls[1].requestID {
			t.Errorf("request ids %q, %q, outcome %q", calls[0].requestID, calls[1].requestID, o.ChannelRequestID)
		}
		for _, c := range calls {
			if !strings.HasPrefix(c.trace, "00-0af7651916cd43dd8448eb211c80319c-") || strings.Contains(c.trace, "b7ad6b7169203331") {
				t.Errorf("bank call carries trace %q, want a new span of the command's trace", c.trace)
			}
		}
		if calls[0].trace == calls[1].trace {
			t.Error("two calls share a span")
		}
	})
}

func TestThrottlingWaitsAsLongAsTheBankSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, loan())
		b.bank.answers(command.LoanIncomeSubmit, throttled(), ok(command.CodeLoanIncomeAccepted))
		start := time.Now()
		b.handle(t.Context())
		if waited := time.Since(start); waited < 7*time.Second {
			t.Errorf("waited %v, the bank asked for 7s", waited)
		}
	})
}

func TestOutageSpendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, limitQuery())
		// Ten failures, each of which leaves the breaker open for a minute.
		failures := 0
		b.bank.onCall = func(command.Name) {
			if failures++; failures <= 10 {
				gate := make(chan struct{})
				b.bank.gates[command.DBSLimitQuery] = gate
				time.AfterFunc(time.Minute, func() { close(gate) })
			}
		}
		for range 10 {
			b.bank.answers(command.DBSLimitQuery, http500(3))
		}
		b.bank.answers(command.DBSLimitQuery, ok(command.CodeLimitListed))
		start := time.Now()
		b.want(b.handle(t.Context()), command.Succeeded, command.CodeLimitListed, 11, "")
		if waited := time.Since(start); waited < 10*time.Minute {
			t.Errorf("waited %v, the breaker was open for 10 minutes", waited)
		}
	})
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	t.Run("before the first send", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, limitQuery())
			b.c.ExpiresAt = time.Now()
			b.want(b.handle(t.Context()), command.Rejected, command.CodeCommandExpired, 0, "")
			if len(b.bank.sent) > 0 {
				t.Error("an expired command was sent")
			}
		})
	})
	t.Run("while the breaker is open", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, limitQuery())
			b.c.ExpiresAt = time.Now().Add(time.Minute)
			open := b.bank.shut(command.DBSLimitQuery)
			time.AfterFunc(2*time.Minute, open)
			b.want(b.handle(t.Context()), command.Rejected, command.CodeCommandExpired, 0, "")
		})
	})
	t.Run("after a lost answer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, loan())
			v := lostRepeatable(1)
			v.RetryAfter = time.Minute
			b.bank.answers(command.LoanIncomeSubmit, v)
			b.c.ExpiresAt = time.Now().Add(time.Second)
			b.want(b.handle(t.Context()), command.InDoubt, command.CodeBankNoAnswer, 1, command.ReasonInDoubt)
		})
	})
}

func TestLocalRefusal(t *testing.T) {
	t.Parallel()
	bad := limitQuery()
	bad.CompanyCode, bad.DealerCode = "", ""
	b := setup(t, bad)
	o := b.handle(t.Context())
	b.want(o, command.Rejected, command.CodeCommandInvalid, 0, "")
	if len(o.Violations) != 2 || o.Bank != "" {
		t.Errorf("violations %v, bank %q: want both fields and no bank", o.Violations, o.Bank)
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		id       string
		outcomes int
	}{
		"with an id":  {"7b0c1f0e-9a51-4c3f-8a0d-1f2e3d4c5b6a", 1},
		"without one": {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, limitQuery())
			b.p.decoder = decoded{err: &command.DecodeError{
				CommandID: tt.id, Code: command.CodeCommandUndecodable, Field: "dealerCode", Reason: "want a string",
			}}
			if err := b.p.Handle(t.Context(), b.m); err != nil {
				t.Fatal(err)
			}
			if len(b.log.outcomes) != tt.outcomes || len(b.log.letters) != 1 {
				t.Fatalf("%d outcomes, %d letters", len(b.log.outcomes), len(b.log.letters))
			}
			letter := b.log.letters[0]
			if letter.Reason != command.ReasonMalformed || letter.Message != b.m || !strings.Contains(letter.Text, "dealerCode") {
				t.Errorf("letter %+v", letter)
			}
		})
	}
}

func TestRegistryAwayIsNotTheCommandsFault(t *testing.T) {
	t.Parallel()
	b := setup(t, limitQuery())
	away := errors.New("registry away")
	b.p.decoder = decoded{err: away}
	if err := b.p.Handle(t.Context(), b.m); !errors.Is(err, away) || !errors.Is(err, ErrReleased) {
		t.Errorf("Handle: %v, want the registry's error", err)
	}
	if len(b.log.order) > 0 {
		t.Errorf("published %v", b.log.order)
	}
}

func TestNothingIsDoneUntilItIsDurable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, complete())
		b.bank.answers(command.CustomerComplete, lost())
		b.log.refuse(5)
		b.bank.onCall = func(command.Name) { b.log.refuse(5) }
		b.want(b.handle(t.Context()), command.InDoubt, command.CodeBankNoAnswer, 1, command.ReasonInDoubt)
		if n := len(b.bank.calls(command.CustomerComplete)); n != 1 {
			t.Errorf("%d calls at the bank because the outcome could not be stored, want 1", n)
		}
	})
}

func TestAnOutcomeThatCannotBeStoredHandsTheCommandOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, complete())
		b.bank.answers(command.CustomerComplete, ok(command.CodeCustomerCompleted))
		b.bank.onCall = func(command.Name) { b.log.refuse(1_000_000) }
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		err := b.p.Handle(ctx, b.m)
		if !errors.Is(err, errAway) || errors.Is(err, ErrReleased) {
			t.Errorf("Handle: %v, want the publisher's error", err)
		}
		if grace := time.Since(start) - time.Minute; grace != 5*time.Second {
			t.Errorf("gave up %v after the end of the context, want the grace of 5s", grace)
		}
		// The partition comes back, long after the command's expiry.
		b.log.refuse(0)
		b.c.ExpiresAt = time.Now()
		o := b.handle(t.Context())
		b.want(o, command.Succeeded, command.CodeCustomerCompleted, 1, "")
		if !o.CompletedAt.Equal(start) {
			t.Errorf("completed at %v, want %v: the first try may have been stored", o.CompletedAt, start)
		}
		if n := len(b.bank.calls(command.CustomerComplete)); n != 1 {
			t.Errorf("%d calls at the bank, want 1", n)
		}
	})
}

func TestLetterComesBeforeOutcome(t *testing.T) {
	t.Parallel()
	b := setup(t, complete())
	b.bank.answers(command.CustomerComplete, lost())
	b.handle(t.Context())
	if got := strings.Join(b.log.order, " "); got != "attempt letter outcome" {
		t.Errorf("published %q", got)
	}
}

func TestStopReleasesWhatIsSafeToRunAgain(t *testing.T) {
	t.Parallel()
	draining := errors.New("draining")
	for name, tt := range map[string]struct {
		payload  command.Payload
		script   []command.Verdict
		released bool
		status   command.Status
		attempts bool
	}{
		"waiting at the gate":                    {limitQuery(), nil, true, "", true},
		"backing off a read":                     {limitQuery(), []command.Verdict{http500(3)}, true, "", true},
		"backing off a create":                   {create(), []command.Verdict{lostRepeatable(3)}, true, "", true},
		"backing off an unsent one":              {complete(), []command.Verdict{unreachable()}, true, "", true},
		"loan that may have left, not on record": {loan(), []command.Verdict{lostRepeatable(1)}, false, command.InDoubt, false},
		"loan that may have left, on record":     {loan(), []command.Verdict{lostRepeatable(1)}, true, "", true},
		"complete that may have left":            {complete(), []command.Verdict{lost()}, false, command.InDoubt, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				b := setup(t, tt.payload)
				if !tt.attempts {
					b = setup(t, tt.payload, withoutAttempts)
				}
				if tt.script == nil {
					open := b.bank.shut(tt.payload.Name())
					defer open()
					time.AfterFunc(time.Millisecond, func() { cancel(draining) })
				} else {
					b.bank.answers(tt.payload.Name(), tt.script...)
					b.bank.onCall = func(command.Name) { cancel(draining) }
				}
				err := b.p.Handle(ctx, b.m)
				if tt.released {
					if !errors.Is(err, ErrReleased) || !errors.Is(err, draining) {
						t.Errorf("Handle: %v, want ErrReleased and its cause", err)
					}
					return
				}
				if err != nil || b.log.outcomes[0].Status != tt.status {
					t.Errorf("Handle: %v, outcomes %v", err, b.log.outcomes)
				}
			})
		})
	}
}

func TestOddCommandsAreSentWithAWarning(t *testing.T) {
	t.Parallel()
	no := false
	odd := complete()
	odd.ApprovedAgent, odd.CourierSelected = &no, &no
	b := setup(t, odd)
	var log bytes.Buffer
	b.p.log = slog.New(slog.NewTextHandler(&log, nil))
	b.bank.answers(command.CustomerComplete, ok(command.CodeCustomerCompleted))
	b.want(b.handle(t.Context()), command.Succeeded, command.CodeCustomerCompleted, 1, "")
	if !strings.Contains(log.String(), "warning=") || !strings.Contains(log.String(), b.c.ID) {
		t.Errorf("the log has no warning: %s", &log)
	}
	for _, personal := range []string{odd.Email.Reveal(), odd.PhoneNumber.Reveal()} {
		if strings.Contains(log.String(), personal) {
			t.Errorf("the log shows personal data")
		}
	}
}

func TestAFaultOfOurOwnCostsOneCommand(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		payload  command.Payload
		status   command.Status
		attempts int
		reason   command.DeadLetterReason
	}{
		"in a read":  {limitQuery(), command.Failed, 0, command.ReasonExhausted},
		"in a write": {complete(), command.InDoubt, 1, command.ReasonInDoubt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, tt.payload)
			var log bytes.Buffer
			b.p.log = slog.New(slog.NewTextHandler(&log, nil))
			b.bank.answers(tt.payload.Name(), ok(command.CodeLimitListed))
			b.bank.onCall = func(command.Name) { panic("ayse@example.com") }
			b.want(b.handle(t.Context()), tt.status, command.CodeInternalError, tt.attempts, tt.reason)
			if !strings.Contains(log.String(), "processor_test.go") || strings.Contains(log.String(), "ayse") {
				t.Errorf("the log wants the stack and no data: %s", &log)
			}
		})
	}
}
