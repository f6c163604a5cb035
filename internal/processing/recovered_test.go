package processing

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

// TestRecoveredInvoices has a row for every row of contract section 4 that a crash
// can reach: nothing is known but the attempts of a life before.
func TestRecoveredInvoices(t *testing.T) {
	t.Parallel()
	const (
		I, U, D = command.InsertInvoice, command.UpdateInvoice, command.CancelInvoice
		upsert  = command.UpsertInvoice
		term    = command.Term
		advance = command.Advance
	)
	accepted, updated, cancelled := ok(command.CodeInvoiceAccepted), ok(command.CodeInvoiceUpdated), ok(command.CodeInvoiceCancelled)
	c106 := duplicate("106", command.CodeInvoiceAlreadyRecorded)
	c129 := refused("129", command.CodeDealerLimitExceeded)
	type rowMutation = func(*command.InvoiceResultRow)
	row1 := func(ms ...rowMutation) []rowMutation { return append([]rowMutation{}, ms...) }
	var none []rowMutation
	type looks [][]rowMutation
	for name, tt := range map[string]struct {
		operation command.InvoiceOperation
		maturity  command.Maturity
		before    []command.InvoiceOperation // attempts of lives before
		looks     looks
		answers   []command.Verdict
		status    command.Status
		code      command.Code
		sent      []command.InvoiceOperation // in this life
	}{
		"I, row equal":                         {I, term, ops(I), looks{row1()}, nil, command.Succeeded, command.CodeInvoiceAlreadyRecorded, nil},
		"I, row equal and paid":                {I, term, ops(I), looks{row1(paid)}, nil, command.Succeeded, command.CodeInvoiceAlreadyRecorded, nil},
		"I, row different":                     {I, term, ops(I), looks{row1(otherAmount)}, nil, command.Rejected, command.CodeInvoiceDuplicateConflict, nil},
		"I, row passive":                       {I, term, ops(I), looks{row1(passive)}, nil, command.Rejected, command.CodeInvoicePreviouslyCancelled, nil},
		"I, none, resend accepted":             {I, term, ops(I), looks{none}, vs(accepted), command.Succeeded, command.CodeInvoiceAccepted, ops(I)},
		"I, row at the last look":              {I, term, ops(I), looks{none, none, row1()}, nil, command.Succeeded, command.CodeInvoiceAlreadyRecorded, nil},
		"I, none, resend 106, row":             {I, term, ops(I), looks{none, none, none, row1()}, vs(c106), command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I)},
		"I, none, resend 129, none":            {I, term, ops(I), looks{none}, vs(c129), command.Rejected, command.CodeDealerLimitExceeded, ops(I)},
		"I, none, resend 129, late row":        {I, term, ops(I), looks{none, none, none, none, row1()}, vs(c129), command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I)},
		"I, none, resend lost":                 {I, term, ops(I), looks{none}, vs(lost()), command.InDoubt, command.CodeBankNoAnswer, ops(I)},
		"I resent before, none":                {I, term, ops(I, I), looks{none}, nil, command.InDoubt, command.CodeBankNoAnswer, nil},
		"I resent before, row equal":           {I, term, ops(I, I), looks{row1()}, nil, command.Succeeded, command.CodeInvoiceAlreadyRecorded, nil},
		"upsert inserted, row equal":           {upsert, term, ops(I), looks{row1()}, nil, command.Succeeded, command.CodeInvoiceAlreadyRecorded, nil},
		"upsert inserted, row different":       {upsert, term, ops(I), looks{row1(otherAmount)}, vs(updated), command.Succeeded, command.CodeInvoiceUpdated, ops(U)},
		"upsert inserted, row passive":         {upsert, term, ops(I), looks{row1(passive)}, vs(updated), command.Succeeded, command.CodeInvoiceUpdated, ops(U)},
		"upsert inserted, none":                {upsert, term, ops(I), looks{none}, vs(accepted), command.Succeeded, command.CodeInvoiceAccepted, ops(I)},
		"upsert updated, new values":           {upsert, term, ops(U), looks{row1()}, nil, command.Succeeded, command.CodeInvoiceUpdated, nil},
		"upsert updated, old values":           {upsert, term, ops(U), looks{row1(otherAmount)}, vs(updated), command.Succeeded, command.CodeInvoiceUpdated, ops(U)},
		"upsert inserted, updated, old values": {upsert, term, ops(I, U), looks{row1(otherAmount)}, vs(updated), command.Succeeded, command.CodeInvoiceUpdated, ops(U)},
		"upsert updated twice, old values":     {upsert, term, ops(I, U, U), looks{row1(otherAmount)}, nil, command.InDoubt, command.CodeBankNoAnswer, nil},
		"U, new values":                        {U, term, ops(U), looks{row1()}, nil, command.Succeeded, command.CodeInvoiceUpdated, nil},
		"U, old values":                        {U, term, ops(U), looks{row1(otherAmount)}, vs(updated), command.Succeeded, command.CodeInvoiceUpdated, ops(U)},
		"U, old values, resend lost":           {U, term, ops(U), looks{row1(otherAmount)}, vs(lost()), command.InDoubt, command.CodeBankNoAnswer, ops(U)},
		"U, none":                              {U, term, ops(U), looks{none}, nil, command.InDoubt, command.CodeBankNoAnswer, nil},
		"D, row passive":                       {D, term, ops(D), looks{row1(passive)}, nil, command.Succeeded, command.CodeInvoiceCancelled, nil},
		"D, row active":                        {D, term, ops(D), looks{row1()}, vs(cancelled), command.Succeeded, command.CodeInvoiceCancelled, ops(D)},
		"D, none, resend 128":                  {D, term, ops(D), looks{none}, vs(notFound()), command.Succeeded, command.CodeInvoiceCancelled, ops(D)},
		"D, none, resend lost":                 {D, term, ops(D), looks{none}, vs(lost()), command.InDoubt, command.CodeBankNoAnswer, ops(D)},
		"D resent before, none":                {D, term, ops(D, D), looks{none}, nil, command.InDoubt, command.CodeBankNoAnswer, nil},
		"advance, row":                         {I, advance, ops(I), looks{none, row1(paid)}, nil, command.Succeeded, command.CodeInvoiceAlreadyRecorded, nil},
		"advance, none":                        {I, advance, ops(I), looks{none}, nil, command.InDoubt, command.CodeBankNoAnswer, nil},
		"advance upsert, different":            {upsert, advance, ops(I), looks{row1(otherAmount)}, nil, command.Rejected, command.CodeInvoiceDuplicateConflict, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				inv := invoice(tt.operation, tt.maturity)
				b := setup(t, inv)
				b.attemptedBefore(tt.before...)
				b.bank.answers(command.DBSInvoiceUpsert, tt.answers...)
				for _, look := range tt.looks {
					if look == nil {
						b.bank.answers(command.DBSInvoiceResultsQuery, listed())
						continue
					}
					b.bank.answers(command.DBSInvoiceResultsQuery, listed(row(inv, look...)))
				}
				reason := command.DeadLetterReason("")
				if tt.status == command.InDoubt {
					reason = command.ReasonInDoubt
				}
				o := b.handle(t.Context())
				b.want(o, tt.status, tt.code, len(tt.before)+len(tt.sent), reason)
				if got := operations(b.bank.calls(command.DBSInvoiceUpsert)); !equal(got, tt.sent) {
					t.Errorf("sent %v in this life, want %v", got, tt.sent)
				}
				if b.told.recovered != 1 {
					t.Errorf("told of %d recovered commands, want 1", b.told.recovered)
				}
			})
		})
	}
}

