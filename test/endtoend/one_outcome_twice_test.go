package endtoend

import (
	"testing"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/upstream"
)

// after waits until the processor is through with the partition of a record up to
// now: a command with the same key comes last.
func (w *world) after(sent kafka.Record) {
	w.t.Helper()
	name, ok := w.drafter.Topics.CommandOf(sent.Topic)
	if !ok {
		w.t.Fatalf("%s carries no command", sent.Topic)
	}
	draft := w.draft(name, nil)
	draft.Record.Key = sent.Key
	last := w.publish(draft.Record)[0]
	if last.Partition != sent.Partition {
		w.t.Fatalf("the last command is on partition %d, want %d", last.Partition, sent.Partition)
	}
	w.outcome(draft.Command.ID)
}

// Upstream publishes commands twice at once, and once more after a takeover. It
// holds for commands that may be repeated freely, too.
func TestACommandThatIsPublishedTwice(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	methods := map[command.Name]string{
		command.CustomerCreate: banksim.MethodCreate, command.DBSLimitQuery: banksim.MethodLimit,
		command.DBSInvoiceUpsert: banksim.MethodInvoice, command.LoanIncomeSubmit: banksim.MethodLoan,
	}
	drafts := map[command.Name]upstream.Draft{}
	first := w.processor(quickly)
	for name := range methods {
		drafts[name] = w.draft(name, nil)
		w.after(w.publish(drafts[name].Record, drafts[name].Record)[1])
	}
	counts(t, first, `processor_commands_answered_total{command="loan.income.submit",how="duplicate"} 1`)
	must(t, stop(first))
	second := w.processor(quickly)
	for name, draft := range drafts {
		w.after(w.publish(draft.Record)[0])
		o := w.onlyOutcome(t, draft.Command.ID)
		if o.Status != command.Succeeded {
			t.Errorf("%s: %s %s", name, o.Status, o.Code)
		}
		calls := 0
		for _, c := range w.bank.Calls(0) {
			if c.Method == methods[name] {
				calls++
			}
		}
		if calls != 3 { // its own, and those of the two commands behind the repetitions
			t.Errorf("%s: the bank saw %d calls, want 3", name, calls)
		}
	}
	counts(t, second, `processor_commands_answered_total{command="customer.create",how="duplicate"} 1`)
	must(t, stop(second))
	for _, invoice := range w.bank.Ledger().Invoices {
		if n := invoice.Applied("I"); n != 1 {
			t.Errorf("invoice %s was recorded %d times", invoice.Number, n)
		}
	}
	noLetters(w)
}

func TestAnIDThatIsUsedTwiceIsAPersonsCase(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	app := w.processor(quickly)
	id, sent := w.send(command.DBSInvoiceUpsert, draftInvoice("first", command.InsertInvoice))
	w.outcome(id)
	w.drafter.NewIDs = false
	_, again := w.send(command.DBSInvoiceUpsert, draftInvoice("second", command.InsertInvoice, otherAmount, func(fields map[string]any) {
		fields["commandId"] = id
	}))
	w.drafter.NewIDs = true
	e := w.letter(again)
	if e.Header("dlq-code") != string(command.CodeCommandIDReused) || e.Header("dlq-command-id") != id {
		t.Errorf("dead letter %s of %s", e.Header("dlq-code"), e.Header("dlq-command-id"))
	}
	w.after(sent)
	if calls := w.bankCalls(0, banksim.MethodInvoice, "second"); len(calls) > 0 {
		t.Errorf("the bank saw %v", calls)
	}
	w.onlyOutcome(t, id)
	counts(t, app, `processor_commands_answered_total{command="dbs.invoice.upsert",how="reused"} 1`)
	must(t, stop(app))
}
