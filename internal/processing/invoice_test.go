package processing

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

// TestInvoiceResolution has a row for every row of contract section 4.
func TestInvoiceResolution(t *testing.T) {
	t.Parallel()
	const (
		I, U, D = command.InsertInvoice, command.UpdateInvoice, command.CancelInvoice
		upsert  = command.UpsertInvoice
		term    = command.Term
		advance = command.Advance
	)
	accepted, updated, cancelled := ok(command.CodeInvoiceAccepted), ok(command.CodeInvoiceUpdated), ok(command.CodeInvoiceCancelled)
	c106 := duplicate("106", command.CodeInvoiceAlreadyRecorded)
	c108 := duplicate("108", command.CodeInvoiceDuplicatePaidTerm)
	c110 := duplicate("110", command.CodeInvoicePreviouslyCancelled)
	c117 := fault("117", command.CodeDBSBankBlockFailed)
	c999 := fault("999", command.CodeDBSBankUnexpectedError)
	c119 := fault("119", command.CodeDBSBankAdvancePaymentFailed)
	c119.NoResend = true
	c129 := refused("129", command.CodeDealerLimitExceeded)
	unconfirmed := command.Verdict{Status: command.Pending, Code: command.CodeInvoiceStateUnconfirmed, Category: command.CategoryProtocol, Delivery: command.Answered, BankCode: "000", Retry: command.RetryReconcile, DeadLetter: true}
	queryFails := http500(3)

	type rowMutation = func(*command.InvoiceResultRow)
	found := func(ms ...rowMutation) []rowMutation { return append([]rowMutation{}, ms...) }
	var none []rowMutation
	type looks [][]rowMutation

	for name, tt := range map[string]struct {
		operation command.InvoiceOperation
		maturity  command.Maturity
		answers   []command.Verdict
		looks     looks // one query each, the last repeats; a nil row is none
		queryErr  bool
		status    command.Status
		code      command.Code
		sent      []command.InvoiceOperation
		reason    command.DeadLetterReason
		weak      bool
	}{
		"I accepted at once":                    {I, term, vs(accepted), nil, false, command.Succeeded, command.CodeInvoiceAccepted, ops(I), "", false},
		"I refused at once":                     {I, term, vs(c129), nil, false, command.Rejected, command.CodeDealerLimitExceeded, ops(I), "", false},
		"I lost, row equal":                     {I, term, vs(lost()), looks{found()}, false, command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I), "", false},
		"I 106, row equal":                      {I, term, vs(c106), looks{found()}, false, command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I), "", false},
		"I 106, row equal, no record status":    {I, term, vs(c106), looks{found(noRecord)}, false, command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I), "", true},
		"I 106, row different":                  {I, term, vs(c106), looks{found(otherAmount)}, false, command.Rejected, command.CodeInvoiceDuplicateConflict, ops(I), "", false},
		"I 108, row different and paid":         {I, term, vs(c108), looks{found(otherAmount, paid)}, false, command.Rejected, command.CodeInvoiceDuplicatePaidTerm, ops(I), "", false},
		"I lost, row paid and equal":            {I, term, vs(lost()), looks{found(paid)}, false, command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I), "", false},
		"I 110, row passive":                    {I, term, vs(c110), looks{found(passive)}, false, command.Rejected, command.CodeInvoicePreviouslyCancelled, ops(I), "", false},
		"I 110, passive rows not listed":        {I, term, vs(c110), looks{none}, false, command.Rejected, command.CodeInvoicePreviouslyCancelled, ops(I), "", false},
		"upsert 106, row different":             {upsert, term, vs(c106, updated), looks{found(otherAmount)}, false, command.Succeeded, command.CodeInvoiceUpdated, ops(I, U), "", false},
		"upsert 106, row equal":                 {upsert, term, vs(c106), looks{found()}, false, command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I), "", false},
		"upsert 110, row passive":               {upsert, term, vs(c110, updated), looks{found(passive)}, false, command.Succeeded, command.CodeInvoiceUpdated, ops(I, U), "", false},
		"upsert 110, passive rows not listed":   {upsert, term, vs(c110, updated), looks{none}, false, command.Succeeded, command.CodeInvoiceUpdated, ops(I, U), "", false},
		"upsert 108, paid and different":        {upsert, term, vs(c108), looks{found(otherAmount, paid)}, false, command.Rejected, command.CodeInvoiceDuplicatePaidTerm, ops(I), "", false},
		"I lost, none, resend accepted":         {I, term, vs(lost(), accepted), looks{none}, false, command.Succeeded, command.CodeInvoiceAccepted, ops(I, I), "", false},
		"I lost, none, resend 106, row":         {I, term, vs(lost(), c106), looks{none, found()}, false, command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I, I), "", false},
		"I lost, none, resend 106, still none":  {I, term, vs(lost(), c106), looks{none}, false, command.InDoubt, command.CodeInvoiceUnresolved, ops(I, I), command.ReasonInDoubt, false},
		"I lost twice, none":                    {I, term, vs(lost()), looks{none}, false, command.InDoubt, command.CodeBankNoAnswer, ops(I, I), command.ReasonInDoubt, false},
		"I lost, none, resend 129, none":        {I, term, vs(lost(), c129), looks{none}, false, command.Rejected, command.CodeDealerLimitExceeded, ops(I, I), "", false},
		"I lost, none, resend 129, late row":    {I, term, vs(lost(), c129), looks{none, found()}, false, command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I, I), "", false},
		"I lost, row of another dealer":         {I, term, vs(lost(), accepted), looks{found(otherDealer)}, false, command.Succeeded, command.CodeInvoiceAccepted, ops(I, I), "", false},
		"I lost, row without values":            {I, term, vs(lost(), accepted), looks{found(nulls)}, false, command.Succeeded, command.CodeInvoiceAccepted, ops(I, I), "", false},
		"I 117 twice, none":                     {I, term, vs(c117), looks{none}, false, command.Failed, command.CodeDBSBankBlockFailed, ops(I, I), command.ReasonExhausted, false},
		"I 999 twice, none":                     {I, term, vs(c999), looks{none}, false, command.Failed, command.CodeDBSBankUnexpectedError, ops(I, I), command.ReasonExhausted, false},
		"I 999, row equal":                      {I, term, vs(c999), looks{found()}, false, command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I), "", false},
		"I 000 without State 2, row":            {I, term, vs(unconfirmed), looks{found()}, false, command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I), "", false},
		"I 000 without State 2 twice, none":     {I, term, vs(unconfirmed), looks{none}, false, command.Pending, command.CodeInvoiceStateUnconfirmed, ops(I, I), command.ReasonInDoubt, false},
		"advance lost, none":                    {I, advance, vs(lost()), looks{none}, false, command.InDoubt, command.CodeBankNoAnswer, ops(I), command.ReasonInDoubt, false},
		"advance lost, row at the last look":    {I, advance, vs(lost()), looks{none, none, found(paid)}, false, command.Succeeded, command.CodeInvoiceAlreadyRecorded, ops(I), "", false},
		"advance 119, none":                     {I, advance, vs(c119), looks{none}, false, command.InDoubt, command.CodeDBSBankAdvancePaymentFailed, ops(I), command.ReasonInDoubt, false},
		"advance upsert 106, different":         {upsert, advance, vs(c106), looks{found(otherAmount)}, false, command.Rejected, command.CodeInvoiceDuplicateConflict, ops(I), "", false},
		"U lost, new values":                    {U, term, vs(lost()), looks{found()}, false, command.Succeeded, command.CodeInvoiceUpdated, ops(U), "", false},
		"U lost, old values":                    {U, term, vs(lost(), updated), looks{found(otherAmount)}, false, command.Succeeded, command.CodeInvoiceUpdated, ops(U, U), "", false},
		"U lost twice, old values":              {U, term, vs(lost()), looks{found(otherAmount)}, false, command.InDoubt, command.CodeBankNoAnswer, ops(U, U), command.ReasonInDoubt, false},
		"U lost, none":                          {U, term, vs(lost()), looks{none}, false, command.InDoubt, command.CodeBankNoAnswer, ops(U), command.ReasonInDoubt, false},
		"U lost, resend 128, none":              {U, term, vs(lost(), notFound()), looks{found(otherAmount), none}, false, command.InDoubt, command.CodeInvoiceUnresolved, ops(U, U), command.ReasonInDoubt, false},
		"I lost, 999 twice, none":               {I, term, vs(lost(), c999), looks{none}, false, command.InDoubt, command.CodeDBSBankUnexpectedError, ops(I, I), command.ReasonInDoubt, false},
		"I lost, row of an unknown status":      {I, term, vs(lost()), looks{found(unknownRecord)}, false, command.InDoubt, command.CodeBankNoAnswer, ops(I), command.ReasonInDoubt, false},
		"U 128, none":                           {U, term, vs(notFound()), looks{none}, false, command.Rejected, command.CodeInvoiceNotFound, ops(U), "", false},
		"D lost, row passive":                   {D, term, vs(lost()), looks{found(passive)}, false, command.Succeeded, command.CodeInvoiceCancelled, ops(D), "", false},
		"D lost, row active":                    {D, term, vs(lost(), cancelled), looks{found()}, false, command.Succeeded, command.CodeInvoiceCancelled, ops(D, D), "", false},
		"D lost, none, resend 128":              {D, term, vs(lost(), notFound()), looks{none}, false, command.Succeeded, command.CodeInvoiceCancelled, ops(D, D), "", false},
		"D lost twice, none":                    {D, term, vs(lost()), looks{none}, false, command.InDoubt, command.CodeBankNoAnswer, ops(D, D), command.ReasonInDoubt, false},
		"D 128 at the first attempt, none":      {D, term, vs(notFound()), looks{none}, false, command.Rejected, command.CodeInvoiceNotFound, ops(D), "", false},
		"D 128 at the first attempt, passive":   {D, term, vs(notFound()), looks{found(passive)}, false, command.Succeeded, command.CodeInvoiceCancelled, ops(D), "", false},
		"any: the query fails three times":      {I, term, vs(lost()), nil, true, command.InDoubt, command.CodeBankNoAnswer, ops(I), command.ReasonInDoubt, false},
		"D lost, row active with other content": {D, term, vs(lost(), cancelled), looks{found(otherAmount)}, false, command.Succeeded, command.CodeInvoiceCancelled, ops(D, D), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				inv := invoice(tt.operation, tt.maturity)
				b := setup(t, inv)
				b.bank.answers(command.DBSInvoiceUpsert, tt.answers...)
				for _, look := range tt.looks {
					if look == nil {
						b.bank.answers(command.DBSInvoiceResultsQuery, listed())
						continue
					}
					b.bank.answers(command.DBSInvoiceResultsQuery, listed(row(inv, look...)))
				}
				if tt.queryErr {
					b.bank.answers(command.DBSInvoiceResultsQuery, queryFails)
				}
				o := b.handle(t.Context())
				b.want(o, tt.status, tt.code, len(tt.sent), tt.reason)
				if o.ReconciledWeak != tt.weak {
					t.Errorf("reconciled weak %v, want %v", o.ReconciledWeak, tt.weak)
				}
				if got := operations(b.bank.calls(command.DBSInvoiceUpsert)); !equal(got, tt.sent) {
					t.Errorf("sent %v, want %v", got, tt.sent)
				}
				if tt.queryErr && len(b.bank.calls(command.DBSInvoiceResultsQuery)) != 3 {
					t.Errorf("%d queries, want 3 tries", len(b.bank.calls(command.DBSInvoiceResultsQuery)))
				}
			})
		})
	}
}

