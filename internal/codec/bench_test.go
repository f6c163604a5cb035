package codec

import (
	"context"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/test/allocs"
)

func someAttempt() *command.Attempt {
	return &command.Attempt{
		CommandID: someID, Command: command.DBSInvoiceUpsert, Number: 1, ChannelRequestID: "1b7d9c0e-5f0a-5d7e-8a53-6f2f6c1f7a10",
		Operation: command.InsertInvoice, StartedAt: time.UnixMilli(1767602040000).UTC(), Partition: 3, Offset: 1 << 30,
	}
}

// someAudit has every field in use.
func someAudit() *command.AuditRecord {
	return &command.AuditRecord{
		Action: command.AuditReplay, Phase: command.AuditIntended, ID: "2c7d9c0e-5f0a-5d7e-8a53-6f2f6c1f7a10", Job: "j",
		At: time.UnixMilli(1767602040000).UTC(), Actor: "operator", Tool: "cli", Why: "the bank has never seen it",
		CommandID: someID, Command: command.DBSInvoiceUpsert, Revision: 2, NewCommandID: someID, Letter: "bank.dead-letter/1@7",
		Original: "dbs.invoice.upsert/3@41", Statement: "not_applied", Status: command.Failed, Code: command.CodeOperatorNotApplied,
		BankReference: "b", Target: "dbs.invoice.upsert/3@99", OriginalDigest: "sha256:00", EditedDigest: "sha256:01",
	}
}

// filled is an outcome of the command with a payload of every field, rows included.
func filled(name command.Name) *command.Outcome {
	o := someOutcome()
	o.Command, o.Result = name, newResult(name)
	row := func() *command.Decimal { return new(command.NewDecimal(900050, 2)) }
	switch r := o.Result.(type) {
	case *command.InvoiceRecorded:
		o.Result = someOutcome().Result
	case *command.LimitList:
		r.Rows = []command.LimitRow{{CompanyCode: "SOLEN", DealerCode: "1", Limit: row(), Risk: row()}, {AvailableLimit: row(), AccountBalance: row()}}
	case *command.InvoiceResultList:
		r.Rows = []command.InvoiceResultRow{{InvoiceNumber: "1", InvoiceAmount: row(), DueDate: command.Date{Year: 2026, Month: 1, Day: 2}, LastUpdated: at}, {}}
	case *command.LoanOffer:
		r.ApplicationNumber, r.CreditAmount, r.Maturity, r.InterestRate = 1, row(), new(int64(12)), row()
	}
	return o
}

// Each pair is the fast path and the one of reference.
func BenchmarkDecode(b *testing.B) {
	c := setup(b, Options{})
	for _, name := range command.Names() {
		value := encoded(b, c, example(b, c, name))
		b.Run(string(name)+"/fast", func(b *testing.B) {
			b.ReportAllocs()
			m := &command.Message{Name: name, Value: value}
			for b.Loop() {
				if _, err := c.Decode(context.Background(), m); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(name)+"/reference", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := referenceCommand(name, c.commands[name].avro, value[singleHeader:]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	c := setup(b, Options{})
	pair := func(of string, e *event, fields func(walker)) {
		b.Run(of+"/fast", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.encode(fields); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(of+"/reference", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.reference(nil, fields); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, name := range command.Names() {
		o := filled(name)
		pair(string(name)+".result", c.results[name], func(w walker) { outcomeFields(w, o) })
	}
	a := someAttempt()
	pair("bank.attempts", c.attempts, func(w walker) { attemptFields(w, a) })
}

func BenchmarkEventID(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = EventID(someID, 1)
	}
}

func TestTheFastPathTakesFewAllocations(t *testing.T) {
	c := setup(t, Options{})
	invoice := &command.Message{Name: command.DBSInvoiceUpsert, Value: encoded(t, c, example(t, c, command.DBSInvoiceUpsert))}
	update := &command.Message{Name: command.CustomerUpdate, Value: encoded(t, c, example(t, c, command.CustomerUpdate))}
	outcome, list, attempt := filled(command.DBSInvoiceUpsert), filled(command.DBSInvoiceResultsQuery), someAttempt()
	for name, tt := range map[string]struct {
		allowed float64
		do      func() error
	}{
		"Decode of an invoice":         {5, func() error { _, err := c.Decode(context.Background(), invoice); return err }},
		"Decode of a customer":         {13, func() error { _, err := c.Decode(context.Background(), update); return err }},
		"EncodeOutcome of an invoice":  {2, func() error { _, err := c.EncodeOutcome(outcome); return err }},
		"EncodeOutcome of many fields": {2, func() error { _, err := c.EncodeOutcome(list); return err }},
		"EncodeAttempt":                {2, func() error { _, err := c.EncodeAttempt(attempt); return err }},
		"EventID":                      {2, func() error { EventID(someID, 1); return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			allocs.AtMost(t, tt.allowed, func() {
				if err := tt.do(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
