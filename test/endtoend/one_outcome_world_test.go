package endtoend

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/app"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
)

// predecessor leaves in Kafka what an owner of the partitions would have, that was
// killed: nothing of it is committed.
type predecessor struct {
	w         *world
	publisher *producers.Publisher
}

func (w *world) predecessor() *predecessor {
	w.t.Helper()
	log := slog.New(slog.DiscardHandler)
	batcher, err := producers.NewBatcher(producers.Config{}, w.client, producers.NopObserver{}, log)
	must(w.t, err)
	batcher.Start(w.t.Context())
	w.t.Cleanup(func() { must(w.t, batcher.Stop(context.WithoutCancel(w.t.Context()))) })
	return &predecessor{w, producers.NewPublisher(batcher, producers.PublisherConfig{
		Encoder: w.events, Names: w.drafter.Topics, Observer: producers.NopObserver{}, Log: log,
	})}
}

// attempted leaves an attempt at a command for each operation, "" for a command
// that has none, and returns the last one's request id.
func (p *predecessor) attempted(name command.Name, id string, sent kafka.Record, operations ...command.InvoiceOperation) (requestID string) {
	p.w.t.Helper()
	for i, operation := range operations {
		requestID = uuid.NewString()
		p.attempt(sent, command.Attempt{
			CommandID: id, Command: name, Number: i + 1, ChannelRequestID: requestID, Operation: operation,
			StartedAt: time.Now().UTC(), Partition: sent.Partition, Offset: sent.Offset,
		})
	}
	return requestID
}

func (p *predecessor) attempt(sent kafka.Record, a command.Attempt) {
	p.w.t.Helper()
	_, err := p.publisher.Attempt(p.w.t.Context(), messageOf(a.Command, sent), &a)
	must(p.w.t, err)
}

// concluded leaves the outcome of a command.
func (p *predecessor) concluded(name command.Name, id string, sent kafka.Record) {
	p.w.t.Helper()
	now := time.Now().UTC()
	_, err := p.publisher.Outcome(p.w.t.Context(), messageOf(name, sent), &command.Outcome{
		CommandID: id, Command: name, Status: command.Succeeded, Code: command.CodeCustomerCompleted,
		Category: command.CategoryOK, Attempts: 1, Revision: 1, ReceivedAt: now, CompletedAt: now,
	})
	must(p.w.t, err)
}

func messageOf(name command.Name, sent kafka.Record) *command.Message {
	return &command.Message{
		Topic: sent.Topic, Name: name, Partition: sent.Partition, Offset: sent.Offset, Key: sent.Key, Value: sent.Value,
	}
}

// quickly shortens what a processor waits before it looks and sends again.
func quickly(c *config.Config) {
	c.Processing.Settle = []time.Duration{20 * time.Millisecond, 30 * time.Millisecond, 50 * time.Millisecond}
	c.Processing.BackoffInitial = 10 * time.Millisecond
}

// draftInvoice is an invoice's command of a given number.
func draftInvoice(number string, operation command.InvoiceOperation, change ...func(map[string]any)) func(map[string]any) {
	return func(fields map[string]any) {
		fields["invoiceNumber"], fields["operation"] = number, string(operation)
		for _, f := range change {
			f(fields)
		}
	}
}

func otherAmount(fields map[string]any) { fields["amount"] = json.Number("123.45") }

func asAdvance(fields map[string]any) {
	fields["maturity"] = string(command.Advance)
	fields["dueDate"] = command.DateOf(time.Now().In(command.Istanbul)).String()
}

// bankCalls lists what the bank has seen of a method since a call: operations of
// invoices, the method's name of everything else.
func (w *world) bankCalls(since uint64, method, invoiceNumber string) (calls []string) {
	for _, c := range w.bank.Calls(since) {
		switch {
		case c.Method != method || c.InvoiceNumber != invoiceNumber:
		case c.Operation != "":
			calls = append(calls, c.Operation)
		default:
			calls = append(calls, c.Method)
		}
	}
	return calls
}

func (w *world) lastBankCall() uint64 {
	calls := w.bank.Calls(0)
	if len(calls) == 0 {
		return 0
	}
	return calls[len(calls)-1].Seq
}

// succeed has the bank take invoices in, by a processor that stops after it.
func (w *world) succeed(edits ...func(map[string]any)) {
	w.t.Helper()
	a := w.processor(quickly)
	for _, edit := range edits {
		id, _ := w.send(command.DBSInvoiceUpsert, edit)
		if o := w.outcome(id); o.Status != command.Succeeded {
			w.t.Fatalf("preparing: %s %s", o.Status, o.Code)
		}
	}
	must(w.t, stop(a))
}

// onlyOutcome waits until the processor is through with what has been sent, and
// returns the command's one outcome.
func (w *world) onlyOutcome(t *testing.T, id string) *command.Outcome {
	t.Helper()
	o := w.outcome(id)
	w.Lock()
	defer w.Unlock()
	if n := len(w.outcomes[id]); n != 1 {
		t.Errorf("%d outcomes of %s, want one", n, id)
	}
	return o
}

// counts holds a processor's counters against those lines of its metrics.
func counts(t *testing.T, a *app.App, lines ...string) {
	t.Helper()
	page := string(fetchPage(t, a.AdminAddress(), "/metrics"))
	for _, line := range lines {
		if !strings.Contains(page, "\n"+line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
}