func vs(v ...command.Verdict) []command.Verdict                    { return v }
func ops(o ...command.InvoiceOperation) []command.InvoiceOperation { return o }
func operations(calls []sent) (out []command.InvoiceOperation) {
	for _, c := range calls {
		out = append(out, c.operation)
	}
	return out
}

func equal(a, b []command.InvoiceOperation) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestSettleWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, invoice(command.InsertInvoice, command.Advance))
		b.bank.answers(command.DBSInvoiceUpsert, lost())
		b.bank.answers(command.DBSInvoiceResultsQuery, listed())
		start := time.Now()
		b.handle(t.Context())
		var waits []time.Duration
		for _, q := range b.bank.calls(command.DBSInvoiceResultsQuery) {
			waits = append(waits, q.at.Sub(start))
		}
		want := []time.Duration{2 * time.Second, 7 * time.Second, 22 * time.Second}
		if len(waits) != 3 || waits[0] != want[0] || waits[1] != want[1] || waits[2] != want[2] {
			t.Errorf("looked after %v, want %v", waits, want)
		}
	})
}

func TestUpdateThatMovesTheDueDateLooksUnderBoth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inv := invoice(command.UpdateInvoice, command.Term)
		inv.PreviousDueDate = inv.DueDate.AddDays(-5)
		b := setup(t, inv)
		b.bank.answers(command.DBSInvoiceUpsert, lost(), ok(command.CodeInvoiceUpdated))
		b.bank.answers(command.DBSInvoiceResultsQuery, listed(), listed(row(inv, func(r *command.InvoiceResultRow) {
			r.DueDate = inv.PreviousDueDate
		})))
		b.want(b.handle(t.Context()), command.Succeeded, command.CodeInvoiceUpdated, 2, "")
	})
}

