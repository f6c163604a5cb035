package tracing_test

import (
	"context"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/processing"
	"bankprocessor/internal/tracing"
	"bankprocessor/test/collector"
)

func TestBothProtocolsExportTheSame(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{tracing.HTTP, tracing.GRPC} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			c := collector.Start(t)
			cfg := config(c)
			if cfg.Protocol = protocol; protocol == tracing.GRPC {
				cfg.Endpoint = c.GRPC
			}
			b := start(t, cfg)
			call, event := b.draw(message("traceparent", sampled, "tracestate", "rojo=00f067aa0ba902b7"))
			if err := b.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			spans := c.Spans()
			if got := collector.Tree(spans); got != tree {
				t.Fatalf("got\n%s\nwant\n%s", got, tree)
			}
			if exported, failed, dropped := b.counts(); exported != spansOfTree || failed+dropped > 0 || b.Waiting() != 0 {
				t.Errorf("%d exported, %d failed, %d dropped, %d wait", exported, failed, dropped, b.Waiting())
			}
			if spans[0].Parent != publisher || spans[0].State != "rojo=00f067aa0ba902b7" {
				t.Errorf("below %s, state %q", spans[0].Parent, spans[0].State)
			}
			for i, header := range map[int]string{2: call, 5: event} {
				if want := "00-" + traceID + "-" + spans[i].ID + "-01"; spans[i].Trace != traceID || header != want {
					t.Errorf("%s carries %s, want %s", spans[i].Name, header, want)
				}
			}
		})
	}
}

func TestWhatASpanTells(t *testing.T) {
	t.Parallel()
	c := collector.Start(t)
	b := start(t, config(c))
	b.draw(message())
	spans := c.Await(t, count(spansOfTree))
	resource := map[string]string{"service.name": "bank-processor", "service.version": "v1", "service.instance.id": "here-1"}
	for i, want := range []map[string]string{
		{
			"messaging.system": "kafka", "messaging.operation.name": "process", "messaging.operation.type": "process",
			"messaging.destination.name": "dbs.invoice.upsert", "messaging.destination.partition.id": "3",
			"messaging.kafka.offset": "42", "messaging.consumer.group.name": "bank-processor",
			"processor.command": "dbs.invoice.upsert", "processor.command.id": "7b0c1f0e-9a51-4c3f-8a0d-1f2e3d4c5b6a",
			"processor.ending": "outcome", "processor.revision": "2", "processor.attempts": "1",
			"processor.reconciled": "true", "processor.status": "SUCCEEDED", "processor.code": "other",
		},
		{
			"processor.command": "dbs.invoice.upsert", "processor.attempt.number": "1", "processor.channel_request_id": "request-1",
			"processor.invoice.operation": "INSERT", "processor.status": "IN_DOUBT", "processor.code": "bank.no_answer",
			"processor.delivery": "unanswered", "error.type": "bank.no_answer",
		},
		{
			"processor.command": "dbs.invoice.upsert", "processor.channel_request_id": "request-1",
			"http.request.method": "POST", "server.address": "bank.example.com", "server.port": "443",
			"http.response.status_code": "502", "processor.status": "IN_DOUBT", "processor.code": "bank.no_answer",
			"processor.delivery": "unanswered", "error.type": "bank.no_answer",
		},
		{
			"processor.command": "dbs.invoice.upsert", "processor.invoice.operation": "INSERT",
			"processor.status": "SUCCEEDED", "processor.code": "dbs.invoice.already_recorded",
		},
		{
			"processor.command": "dbs.invoice.upsert", "messaging.system": "kafka", "messaging.operation.name": "send",
			"messaging.operation.type": "send", "messaging.destination.name": "bank.dead-letter",
			"processor.dead_letter.reason": "in-doubt", "error.type": "not_stored",
		},
		{
			"processor.command": "dbs.invoice.upsert", "messaging.system": "kafka", "messaging.operation.name": "send",
			"messaging.operation.type": "send", "messaging.destination.name": "dbs.invoice.upsert.result",
		},
	} {
		maps.Copy(want, resource)
		if !maps.Equal(spans[i].Attributes, want) {
			t.Errorf("%s has\n%v\nwant\n%v", spans[i].Name, spans[i].Attributes, want)
		}
	}
	waits := spans[0].Events
	if len(waits) != 1 || waits[0].Name != "wait" || !maps.Equal(waits[0].Attributes, map[string]string{
		"processor.wait.for": "gate", "processor.wait.ms": "1500",
	}) {
		t.Errorf("waits %v", waits)
	}
	for _, secret := range []string{"SOLEN", "10000000146", "ayse"} {
		if c.Holds(secret) {
			t.Errorf("a span holds %s", secret)
		}
	}
}

