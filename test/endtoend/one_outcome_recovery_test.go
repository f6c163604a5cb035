package endtoend

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
)

// TestInvoicesThatAnOwnerBeforeHasAttempted has a row for every row of contract
// section 4 that a crash can reach. The attempts are those of an owner that is gone;
// what its calls have done is in the bank's ledger.
func TestInvoicesThatAnOwnerBeforeHasAttempted(t *testing.T) {
	t.Parallel()
	const (
		I, U, D = command.InsertInvoice, command.UpdateInvoice, command.CancelInvoice
		upsert  = command.UpsertInvoice
	)
	type ops = []command.InvoiceOperation
	type edit = func(map[string]any)
	cases := []struct {
		name   string
		ledger []edit // what the bank has done, beside operation and number
		how    ops
		send   command.InvoiceOperation
		change []edit
		before ops // attempts
		status command.Status
		code   command.Code
		sent   []string
	}{
		{"I-equal", []edit{nil}, ops{I}, I, nil, ops{I}, command.Succeeded, command.CodeInvoiceAlreadyRecorded, nil},
		{"I-different", []edit{otherAmount}, ops{I}, I, nil, ops{I}, command.Rejected, command.CodeInvoiceDuplicateConflict, nil},
		{"I-passive", []edit{nil, nil}, ops{I, D}, I, nil, ops{I}, command.Rejected, command.CodeInvoicePreviouslyCancelled, nil},
		{"I-none", nil, nil, I, nil, ops{I}, command.Succeeded, command.CodeInvoiceAccepted, []string{"I"}},
		{"I-resent-none", nil, nil, I, nil, ops{I, I}, command.InDoubt, command.CodeBankNoAnswer, nil},
		{"upsert-I-equal", []edit{nil}, ops{I}, upsert, nil, ops{I}, command.Succeeded, command.CodeInvoiceAlreadyRecorded, nil},
		{"upsert-I-different", []edit{otherAmount}, ops{I}, upsert, nil, ops{I}, command.Succeeded, command.CodeInvoiceUpdated, []string{"U"}},
		{"upsert-U-new", []edit{nil}, ops{I}, upsert, nil, ops{U}, command.Succeeded, command.CodeInvoiceUpdated, nil},
		{"upsert-U-old", []edit{otherAmount}, ops{I}, upsert, nil, ops{U}, command.Succeeded, command.CodeInvoiceUpdated, []string{"U"}},
		{"U-new", []edit{nil}, ops{I}, U, nil, ops{U}, command.Succeeded, command.CodeInvoiceUpdated, nil},
		{"U-old", []edit{otherAmount}, ops{I}, U, nil, ops{U}, command.Succeeded, command.CodeInvoiceUpdated, []string{"U"}},
		{"U-none", nil, nil, U, nil, ops{U}, command.InDoubt, command.CodeBankNoAnswer, nil},
		{"D-passive", []edit{nil, nil}, ops{I, D}, D, nil, ops{D}, command.Succeeded, command.CodeInvoiceCancelled, nil},
		{"D-active", []edit{nil}, ops{I}, D, nil, ops{D}, command.Succeeded, command.CodeInvoiceCancelled, []string{"D"}},
		{"D-none", nil, nil, D, nil, ops{D}, command.Succeeded, command.CodeInvoiceCancelled, []string{"D"}},
		{"advance-equal", []edit{asAdvance}, ops{I}, I, []edit{asAdvance}, ops{I}, command.Succeeded, command.CodeInvoiceAlreadyRecorded, nil},
		{"advance-none", nil, nil, I, []edit{asAdvance}, ops{I}, command.InDoubt, command.CodeBankNoAnswer, nil},
	}
	w := openWorld(t, sandbox.Options{})
	w.watch()
	var ledger []edit
	for _, c := range cases {
		for i, operation := range c.how {
			change := c.ledger[i]
			if change == nil {
				change = func(map[string]any) {}
			}
			ledger = append(ledger, draftInvoice(c.name, operation, change))
		}
	}
	w.succeed(ledger...)

	before := w.predecessor()
	ids, places, requests := make([]string, len(cases)), make([]kafka.Record, len(cases)), make([]string, len(cases))
	for i, c := range cases {
		ids[i], places[i] = w.send(command.DBSInvoiceUpsert, draftInvoice(c.name, c.send, c.change...))
		requests[i] = before.attempted(command.DBSInvoiceUpsert, ids[i], places[i], c.before...)
	}
	seq := w.lastBankCall()
	w.processor(quickly)
	for i, c := range cases {
		o := w.onlyOutcome(t, ids[i])
		if o.Status != c.status || o.Code != c.code || o.Attempts != len(c.before)+len(c.sent) {
			t.Errorf("%s: %s %s after %d attempts, want %s %s after %d",
				c.name, o.Status, o.Code, o.Attempts, c.status, c.code, len(c.before)+len(c.sent))
		}
		if got := w.bankCalls(seq, banksim.MethodInvoice, c.name); !slices.Equal(got, c.sent) {
			t.Errorf("%s: the bank saw %v, want %v", c.name, got, c.sent)
		}
		if c.status != command.InDoubt {
			continue
		}
		e := w.letter(places[i])
		text := e.Header("dlq-message")
		if e.Header("dlq-reason") != string(command.ReasonInDoubt) || !strings.Contains(text, requests[i]) || !strings.Contains(text, "looked up 3 times") {
			t.Errorf("%s: dead letter %s: %s", c.name, e.Header("dlq-reason"), text)
		}
	}
}