func TestAnOutageSpendsNoResend(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		outages  int
		status   command.Status
		attempts int
		reason   command.DeadLetterReason
	}{
		"that ends":        {3, command.Succeeded, 4, ""},
		"but not for ever": {1000, command.InDoubt, 2 + maxForgiven, command.ReasonInDoubt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, invoice(command.InsertInvoice, command.Term))
				failures := 0
				b.bank.onCall = func(name command.Name) {
					if name != command.DBSInvoiceUpsert {
						return
					}
					if failures++; failures <= tt.outages {
						gate := make(chan struct{})
						b.bank.gates[name] = gate
						time.AfterFunc(time.Minute, func() { close(gate) })
					}
				}
				b.bank.answers(command.DBSInvoiceUpsert, lost(), lost(), lost())
				if tt.status == command.Succeeded {
					b.bank.answers(command.DBSInvoiceUpsert, ok(command.CodeInvoiceAccepted))
				}
				b.bank.answers(command.DBSInvoiceResultsQuery, listed())
				o := b.handle(t.Context())
				if o.Status != tt.status || o.Attempts != tt.attempts {
					t.Errorf("%s after %d attempts, want %s after %d", o.Status, o.Attempts, tt.status, tt.attempts)
				}
			})
		})
	}
}

func TestARowThatDoesNotSayWhenItIsDue(t *testing.T) {
	t.Parallel()
	noDueDate := func(r *command.InvoiceResultRow) { r.DueDate = command.Date{} }
	moved := func(operation command.InvoiceOperation) *command.Invoice {
		inv := invoice(operation, command.Term)
		inv.PreviousDueDate = inv.DueDate.AddDays(-5)
		return inv
	}
	t.Run("is due on the day it is listed under", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			inv := moved(command.UpdateInvoice)
			b := setup(t, inv)
			b.bank.answers(command.DBSInvoiceUpsert, lost(), ok(command.CodeInvoiceUpdated))
			b.bank.answers(command.DBSInvoiceResultsQuery, listed(), listed(row(inv, noDueDate)))
			b.want(b.handle(t.Context()), command.Succeeded, command.CodeInvoiceUpdated, 2, "")
			if n := len(b.bank.calls(command.DBSInvoiceUpsert)); n != 2 {
				t.Errorf("%d updates, want the lost one sent again", n)
			}
		})
	})
	t.Run("so that an upsert moves it", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			inv := moved(command.UpsertInvoice)
			b := setup(t, inv)
			b.bank.answers(command.DBSInvoiceUpsert, duplicate("106", command.CodeInvoiceAlreadyRecorded), ok(command.CodeInvoiceUpdated))
			b.bank.answers(command.DBSInvoiceResultsQuery, listed(), listed(row(inv, noDueDate)))
			b.want(b.handle(t.Context()), command.Succeeded, command.CodeInvoiceUpdated, 2, "")
		})
	})
}

