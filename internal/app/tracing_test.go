package app_test

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/tracing"
	"bankprocessor/test/collector"
)

const (
	invoiceForTraces = `{"operation":"INSERT","companyCode":"SOLEN","dealerCode":"0222","invoiceNumber":"INV-TRACED",` +
		`"invoiceCurrency":"TRY","paymentCurrency":"TRY","invoiceDate":"2026-01-02","amount":900,"dueDate":"2099-12-31",` +
		`"maturity":"TERM","entryType":"DEBIT","explanation":"deneme","customerNumber":955807}`
	publishersTrace = "0af7651916cd43dd8448eb211c80319c"
	publishersSpan  = "b7ad6b7169203331"
)

// tracedBench is a sandbox whose commands go to a collector.
func tracedBench(t *testing.T) (*bench, *collector.Collector) {
	t.Helper()
	b, c := setup(t, sandbox.Options{}), collector.Start(t)
	b.cfg.Tracing = tracing.Config{Endpoint: c.URL, Timeout: time.Second}
	return b, c
}

// sendTraced publishes a command as a publisher that traces it.
func (b *bench) sendTraced(name command.Name, text string) string {
	b.t.Helper()
	draft, err := b.draft.FromJSON(name, []byte(text))
	if err != nil {
		b.t.Fatal(err)
	}
	headers := draft.Record.Headers[:0]
	for _, h := range draft.Record.Headers {
		if h.Key != "traceparent" {
			headers = append(headers, h)
		}
	}
	draft.Record.Headers = append(headers,
		kafka.Header{Key: "traceparent", Value: []byte("00-" + publishersTrace + "-" + publishersSpan + "-01")},
		kafka.Header{Key: "tracestate", Value: []byte("rojo=00f067aa0ba902b7")})
	if _, err := b.sender.Send(b.t.Context(), draft.Record); err != nil {
		b.t.Fatal(err)
	}
	return draft.Command.ID
}

// ended waits until a command's own span has arrived, which is its last.
func ended(spans []collector.Span) bool {
	for _, s := range spans {
		if s.Kind == "CONSUMER" {
			return true
		}
	}
	return false
}

func (b *bench) wantTree(spans []collector.Span, want string) {
	b.t.Helper()
	if got := collector.Tree(spans); got != want {
		b.t.Fatalf("got\n%s\nwant\n%s\n%s", got, want, b.log)
	}
	for _, s := range spans {
		if s.Trace != publishersTrace || s.State != "rojo=00f067aa0ba902b7" || s.Parent == "" {
			b.t.Errorf("%s is of trace %s (%s), below %q", s.Name, s.Trace, s.State, s.Parent)
		}
	}
	if spans[0].Parent != publishersSpan {
		b.t.Errorf("the command stands below %s, not below its publisher", spans[0].Parent)
	}
}

func named(spans []collector.Span, name string) collector.Span {
	for _, s := range spans {
		if s.Name == name {
			return s
		}
	}
	return collector.Span{}
}

func traceparentOf(s collector.Span) string { return "00-" + s.Trace + "-" + s.ID + "-01" }