func TestWhatCannotBeLookedUpIsTakenOver(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	before := w.predecessor()

	completeID, completeAt := w.send(command.CustomerComplete, nil)
	request := before.attempted(command.CustomerComplete, completeID, completeAt, "")
	onceID, onceAt := w.send(command.LoanIncomeSubmit, func(f map[string]any) { f["applicationNumber"] = 80000001 })
	before.attempted(command.LoanIncomeSubmit, onceID, onceAt, "")
	twiceID, twiceAt := w.send(command.LoanIncomeSubmit, func(f map[string]any) { f["applicationNumber"] = 80000002 })
	before.attempted(command.LoanIncomeSubmit, twiceID, twiceAt, "", "")
	withdrawnID, withdrawnAt := w.send(command.LoanIncomeSubmit, func(f map[string]any) { f["applicationNumber"] = 80000003 })
	a := command.Attempt{
		CommandID: withdrawnID, Command: command.LoanIncomeSubmit, Number: 1, ChannelRequestID: request,
		Partition: withdrawnAt.Partition, Offset: withdrawnAt.Offset, StartedAt: time.Now(),
	}
	before.attempt(withdrawnAt, a)
	a.Withdrawn = true
	before.attempt(withdrawnAt, a)

	app := w.processor(quickly)
	for id, want := range map[string]struct {
		status   command.Status
		attempts int
	}{
		completeID:  {command.InDoubt, 1},
		onceID:      {command.Succeeded, 2},
		twiceID:     {command.InDoubt, 2},
		withdrawnID: {command.Succeeded, 1},
	} {
		if o := w.onlyOutcome(t, id); o.Status != want.status || o.Attempts != want.attempts {
			t.Errorf("%s: %s %s after %d attempts, want %s after %d", o.Command, o.Status, o.Code, o.Attempts, want.status, want.attempts)
		}
	}
	if calls := w.bankCalls(0, banksim.MethodComplete, ""); len(calls) > 0 {
		t.Errorf("the bank saw %v", calls)
	}
	if calls := w.bankCalls(0, banksim.MethodLoan, ""); len(calls) != 2 {
		t.Errorf("the bank saw %d loan calls, want one resend and one first call", len(calls))
	}
	text := w.letter(completeAt).Header("dlq-message")
	if !strings.Contains(text, request) {
		t.Errorf("the dead letter does not name the call: %s", text)
	}
	w.letter(twiceAt)
	counts(t, app,
		`processor_commands_recovered_total{command="customer.complete"} 1`,
		`processor_commands_recovered_total{command="loan.income.submit"} 2`,
		`processor_attempts_total{command="loan.income.submit"} 2`)
	must(t, stop(app))
}

// The outcome is stored and the offset is not committed: the record is read again.
func TestAnOutcomeOfAnOwnerBeforeIsNotRepeated(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	before := w.predecessor()
	id, sent := w.send(command.CustomerComplete, nil)
	before.attempted(command.CustomerComplete, id, sent, "")
	before.concluded(command.CustomerComplete, id, sent)
	app := w.processor(quickly)
	w.after(sent)
	if calls := w.bankCalls(0, banksim.MethodComplete, ""); len(calls) != 1 {
		t.Errorf("the bank saw %v, want the call of the command behind it alone", calls)
	}
	if o := w.onlyOutcome(t, id); o.Status != command.Succeeded {
		t.Errorf("outcome %s", o.Status)
	}
	counts(t, app, `processor_commands_answered_total{command="customer.complete",how="redone"} 1`)
	must(t, stop(app))
}