func TestWhoIsTraced(t *testing.T) {
	t.Parallel()
	unsampled := strings.TrimSuffix(sampled, "1") + "0"
	for name, tt := range map[string]struct {
		header string
		ratio  float64
		traced bool
		child  bool // of the publisher's trace
	}{
		"the publisher traces":             {sampled, 0, true, true},
		"the publisher does not":           {unsampled, 1, false, true},
		"without a trace, none wanted":     {"", 0, false, false},
		"without a trace, all wanted":      {"", 1, true, false},
		"a header that is none":            {sampled[1:], 1, true, false},
		"a trace of zeros":                 {strings.Replace(sampled, traceID, strings.Repeat("0", 32), 1), 1, true, false},
		"a header that is none, unsampled": {"ayse@example.com", 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := collector.Start(t)
			cfg := config(c)
			cfg.SampleRatio = tt.ratio
			b := start(t, cfg)
			m := message()
			if tt.header != "" {
				m = message("traceparent", tt.header)
			}
			call, event := b.draw(m)
			_ = b.Stop(t.Context())
			want := 0
			if tt.traced {
				want = spansOfTree
			}
			if got := len(c.Spans()); got != want {
				t.Errorf("%d spans, want %d", got, want)
			}
			for _, header := range []string{call, event} {
				if len(header) != len(sampled) || strings.HasSuffix(header, "-01") != tt.traced ||
					strings.Contains(header, traceID) != tt.child || strings.Contains(header, publisher) ||
					strings.Contains(header, strings.Repeat("0", 16)) {
					t.Errorf("a header %q goes out", header)
				}
			}
		})
	}
}

func TestATraceStateMustHoldNoPersonalData(t *testing.T) {
	t.Parallel()
	for state, kept := range map[string]bool{
		"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE": true, "dd=s:2;o:rum;t.dm:-4": true,
		"x=10000000146": false, "x=ayse@example.com": false, "a=1,x=905559999999": false,
		"no state": false, "a=" + strings.Repeat("1234 ", 200): false,
	} {
		c := collector.Start(t)
		b := start(t, config(c))
		b.draw(message("traceparent", sampled, "tracestate", state))
		_ = b.Stop(t.Context())
		spans := c.Spans()
		if got := spans[0].State; (got == state) != kept || !kept && got != "" || spans[0].Parent != publisher {
			t.Errorf("%q: the span has %q, below %s", state, got, spans[0].Parent)
		}
	}
}

func TestACollectorThatIsAwayCostsSpansAlone(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{tracing.HTTP, tracing.GRPC} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			b := start(t, tracing.Config{
				Endpoint: "http://127.0.0.1:1", Protocol: protocol, SampleRatio: 1, Timeout: 100 * time.Millisecond, QueueSpans: 10,
			})
			const commands = 20
			for range commands {
				b.draw(message())
			}
			b.log.Await(t, "spans cannot be exported")
			_ = b.Stop(t.Context())
			if exported, failed, dropped := b.counts(); exported != 0 || failed+dropped != commands*spansOfTree || failed == 0 || dropped == 0 {
				t.Errorf("%d exported, %d failed, %d dropped", exported, failed, dropped)
			}
			if n := strings.Count(b.log.String(), "spans cannot be exported"); n != 1 {
				t.Errorf("said %d times: %s", n, b.log)
			}
		})
	}
}

func TestACollectorThatComesBack(t *testing.T) {
	t.Parallel()
	c := collector.Start(t)
	c.Refuse(1, http.StatusBadRequest)
	b := start(t, config(c))
	b.draw(message())
	b.log.Await(t, "spans cannot be exported")
	if strings.Contains(b.log.String(), "not now") {
		t.Errorf("the log quotes the collector: %s", b.log)
	}
	b.draw(message())
	b.log.Await(t, "spans are exported again")
	if exported, failed, _ := b.counts(); exported != spansOfTree || failed != spansOfTree {
		t.Errorf("%d exported, %d failed", exported, failed)
	}
}

