package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/app"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/upstream"
	"bankprocessor/schemas"
	"bankprocessor/test/inbox"
)

// tenant is a simulated bank and topics of its own on the secured broker, with an
// upstream and a downstream that come through the plain door. Processors come
// through the others.
type tenant struct {
	t       *testing.T
	box     *sandbox.Sandbox
	topics  topics.Config
	client  *kafka.Client
	drafter upstream.Drafter
	sender  *upstream.Sender
	log     *logged

	*inbox.Inbox
	outcomes map[string]int // events by command id
	statuses map[command.Status]int
	letters  int
}

// newTenant makes topics, which the processor's principals may use as the
// documentation grants it, and watches them until the test ends.
func (s *secured) newTenant(t *testing.T, principals ...string) *tenant {
	t.Helper()
	w := &tenant{
		t:        t,
		topics:   topics.Config{Prefix: "s" + uuid.NewString()[:8] + ".", Partitions: 4, DeadLetterPartitions: 1}.WithDefaults(),
		log:      &logged{arrived: make(chan struct{})},
		outcomes: map[string]int{}, statuses: map[command.Status]int{}, Inbox: inbox.New(),
	}
	var err error
	w.box, err = sandbox.Start(t.Context(), sandbox.Options{Kafka: []string{s.kafka.Addr()}, Topics: w.topics})
	w.must(err)
	t.Cleanup(func() { w.must(w.box.Stop()) })
	for _, name := range principals {
		s.grant(t, documented(t, "The processor").of(w.topics.Prefix, w.group()).to(name)...)
	}
	w.client, err = kafka.New(kafka.Config{Brokers: w.box.Brokers()})
	w.must(err)
	t.Cleanup(w.client.Close)
	events, err := codec.New(codec.Options{})
	w.must(err)
	w.sender, err = upstream.NewSender(context.WithoutCancel(t.Context()), w.client, slog.New(slog.DiscardHandler))
	w.must(err)
	t.Cleanup(func() { w.must(w.sender.Close(context.WithoutCancel(t.Context()))) })
	w.drafter = upstream.Drafter{
		Codec: events, Topics: w.topics, Now: time.Now, NewIDs: true,
		Rules: func(now time.Time) command.Rules { return command.Rules{Now: now} },
	}
	w.Watch(t, w.client, events, w.topics, w.collect)
	return w
}

func (w *tenant) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v; the processors logged:\n%s", err, w.log)
	}
}

func (w *tenant) group() string { return w.topics.Prefix + "processor" }

// config is a processor's that comes to Kafka as told.
func (w *tenant) config(k kafka.Config) config.Config {
	cfg := app.SandboxConfig(w.box, w.topics)
	cfg.Kafka = k
	cfg.Intake.Group = w.group()
	return cfg.WithDefaults()
}

// processor starts one that stops with the test, unless it has been stopped before.
func (w *tenant) processor(k kafka.Config) *app.App {
	w.t.Helper()
	a := w.build(k)
	ctx, cancel := context.WithTimeout(w.t.Context(), 40*time.Second)
	defer cancel()
	w.must(a.Start(ctx))
	return a
}

func (w *tenant) build(k kafka.Config) *app.App {
	w.t.Helper()
	a, err := app.New(w.config(k), app.Options{Version: "test", Logger: slog.New(slog.NewTextHandler(w.log, nil))})
	w.must(err)
	w.t.Cleanup(func() { w.stop(a) })
	return a
}

func (w *tenant) stop(a *app.App) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), a.StopTimeout())
	defer cancel()
	w.must(a.Stop(ctx))
}

func (w *tenant) collect(e downstream.Event) {
	if e.Outcome != nil {
		w.outcomes[e.Outcome.CommandID]++
		w.statuses[e.Outcome.Status]++
	} else {
		w.letters++
	}
}

// until waits for a condition on what has been collected; it runs under the lock.
func (w *tenant) until(what string, ok func() bool) {
	w.t.Helper()
	if !w.Until(40*time.Second, ok) {
		w.t.Fatalf("no %s; the processors logged:\n%s", what, w.log)
	}
}

// settled waits until every command has an outcome, and counts them.
func (w *tenant) settled(ids ...string) {
	w.t.Helper()
	w.until(fmt.Sprintf("outcomes of all %d commands", len(ids)), func() bool {
		for _, id := range ids {
			if w.outcomes[id] == 0 {
				return false
			}
		}
		return true
	})
	w.Lock()
	defer w.Unlock()
	for _, id := range ids {
		if n := w.outcomes[id]; n != 1 {
			w.t.Errorf("command %s has %d outcomes", id, n)
		}
	}
}

// query publishes one harmless command.
func (w *tenant) query() (id string) { return w.send(command.DBSLimitQuery, nil) }

// send publishes a command's changed example and returns its id.
func (w *tenant) send(name command.Name, edit func(map[string]any)) (id string) {
	w.t.Helper()
	draft := w.draft(name, edit)
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	_, err := w.sender.Send(ctx, draft.Record)
	w.must(err)
	return draft.Command.ID
}

func (w *tenant) draft(name command.Name, edit func(map[string]any)) upstream.Draft {
	w.t.Helper()
	fields := map[string]any{}
	d := json.NewDecoder(strings.NewReader(schemas.Example(string(name))))
	d.UseNumber()
	w.must(d.Decode(&fields))
	if edit != nil {
		edit(fields)
	}
	text, err := json.Marshal(fields)
	w.must(err)
	draft, err := w.drafter.FromJSON(name, text)
	w.must(err)
	return draft
}

// sendAll publishes one example of each command.
func (w *tenant) sendAll() (ids []string) {
	w.t.Helper()
	for _, name := range command.Names() {
		ids = append(ids, w.send(name, nil))
	}
	return ids
}

// stream publishes queries, a few every tick, until it is stopped.
func (w *tenant) stream(every time.Duration) (stop func() []string) {
	w.t.Helper()
	var ids []string
	var failure error
	ctx, end := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			draft, err := w.drafter.FromJSON(command.DBSLimitQuery, fmt.Appendf(nil,
				`{"companyCode":"SOLEN","dealerCode":"%04d","invoicesMonth":"2026-11-01"}`, n%50))
			if err == nil {
				_, err = w.sender.Send(context.WithoutCancel(ctx), draft.Record)
			}
			if err != nil {
				failure = err
				return
			}
			ids = append(ids, draft.Command.ID)
		}
	}()
	return func() []string {
		end()
		<-done
		w.must(failure)
		return ids
	}
}

// logged is a log that can be waited for.
type logged struct {
	mu      sync.Mutex
	text    bytes.Buffer
	arrived chan struct{}
}

var _ io.Writer = (*logged)(nil)

// Write keeps p.
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.arrived)
	l.arrived = make(chan struct{})
	return l.text.Write(p)
}

// String is everything so far.
func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// mark is the present end.
func (l *logged) mark() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Len()
}

var errNotLogged = errors.New("it was not logged")

// await waits until one of the texts is logged after mark.
func (l *logged) await(mark int, texts ...string) error {
	deadline := time.NewTimer(40 * time.Second)
	defer deadline.Stop()
	for {
		l.mu.Lock()
		said, arrived := l.text.String()[mark:], l.arrived
		l.mu.Unlock()
		if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(said, text) }) {
			return nil
		}
		select {
		case <-arrived:
		case <-deadline.C:
			return fmt.Errorf("waiting for one of %q: %w", texts, errNotLogged)
		}
	}
}