func TestACommandIsTracedFromItsPublisherToItsSubscriber(t *testing.T) {
	t.Parallel()
	b, c := tracedBench(t)
	w := b.watch(downstream.Options{})
	a := b.start()
	id := b.sendTraced(command.DBSLimitQuery, limitQuery)
	event := b.take(w, 1)[0]
	spans := c.Await(t, ended)
	b.wantTree(spans, `CONSUMER process dbs.limit.query
  INTERNAL attempt dbs.limit.query
    CLIENT POST dbs.limit.query
  PRODUCER send dbs.limit.query.result
`)
	if got, want := event.Header("traceparent"), traceparentOf(spans[3]); got != want || event.Header("tracestate") != "rojo=00f067aa0ba902b7" {
		t.Errorf("the event goes on from %s (%s), want %s", got, event.Header("tracestate"), want)
	}
	if got, want := b.box.Bank().Calls(0)[0].Traceparent, traceparentOf(spans[2]); got != want {
		t.Errorf("the bank was shown %s, want %s", got, want)
	}
	for key, want := range map[string]string{
		"processor.command.id": id, "processor.status": "SUCCEEDED", "processor.code": "dbs.limit.listed", "processor.ending": "outcome",
		"messaging.consumer.group.name": b.cfg.Intake.Group, "service.name": "bank-processor", "service.version": "test",
	} {
		if got := spans[0].Attributes[key]; got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if call := spans[2].Attributes; call["http.response.status_code"] != "200" || call["server.address"] != "127.0.0.1" || call["server.port"] == "" {
		t.Errorf("the call tells %v", call)
	}
	b.awaitMetrics(a, `processor_trace_spans_total{result="exported"} 4`, `processor_trace_spans_total{result="failed"} 0`,
		`processor_commands_in_doubt{command="dbs.limit.query"} 0`)
	body := openMetrics(t, a)
	for _, metric := range []string{"processor_command_duration_seconds", "processor_bank_call_duration_seconds"} {
		if !hasExemplar(body, metric) {
			t.Errorf("%s has no exemplar of the trace:\n%s", metric, body)
		}
	}
}

func TestALostInvoiceIsTracedUntilItIsFound(t *testing.T) {
	t.Parallel()
	b, c := tracedBench(t)
	if _, err := b.box.Bank().AddFault(banksim.Fault{Kind: banksim.FaultAnswerLost, Times: 1, Match: banksim.Match{Method: banksim.MethodInvoice}}); err != nil {
		t.Fatal(err)
	}
	w := b.watch(downstream.Options{})
	a := b.start()
	b.sendTraced(command.DBSInvoiceUpsert, invoiceForTraces)
	if o := b.take(w, 1)[0].Outcome; o.Status != command.Succeeded || !o.Reconciled {
		t.Fatalf("got %+v\n%s", o, b.log)
	}
	spans := c.Await(t, ended)
	b.wantTree(spans, `CONSUMER process dbs.invoice.upsert
  INTERNAL attempt dbs.invoice.upsert !bank.no_answer
    CLIENT POST dbs.invoice.upsert !bank.no_answer
  INTERNAL reconcile dbs.invoice.upsert
    CLIENT POST dbs.invoice.results.query
  PRODUCER send dbs.invoice.upsert.result
`)
	attempt, outcome := spans[1].Attributes, spans[0].Attributes
	if attempt["processor.attempt.number"] != "1" || attempt["processor.invoice.operation"] != "INSERT" || attempt["processor.delivery"] != "unanswered" {
		t.Errorf("the attempt tells %v", attempt)
	}
	if outcome["processor.reconciled"] != "true" || outcome["processor.attempts"] != "1" || outcome["processor.code"] != "dbs.invoice.already_recorded" {
		t.Errorf("the command tells %v", outcome)
	}
	if attempt["processor.channel_request_id"] != b.box.Bank().Calls(0)[0].ChannelRequestID {
		t.Errorf("the attempt does not name the bank's request: %v", attempt)
	}
	if !hasExemplar(openMetrics(t, a), "processor_attempt_duration_seconds") {
		t.Error("the attempt has no exemplar")
	}
	b.awaitMetrics(a, `processor_commands_in_doubt{command="dbs.invoice.upsert"} 0`)
}

func TestADeadLetterIsTraced(t *testing.T) {
	t.Parallel()
	b, c := tracedBench(t)
	if _, err := b.box.Bank().AddFault(banksim.Fault{Kind: banksim.FaultAnswerLost, Times: 1, Match: banksim.Match{Method: banksim.MethodComplete}}); err != nil {
		t.Fatal(err)
	}
	w := b.watch(downstream.Options{DeadLetters: true})
	b.start()
	text, err := os.ReadFile("../../schemas/examples/customer.complete.json")
	if err != nil {
		t.Fatal(err)
	}
	b.sendTraced(command.CustomerComplete, string(text))
	b.take(w, 2)
	spans := c.Await(t, ended)
	letter := named(spans, "send bank.dead-letter")
	if letter.Attributes["processor.dead_letter.reason"] == "" || letter.Parent != spans[0].ID {
		t.Errorf("the letter's span: %+v\n%s", letter, collector.Tree(spans))
	}
}

// Every kind of command goes by, with the made-up people that tests are about: no span
// holds any of them, whatever a publisher writes into its headers.
func TestNoSpanHoldsPersonalData(t *testing.T) {
	t.Parallel()
	b, c := tracedBench(t)
	b.cfg.Tracing.SampleRatio = 1
	w := b.watch(downstream.Options{DeadLetters: true})
	b.start()
	canaries := lines(t, "../../test/privacy-canaries.txt")
	commands := command.Names()
	for _, name := range commands {
		text, err := os.ReadFile("../../schemas/examples/" + string(name) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		draft, err := b.draft.FromJSON(name, text)
		if err != nil {
			t.Fatal(err)
		}
		draft.Record.Headers = append(draft.Record.Headers, kafka.Header{Key: "tracestate", Value: []byte("a=ayse@example.com")})
		draft.Record.Key = []byte("10000000146") // no key of ours, and in no span
		if _, err := b.sender.Send(t.Context(), draft.Record); err != nil {
			t.Fatal(err)
		}
	}
	b.take(w, len(commands))
	spans := c.Await(t, func(spans []collector.Span) bool {
		n := 0
		for _, s := range spans {
			if s.Kind == "CONSUMER" {
				n++
			}
		}
		return n == len(commands)
	})
	for _, canary := range canaries {
		if c.Holds(canary) {
			t.Errorf("a span holds %q", canary)
		}
	}
	listed := map[string]bool{"service.name": true, "service.version": true, "service.instance.id": true}
	for _, a := range tracing.Attributes() {
		listed[a.Key] = true
	}
	for _, s := range spans {
		for key := range s.Attributes {
			if !listed[key] {
				t.Errorf("%s has the attribute %s, which is not listed", s.Name, key)
			}
		}
	}
}

func lines(t *testing.T, name string) (all []string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		if s.Text() != "" {
			all = append(all, s.Text())
		}
	}
	if len(all) < 10 {
		t.Fatalf("%s has %d lines", name, len(all))
	}
	return all
}

func TestCommandsGoOnWithoutTheirCollector(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	b.cfg.Tracing = tracing.Config{Endpoint: "http://127.0.0.1:1", SampleRatio: 1, Timeout: 50 * time.Millisecond, QueueSpans: 4}
	w := b.watch(downstream.Options{})
	a := b.start()
	const commands = 20
	for range commands {
		b.send(command.DBSLimitQuery, limitQuery)
	}
	for _, e := range b.take(w, commands) {
		if e.Outcome.Status != command.Succeeded {
			t.Errorf("got %+v", e.Outcome)
		}
	}
	b.await("the failed spans", func() bool {
		_, body := get(t, a, "/metrics")
		return !strings.Contains(body, `processor_trace_spans_total{result="failed"} 0`) &&
			!strings.Contains(body, `processor_trace_spans_total{result="dropped"} 0`) &&
			strings.Contains(body, `processor_trace_spans_total{result="exported"} 0`)
	})
}

func TestWithoutTracingHeadersGoOnAsTheyCame(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	w := b.watch(downstream.Options{})
	a := b.start()
	b.sendTraced(command.DBSLimitQuery, limitQuery)
	event := b.take(w, 1)[0]
	shown := b.box.Bank().Calls(0)[0].Traceparent
	if event.Header("traceparent") != "00-"+publishersTrace+"-"+publishersSpan+"-01" ||
		!strings.HasPrefix(shown, "00-"+publishersTrace+"-") || strings.Contains(shown, publishersSpan) {
		t.Errorf("the event carries %s, the bank was shown %s", event.Header("traceparent"), shown)
	}
	b.awaitMetrics(a, `processor_bank_calls_total{code="dbs.limit.listed",command="dbs.limit.query"} 1`)
	if body := openMetrics(t, a); strings.Contains(body, "trace_id") || strings.Contains(body, "processor_trace_spans_total{") {
		t.Error("something is said of traces")
	}
}

// openMetrics asks for the metrics as Prometheus does that keeps exemplars.
func openMetrics(t *testing.T, a *app.App) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+a.AdminAddress()+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	_, body := fetch(t, r)
	return body
}