func TestALifeBeforeIsGivenTheLongestLookBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, invoice(command.InsertInvoice, command.Term))
		b.attemptedBefore(command.InsertInvoice)
		b.bank.answers(command.DBSInvoiceUpsert, ok(command.CodeInvoiceAccepted))
		b.bank.answers(command.DBSInvoiceResultsQuery, listed())
		start := time.Now()
		b.handle(t.Context())
		looks := b.bank.calls(command.DBSInvoiceResultsQuery)
		if len(looks) != 3 || looks[0].at.Sub(start) != 2*time.Second || looks[2].at.Sub(start) != 22*time.Second {
			t.Errorf("looked at %v, want after 2s, 7s and 22s", looks)
		}
	})
}

func TestARecoveredCompleteIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	b := setup(t, complete())
	b.attemptedBefore("")
	made := b.log.attempts[0]
	var log bytes.Buffer
	b.p.log = slog.New(slog.NewTextHandler(&log, nil))
	b.c.ExpiresAt = time.Now().Add(-time.Hour)
	o := b.handle(t.Context())
	b.want(o, command.InDoubt, command.CodeBankNoAnswer, 1, command.ReasonInDoubt)
	if len(b.bank.sent) > 0 {
		t.Error("the bank was called again")
	}
	if o.ChannelRequestID != made.ChannelRequestID || o.Bank != command.BankInterAPI {
		t.Errorf("outcome has request id %q and bank %q", o.ChannelRequestID, o.Bank)
	}
	text := b.log.letters[0].Text
	for _, want := range []string{made.ChannelRequestID, made.StartedAt.Format(time.RFC3339), "attempt 1", "no answer was recorded"} {
		if !strings.Contains(text, want) {
			t.Errorf("the dead letter lacks %q: %s", want, text)
		}
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), b.c.ID) {
		t.Errorf("no warning names the command: %s", &log)
	}
	for _, personal := range []string{"ayse", "5559999999", "5034971801"} {
		if strings.Contains(text+log.String(), personal) {
			t.Error("personal data is shown")
		}
	}
}

func TestADeadLetterSaysWhatWasLookedUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inv := invoice(command.InsertInvoice, command.Advance)
		b := setup(t, inv)
		b.attemptedBefore(command.InsertInvoice)
		b.bank.answers(command.DBSInvoiceResultsQuery, listed())
		b.handle(t.Context())
		want := "looked up 3 times, at last no row of the invoice under due date " + inv.DueDate.String()
		if text := b.log.letters[0].Text; !strings.Contains(text, want) || !strings.Contains(text, "INSERT, ChannelRequestId before-1") {
			t.Errorf("the dead letter lacks %q: %s", want, text)
		}
	})
}

func TestRecoveredLoans(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		before  int
		answers []command.Verdict
		status  command.Status
		code    command.Code
		calls   int
	}{
		"one resend, offered":            {1, vs(ok(command.CodeLoanIncomeAccepted)), command.Succeeded, command.CodeLoanIncomeAccepted, 1},
		"one resend, refused":            {1, vs(refused("ACBH000101", command.CodeLoanIdentityInvalid)), command.InDoubt, command.CodeLoanIdentityInvalid, 1},
		"one resend, lost":               {1, vs(lostRepeatable(1)), command.InDoubt, command.CodeBankNoAnswer, 1},
		"one resend, closed":             {1, vs(http500(3)), command.InDoubt, command.CodeRetriesExhausted, 1},
		"one resend, throttled at first": {1, vs(throttled(), ok(command.CodeLoanIncomeAccepted)), command.Succeeded, command.CodeLoanIncomeAccepted, 2},
		"resent before":                  {2, nil, command.InDoubt, command.CodeBankNoAnswer, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, loan())
				b.attemptedBefore(make([]command.InvoiceOperation, tt.before)...)
				b.bank.answers(command.LoanIncomeSubmit, tt.answers...)
				reason := command.ReasonInDoubt
				if tt.status == command.Succeeded {
					reason = ""
				}
				b.want(b.handle(t.Context()), tt.status, tt.code, tt.before+tt.calls, reason)
				if n := len(b.bank.calls(command.LoanIncomeSubmit)); n != tt.calls {
					t.Errorf("%d calls in this life, want %d", n, tt.calls)
				}
				if tt.calls > 0 {
					if a := b.log.attempts[tt.before]; a.Number != tt.before+1 {
						t.Errorf("this life's first attempt has number %d, want %d", a.Number, tt.before+1)
					}
				}
			})
		})
	}
}

// What may be repeated freely is, but neither a refusal nor the passing of time hides
// what a life before has done.
func TestRecoveredCommandsThatMayBeRepeated(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		before  int
		answers []command.Verdict
		expired bool
		status  command.Status
		calls   int
	}{
		"sent again":           {1, vs(ok(command.CodeCustomerCreated)), false, command.Succeeded, 1},
		"after many lives":     {9, vs(lostRepeatable(3), ok(command.CodeCustomerCreated)), false, command.Succeeded, 2},
		"refused, when late":   {1, vs(refused("", command.CodeBankRefusedRequest)), false, command.InDoubt, 1},
		"no longer to be sent": {1, nil, true, command.InDoubt, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, create())
				b.attemptedBefore(make([]command.InvoiceOperation, tt.before)...)
				b.bank.answers(command.CustomerCreate, tt.answers...)
				if tt.expired {
					b.c.ExpiresAt = time.Now()
				}
				if o := b.handle(t.Context()); o.Status != tt.status {
					t.Errorf("%s %s, want %s", o.Status, o.Code, tt.status)
				}
				if n := len(b.bank.calls(command.CustomerCreate)); n != tt.calls {
					t.Errorf("%d calls in this life, want %d", n, tt.calls)
				}
			})
		})
	}
}

