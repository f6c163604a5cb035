package tracing_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/command"
	"bankprocessor/internal/processing"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/tracing"
	"bankprocessor/test/capture"
	"bankprocessor/test/collector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is tracing that has started, and what it tells.
type bench struct {
	*tracing.Tracing
	log *capture.Text

	mu                        sync.Mutex
	exported, failed, dropped int
}

// Exported counts.
func (b *bench) Exported(spans int, _ time.Duration, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.failed += spans
		return
	}
	b.exported += spans
}

// Dropped counts.
func (b *bench) Dropped(spans int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropped += spans
}

func (b *bench) counts() (exported, failed, dropped int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.exported, b.failed, b.dropped
}

func config(c *collector.Collector) tracing.Config {
	return tracing.Config{Endpoint: c.URL, SampleRatio: 1}
}

func build(t *testing.T, cfg tracing.Config) (*bench, error) {
	t.Helper()
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	b := &bench{log: &capture.Text{}}
	var err error
	b.Tracing, err = tracing.New(cfg, tracing.Deps{
		Version: "v1", Instance: "here-1", Group: "bank-processor", Names: topics.Config{}.WithDefaults(),
		Servers: map[command.Bank]string{
			command.BankInterAPI: "https://bank.example.com/prefix", command.BankLoanAPI: "http://127.0.0.1:8080",
		},
		Observer: b, Logger: slog.New(slog.NewTextHandler(b.log, nil)),
	})
	return b, err
}

func start(t *testing.T, cfg tracing.Config) *bench {
	t.Helper()
	b, err := build(t, cfg)
	if err == nil {
		err = b.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Stop(context.Background()) })
	return b
}

const (
	traceID   = "0af7651916cd43dd8448eb211c80319c"
	publisher = "b7ad6b7169203331"
	sampled   = "00-" + traceID + "-" + publisher + "-01"
)

// message is a command with headers: names and values in turn.
func message(headers ...string) *command.Message {
	m := &command.Message{
		Topic: "dbs.invoice.upsert", Name: command.DBSInvoiceUpsert, Partition: 3, Offset: 42,
		Key: []byte("SOLEN|10000000146"), Value: []byte("ayse@example.com"),
	}
	for i := 0; i < len(headers); i += 2 {
		m.Headers = append(m.Headers, command.Header{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return m
}

// draw takes one command its way.
func (b *bench) draw(m *command.Message) (call, event string) {
	way := b.Tracer().Begin(m)
	way.Waited(processing.WaitGate, 1500*time.Millisecond)
	way.Waited(processing.WaitLease, time.Microsecond)
	attempt := way.Begin(processing.Stretch{
		Kind: processing.Attempting, Command: m.Name, Number: 1, RequestID: "request-1", Operation: command.InsertInvoice,
	})
	posting := attempt.Begin(processing.Stretch{Kind: processing.Calling, Command: m.Name, RequestID: "request-1"})
	call = posting.Traceparent()
	answer := processing.Ending{
		Status: command.InDoubt, Code: command.CodeBankNoAnswer, Made: true, Delivery: command.Unanswered, HTTPStatus: 502,
	}
	posting.End(answer)
	attempt.End(answer)
	looking := way.Begin(processing.Stretch{Kind: processing.Reconciling, Command: m.Name, Operation: command.InsertInvoice})
	looking.End(processing.Ending{Status: command.Succeeded, Code: command.CodeInvoiceAlreadyRecorded})
	letter := way.Begin(processing.Stretch{Kind: processing.SendingLetter, Command: m.Name, Reason: command.ReasonInDoubt})
	letter.End(processing.Ending{Failed: true})
	outcome := way.Begin(processing.Stretch{Kind: processing.SendingOutcome, Command: m.Name})
	event = outcome.Traceparent()
	outcome.End(processing.Ending{})
	way.End(processing.Ending{
		How: processing.EndedOutcome, CommandID: "7b0c1f0e-9a51-4c3f-8a0d-1f2e3d4c5b6a", Revision: 2, Attempts: 1,
		Reconciled: true, Status: command.Succeeded, Code: "no such code",
	})
	way.End(processing.Ending{How: processing.EndedReleased}) // does nothing
	return call, event
}

// tree is what draw draws.
const tree = `CONSUMER process dbs.invoice.upsert
  INTERNAL attempt dbs.invoice.upsert !bank.no_answer
    CLIENT POST dbs.invoice.upsert !bank.no_answer
  INTERNAL reconcile dbs.invoice.upsert
  PRODUCER send bank.dead-letter !not_stored
  PRODUCER send dbs.invoice.upsert.result
`

const spansOfTree = 6

func count(n int) func([]collector.Span) bool {
	return func(spans []collector.Span) bool { return len(spans) >= n }
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	rewrite(t, path, content)
	return path
}

func rewrite(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
