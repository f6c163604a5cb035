package app

import (
	"context"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/processing"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/topics"
	"bankprocessor/test/allocs"
)

// stubs stand for what a command meets on its way beside the processor itself.
type stubs struct {
	c *command.Command
	v command.Verdict
}

func (s stubs) Decode(context.Context, *command.Message) (*command.Command, error) { return s.c, nil }

func (s stubs) Call(_ context.Context, _ *command.Command, call command.Call) command.Verdict {
	if call.Permit() != nil {
		panic("not permitted")
	}
	return s.v
}

func (stubs) Wait(context.Context, command.Name) error                          { return nil }
func (stubs) Shut(command.Name) bool                                            { return false }
func (stubs) Attempt(context.Context, *command.Message, *command.Attempt) error { return nil }
func (stubs) Outcome(ctx context.Context, _ *command.Message, _ *command.Outcome) error {
	return ctx.Err()
}
func (stubs) DeadLetter(context.Context, *command.DeadLetter) error { return nil }

// happyHandler carries out, against stubs, an invoice that the bank accepts. The
// context ends as a session's does: later.
func happyHandler(b testing.TB, attempts []string) (handle func()) {
	now := time.Now()
	inv := &command.Invoice{
		Operation: command.UpsertInvoice, CompanyCode: "SOLEN", DealerCode: "0222", InvoiceNumber: "INV-1",
		InvoiceCurrency: "TRY", PaymentCurrency: "TRY", InvoiceDate: command.DateOf(now),
		Amount: new(command.NewDecimal(90000, 2)), DueDate: command.DateOf(now.AddDate(0, 1, 0)),
		Maturity: command.Term, EntryType: command.Debit, Explanation: "deliveries of the week", CustomerNumber: 955807,
	}
	c := &command.Command{
		ID: "7b0c1f0e-9a51-4c3f-8a0d-1f2e3d4c5b6a", CorrelationID: "order-2026-0001", IssuedAt: now,
		ExpiresAt: now.Add(time.Hour), Payload: inv,
	}
	s := stubs{c: c, v: command.Verdict{
		Status: command.Succeeded, Code: command.CodeInvoiceAccepted, Category: command.CategoryOK,
		Delivery: command.Answered, BankCode: "000",
	}}
	names := topics.Config{}.WithDefaults()
	p := processing.New(processing.Config{Attempts: attempts}, processing.Deps{
		Decoder: s, Bank: s, Publisher: s, Observer: newProcessingObserver(telemetry.NewMetrics("v0")),
	})
	h := handler{p, names}
	record := kafka.Record{
		Topic: names.Command(command.DBSInvoiceUpsert), Partition: 3, Offset: 42, Time: now,
		Key: []byte(inv.OrderingKey()), Value: []byte("bytes"),
		Headers: []kafka.Header{
			{Key: "content-type", Value: []byte("application/avro")},
			{Key: "traceparent", Value: []byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
		},
	}
	ctx, cancel := context.WithCancelCause(b.Context())
	b.Cleanup(func() { cancel(nil) })
	return func() {
		if err := h.Handle(ctx, record); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHandle(b *testing.B) {
	for name, attempts := range map[string][]string{"plain": {}, "attempts": nil} {
		b.Run(name, func(b *testing.B) {
			handle := happyHandler(b, attempts)
			b.ReportAllocs()
			for b.Loop() {
				handle()
			}
		})
	}
}

// What every command costs must not come back unseen.
func TestACommandAllocatesLittle(t *testing.T) {
	allocs.AtMost(t, 6, happyHandler(t, []string{}))
	allocs.AtMost(t, 8, happyHandler(t, nil)) // with its attempt
}