// One that is busy for a moment costs nothing.
func TestACollectorThatIsBusyIsAskedAgain(t *testing.T) {
	t.Parallel()
	c := collector.Start(t)
	c.Refuse(2, http.StatusServiceUnavailable)
	b := start(t, config(c))
	b.draw(message())
	_ = b.Stop(t.Context())
	if len(c.Spans()) != spansOfTree || len(c.Headers()) != 3 {
		t.Errorf("%d spans in %d exports", len(c.Spans()), len(c.Headers()))
	}
	if _, failed, dropped := b.counts(); failed+dropped > 0 {
		t.Errorf("%d failed, %d dropped", failed, dropped)
	}
}

// A collector that never answers holds the stop up for no longer than Timeout.
func TestAStopDoesNotWaitForACollectorThatHangs(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	c := collector.New(t)
	c.Server.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	c.Server.Start()
	t.Cleanup(func() { close(hang) })
	b := start(t, tracing.Config{Endpoint: c.Server.URL, SampleRatio: 1, Timeout: time.Minute})
	b.draw(message())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := b.Stop(ctx); err != nil { // and returns, long before Timeout
		t.Error(err)
	}
	if exported, failed, dropped := b.counts(); exported != 0 || failed+dropped != spansOfTree {
		t.Errorf("%d exported, %d failed, %d dropped", exported, failed, dropped)
	}
	if !strings.Contains(b.log.String(), "not all spans were exported") {
		t.Errorf("nothing is said of it: %s", b.log)
	}
}

// A stop that has no time left loses what waits, and ends.
func TestAStopWithoutTime(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{tracing.HTTP, tracing.GRPC} {
		b := start(t, tracing.Config{Endpoint: "http://127.0.0.1:1", Protocol: protocol, SampleRatio: 1, Timeout: time.Minute})
		b.draw(message())
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.Stop(ended); err != nil {
			t.Error(err)
		}
		if _, failed, dropped := b.counts(); failed+dropped != spansOfTree || b.Waiting() != 0 {
			t.Errorf("%d failed, %d dropped, %d wait", failed, dropped, b.Waiting())
		}
		b.draw(message()) // whoever still runs is not held up
	}
}

func TestStopBeforeStartAndTwice(t *testing.T) {
	t.Parallel()
	c := collector.Start(t)
	b, err := build(t, config(c))
	if err != nil {
		t.Fatal(err)
	}
	b.draw(message()) // goes nowhere
	for range 2 {
		if err := b.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	b = start(t, config(c))
	for range 2 {
		if err := b.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// Not parallel: the environment is the process's.
func TestTheEnvironmentIsNotAsked(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1",
		"OTEL_EXPORTER_OTLP_HEADERS": "authorization=canary", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
		"OTEL_EXPORTER_OTLP_COMPRESSION": "none", "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
		"OTEL_TRACES_SAMPLER": "always_off", "OTEL_SERVICE_NAME": "canary", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1",
		"OTEL_BSP_MAX_QUEUE_SIZE": "1", "OTEL_EXPORTER_OTLP_INSECURE": "false",
		"HTTP_PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1",
	} {
		t.Setenv(name, value)
	}
	for _, protocol := range []string{tracing.HTTP, tracing.GRPC} {
		c := collector.Start(t)
		cfg := config(c)
		if cfg.Protocol = protocol; protocol == tracing.GRPC {
			cfg.Endpoint = c.GRPC
		}
		b := start(t, cfg)
		b.draw(message())
		_ = b.Stop(t.Context())
		spans := c.Spans()
		if got := collector.Tree(spans); got != tree || spans[0].Attributes["service.name"] != "bank-processor" || len(spans[0].Attributes) < 10 {
			t.Errorf("%s: got\n%s\n%v", protocol, got, spans[0].Attributes)
		}
		if c.Holds("canary") || c.Headers()[0].Get("Authorization") != "" {
			t.Errorf("%s: the environment was asked", protocol)
		}
	}
	if os.Getenv("OTEL_SERVICE_NAME") == "" {
		t.Error("the test tests nothing")
	}
}

func TestASpanOfNothingWantedCostsLittle(t *testing.T) {
	t.Parallel()
	c := collector.Start(t)
	cfg := config(c)
	cfg.SampleRatio = 0
	b := start(t, cfg)
	way := b.Tracer().Begin(message())
	if way.Traceparent() == "" {
		t.Error("an unsampled command has a trace all the same")
	}
	way.Begin(processing.Stretch{Kind: processing.Calling, Command: command.CustomerCreate}).End(processing.Ending{})
	way.End(processing.Ending{})
	if b.Waiting() != 0 {
		t.Error("what is not sampled waits for the exporter")
	}
}
