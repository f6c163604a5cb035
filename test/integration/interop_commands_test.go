package integration

import (
	"fmt"
	"strings"
	"testing"

	"bankprocessor/internal/command"
)

// exactAmount has every digit that decimal(18,2) can hold: a float on the way
// would show.
const exactAmount = "123456789.07"

// seven publishes one command of each kind, each once its predecessor's outcome is
// there, and returns the outcomes.
func (w *interop) seven(publish func(sample)) map[command.Name]*command.Outcome {
	w.t.Helper()
	outcomes := map[command.Name]*command.Outcome{}
	step := func(name command.Name, change map[string]any) {
		w.t.Helper()
		s := w.sample(name, change)
		publish(s)
		e := w.outcome(s.id)
		if o := e.Outcome; o.Status != command.Succeeded {
			w.t.Errorf("%s: outcome %s %s", name, o.Status, o.Code)
		}
		outcomes[name] = e.Outcome
	}
	step(command.CustomerCreate, nil)
	created, ok := outcomes[command.CustomerCreate].Result.(*command.CustomerCreated)
	if !ok {
		w.t.Fatal("no customer was created")
	}
	customer := map[string]any{"customerNumber": created.CustomerID.Reveal(), "processId": created.ProcessID.Reveal()}
	step(command.CustomerUpdate, customer)
	step(command.CustomerComplete, customer)
	step(command.DBSLimitQuery, nil)
	step(command.DBSInvoiceUpsert, map[string]any{"dealerCode": "1001", "amount": exactAmount})
	step(command.DBSInvoiceResultsQuery, map[string]any{"fromDueDate": "2099-12-31", "toDueDate": "2099-12-31"})
	step(command.LoanIncomeSubmit, nil)
	return outcomes
}

// judgeSeven looks at what the bank has recorded.
func (w *interop) judgeSeven() {
	w.t.Helper()
	l := w.bank.Ledger()
	if len(l.Flows) != 1 || l.Flows[0].Updates != 1 || !l.Flows[0].Completed || l.Flows[0].CitizenshipNumber.Reveal() != "10000000146" {
		w.t.Errorf("the bank has the flows %+v", l.Flows)
	}
	if len(l.Invoices) != 1 || fmt.Sprint(l.Invoices[0].Amount) != exactAmount ||
		l.Invoices[0].DueDate.String() != "2099-12-31" || l.Invoices[0].InvoiceDate.String() != "2020-11-02" {
		w.t.Errorf("the bank has the invoices %+v", l.Invoices)
	}
	if len(l.Loans) != 1 || l.Loans[0].ApplicationNumber != 89999999 || l.Loans[0].Submissions != 1 {
		w.t.Errorf("the bank has the loans %+v", l.Loans)
	}
	if calls := w.bank.Calls(0); len(calls) != 8 { // and one for a token
		w.t.Errorf("the bank saw %d calls", len(calls))
	}
}

// All seven commands, encoded by Apache Avro's generic classes in single-object
// encoding: our fingerprints are the specification's, and our reader reads what
// another implementation writes.
func TestTheProcessorExecutesWhatApacheAvroWrites(t *testing.T) {
	t.Parallel()
	w := openInterop(t, 2)
	w.processor()
	java := w.javaPublisher()
	java.open("avro", nil)
	var sent []sample
	w.seven(func(s sample) {
		sent = append(sent, s)
		java.send("avro", s, javaSingleObject)
	})
	w.judgeSeven()
	w.judgeTraces(sent)
}

// All seven commands in JSON, from a shell.
func TestTheProcessorExecutesWhatKcatWrites(t *testing.T) {
	t.Parallel()
	w := openInterop(t, 2)
	w.processor()
	w.seven(func(s sample) { w.kcatSend([]sample{s}, murmur2()...) })
	w.judgeSeven()
}

// judgeTraces looks whether the traces that an upstream began have reached the bank.
func (w *interop) judgeTraces(sent []sample) {
	w.t.Helper()
	trace := map[string]string{} // by the bank's session
	for _, s := range sent {
		trace[sessionOf(s)] = traceparentOf(s.id)[:35] // version and trace id
	}
	told := 0
	for _, c := range w.bank.Calls(0) {
		want, ours := trace[c.ChannelSessionID]
		if ours && !strings.HasPrefix(c.Traceparent, want) {
			w.t.Errorf("%s was told the trace %q, want %s…", c.Method, c.Traceparent, want)
		}
		if ours {
			told++
		}
	}
	if told != 6 { // the loan API has no session
		w.t.Errorf("%d calls were told a trace", told)
	}
}