func hasExemplar(body, metric string) bool {
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, metric+"_bucket{") && strings.Contains(line, `# {trace_id="`+publishersTrace+`"}`) {
			return true
		}
	}
	return false
}

func TestCheckLooksForTheCollector(t *testing.T) {
	t.Parallel()
	b, _ := tracedBench(t)
	spoilt := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(spoilt, []byte("kanarya"), 0o600); err != nil {
		t.Fatal(err)
	}
	away, unreadable := b.cfg, b.cfg
	away.Tracing.Endpoint = "http://127.0.0.1:1"
	unreadable.Tracing.Headers = secret.Source{File: spoilt}
	for want, cfg := range map[string]config.Config{
		"somebody listens": b.cfg, "nobody listens at endpoint": away, "tracing.headers: line 1: want lines": unreadable,
	} {
		found := false
		for _, f := range app.Check(t.Context(), cfg, nil) {
			if f.Name != "tracing" {
				continue
			}
			text := f.Note
			if f.Err != nil {
				text = f.Err.Error()
			}
			found = strings.HasPrefix(text, want) && !strings.Contains(text, "kanarya") && (f.Err != nil) == (want[:8] == "tracing.")
			if !found {
				t.Errorf("want %q, got %q, %v", want, f.Note, f.Err)
			}
		}
		if !found {
			t.Errorf("no finding %q", want)
		}
	}
}