// What has been sent is refused by no local check and no expiry.
func TestRecoveredCommandsAreNotRefused(t *testing.T) {
	t.Parallel()
	t.Run("expired, with a resend due", func(t *testing.T) {
		t.Parallel()
		for name, payload := range map[string]command.Payload{
			"loan": loan(), "invoice": invoice(command.InsertInvoice, command.Term),
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					b := setup(t, payload)
					b.attemptedBefore(command.InsertInvoice)
					b.c.ExpiresAt = time.Now()
					b.bank.answers(command.DBSInvoiceResultsQuery, listed())
					b.want(b.handle(t.Context()), command.InDoubt, command.CodeBankNoAnswer, 1, command.ReasonInDoubt)
				})
			})
		}
	})
	t.Run("due yesterday", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			inv := invoice(command.InsertInvoice, command.Term)
			inv.DueDate = command.DateOf(time.Now().In(command.Istanbul)).AddDays(-1)
			b := setup(t, inv)
			b.attemptedBefore(command.InsertInvoice)
			b.bank.answers(command.DBSInvoiceResultsQuery, listed(row(inv)))
			b.want(b.handle(t.Context()), command.Succeeded, command.CodeInvoiceAlreadyRecorded, 1, "")
		})
	})
	t.Run("unreadable", func(t *testing.T) {
		t.Parallel()
		b := setup(t, complete())
		b.attemptedBefore("")
		b.p.decoder = decoded{err: &command.DecodeError{CommandID: b.c.ID, Code: command.CodeCommandUndecodable}}
		b.want(b.handle(t.Context()), command.InDoubt, command.CodeBankNoAnswer, 1, command.ReasonInDoubt)
		if text := b.log.letters[0].Text; !strings.Contains(text, "ChannelRequestId before-1") {
			t.Errorf("the dead letter says %q", text)
		}
	})
}

func TestConcludedCommandsAreSkipped(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		offset  int64 // of the record that the outcome is of
		differs bool
		letter  bool
		info    bool
	}{
		"its own outcome":                   {42, false, false, false},
		"published twice":                   {7, false, false, true},
		"another command with the same id":  {7, true, true, false},
		"unreadable, with its own outcome ": {42, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, complete())
			var log bytes.Buffer
			b.p.log = slog.New(slog.NewTextHandler(&log, nil))
			if strings.HasPrefix(name, "unreadable") {
				b.p.decoder = decoded{err: &command.DecodeError{CommandID: b.c.ID, Code: command.CodeCommandUndecodable}}
			}
			b.log.outcomes, b.log.offsets = []*command.Outcome{{CommandID: b.c.ID}}, []int64{tt.offset}
			b.log.differs = tt.differs
			b.handle(t.Context())
			if len(b.bank.sent) > 0 || b.told.answered != 1 {
				t.Errorf("%d calls, told of %d answered commands", len(b.bank.sent), b.told.answered)
			}
			if twice := tt.offset != b.m.Offset; (b.told.twice == 1) != twice || (b.told.differing == 1) != tt.differs {
				t.Errorf("told of %d published twice, %d differing", b.told.twice, b.told.differing)
			}
			if logged := strings.Contains(log.String(), "level=INFO"); logged != tt.info {
				t.Errorf("logged at info %v, want %v: %s", logged, tt.info, &log)
			}
			if !tt.letter {
				if len(b.log.letters) > 0 {
					t.Errorf("dead letter %+v", b.log.letters[0])
				}
				return
			}
			letter := b.log.letters[0]
			if letter.Code != command.CodeCommandIDReused || letter.Reason != command.ReasonRejectedByContract || letter.CommandID != b.c.ID {
				t.Errorf("dead letter %+v", letter)
			}
		})
	}
}

// A duplicate whose first record crashed in the middle takes the doubt over.
func TestADuplicateTakesOverTheDoubtOfTheOther(t *testing.T) {
	t.Parallel()
	b := setup(t, complete())
	b.attemptedBefore("")
	b.m.Offset = 43
	b.want(b.handle(t.Context()), command.InDoubt, command.CodeBankNoAnswer, 1, command.ReasonInDoubt)
	b.m.Offset = 42
	b.handle(t.Context())
	if b.told.twice != 1 || len(b.bank.sent) > 0 {
		t.Errorf("told of %d published twice, %d calls", b.told.twice, len(b.bank.sent))
	}
}

func TestAHistoryThatCannotBeAskedReleases(t *testing.T) {
	t.Parallel()
	b := setup(t, complete())
	away := errors.New("draining")
	b.p.history = closedHistory{away}
	if err := b.p.Handle(t.Context(), b.m); !errors.Is(err, ErrReleased) || !errors.Is(err, away) {
		t.Errorf("Handle: %v, want ErrReleased and its cause", err)
	}
}
