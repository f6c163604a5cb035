package app_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/app"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/upstream"
	"bankprocessor/test/capture"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a sandbox with what is around a processor, but no processor yet.
type bench struct {
	t      *testing.T
	box    *sandbox.Sandbox
	cfg    config.Config
	client *kafka.Client
	codec  *codec.Codec
	draft  upstream.Drafter
	sender *upstream.Sender
	log    *capture.Text
}

func setup(t *testing.T, o sandbox.Options) *bench {
	t.Helper()
	if o.Topics.Partitions == 0 {
		o.Topics.Partitions = 2
	}
	b := &bench{t: t, log: &capture.Text{}}
	var err error
	if b.box, err = sandbox.Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.box.Stop(); err != nil {
			t.Error(err)
		}
	})
	b.cfg = app.SandboxConfig(b.box, o.Topics)
	b.cfg.Processing.Settle = []time.Duration{time.Millisecond}
	b.cfg.Processing.BackoffInitial = time.Millisecond
	if b.client, err = kafka.New(kafka.Config{Brokers: b.box.Brokers()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.client.Close)
	if b.codec, err = codec.New(codec.Options{}); err != nil {
		t.Fatal(err)
	}
	b.draft = upstream.Drafter{
		Codec: b.codec, Topics: b.cfg.Topics, Now: time.Now, NewIDs: true,
		Rules: func(now time.Time) command.Rules {
			return command.Rules{Now: now, Currencies: b.cfg.Processing.Currencies}
		},
	}
	if b.sender, err = upstream.NewSender(t.Context(), b.client, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.sender.Close(context.Background()) })
	return b
}

func (b *bench) build() *app.App {
	b.t.Helper()
	a, err := app.New(b.cfg, app.Options{
		Version: "test", Logger: telemetry.NewLogger(b.log, telemetry.LogConfig{Level: "debug", Format: "text"}),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

// start returns a processor that is stopped at the test's end, cleanly.
func (b *bench) start() *app.App {
	b.t.Helper()
	a := b.build()
	if err := a.Start(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), a.StopTimeout())
		defer cancel()
		if err := a.Stop(ctx); err != nil {
			b.t.Errorf("stopping: %v\n%s", err, b.log)
		}
	})
	return a
}

func (b *bench) watch(o downstream.Options) *downstream.Watcher {
	b.t.Helper()
	w, err := downstream.Open(b.t.Context(), b.client, b.codec, b.cfg.Topics, o)
	if err != nil {
		b.t.Fatal(err)
	}
	return w
}

// take runs the watch until it has n events.
func (b *bench) take(w *downstream.Watcher, n int) []downstream.Event {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 30*time.Second)
	defer cancel()
	var events []downstream.Event
	if err := w.Run(ctx, func(e downstream.Event) bool {
		events = append(events, e)
		return len(events) < n
	}); err != nil {
		b.t.Fatalf("after %d of %d events: %v\n%s", len(events), n, err, b.log)
	}
	return events
}

// send publishes a command and returns its id.
func (b *bench) send(name command.Name, text string) string {
	b.t.Helper()
	draft, err := b.draft.FromJSON(name, []byte(text))
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.sender.Send(b.t.Context(), draft.Record); err != nil {
		b.t.Fatal(err)
	}
	return draft.Command.ID
}

// get asks the admin port.
func get(t *testing.T, a *app.App, path string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+a.AdminAddress()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fetch(t, r)
}

func fetch(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body.String()
}

// await asks until ok or the deadline.
func (b *bench) await(what string, ok func() bool) {
	b.t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			b.t.Fatalf("%s did not come about\n%s", what, b.log)
		}
	}
}

// awaitMetrics waits until all of the lines are served: an outcome can be seen
// before its processor has counted it.
func (b *bench) awaitMetrics(a *app.App, lines ...string) {
	b.t.Helper()
	for _, line := range lines {
		b.await(line, func() bool {
			_, body := get(b.t, a, "/metrics")
			return strings.Contains(body, line)
		})
	}
}