func TestExpiryAfter106IsNoRefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, invoice(command.InsertInvoice, command.Term))
		b.c.ExpiresAt = time.Now().Add(time.Millisecond)
		b.bank.onCall = func(command.Name) { b.c.ExpiresAt = time.Now() }
		b.bank.answers(command.DBSInvoiceUpsert, duplicate("106", command.CodeInvoiceAlreadyRecorded))
		b.bank.answers(command.DBSInvoiceResultsQuery, listed())
		b.want(b.handle(t.Context()), command.InDoubt, command.CodeInvoiceUnresolved, 1, command.ReasonInDoubt)
	})
}

func TestStopDuringAResolution(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer   command.Verdict
		rows     bool
		attempts bool
		status   command.Status // "" for released
	}{
		"the attempt tells the next owner":                {lost(), true, true, ""},
		"no record of the attempt, a row proves it":       {lost(), true, false, command.Succeeded},
		"no record of the attempt, absence proves little": {lost(), false, false, command.InDoubt},
		"an answer would be lost, a row proves it":        {fault("999", command.CodeDBSBankUnexpectedError), true, true, command.Succeeded},
		"an answer would be lost, absence proves little":  {fault("119", command.CodeDBSBankAdvancePaymentFailed), false, true, command.InDoubt},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				inv := invoice(command.InsertInvoice, command.Term)
				b := setup(t, inv)
				if !tt.attempts {
					b = setup(t, inv, withoutAttempts)
				}
				b.bank.answers(command.DBSInvoiceUpsert, tt.answer)
				if tt.rows {
					b.bank.answers(command.DBSInvoiceResultsQuery, listed(row(inv)))
				} else {
					b.bank.answers(command.DBSInvoiceResultsQuery, listed())
				}
				time.AfterFunc(time.Second, func() { cancel(errors.New("draining")) })
				start := time.Now()
				if tt.status == "" {
					if err := b.p.Handle(ctx, b.m); !errors.Is(err, ErrReleased) || len(b.log.outcomes) > 0 {
						t.Errorf("Handle: %v with %d outcomes, want it released", err, len(b.log.outcomes))
					}
				} else if o := b.handle(ctx); o.Status != tt.status {
					t.Errorf("status %s, want %s", o.Status, tt.status)
				}
				if took := time.Since(start); took > time.Second {
					t.Errorf("took %v after the stop", took-time.Second)
				}
			})
		})
	}
}
