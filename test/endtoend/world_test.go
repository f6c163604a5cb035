package endtoend

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/demo"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/upstream"
	"bankprocessor/schemas"
	"bankprocessor/test/capture"
	"bankprocessor/test/inbox"
)

// world is a broker, a simulated bank, an upstream and a downstream. Processors
// are started into it. An embedded broker is the world's own; a real one is shared
// with other worlds, and the topics, the group and the transactions have a prefix.
type world struct {
	t       *testing.T
	box     *sandbox.Sandbox
	bank    *banksim.Bank
	client  *kafka.Client
	events  *codec.Codec
	drafter upstream.Drafter
	sender  *upstream.Sender
	// log is everything that the processors have logged.
	log *capture.Text

	*inbox.Inbox
	seen     []downstream.Event
	outcomes map[string][]downstream.Event // by command id
	letters  map[string]downstream.Event   // by the place of the original record
}

// openWorld starts a world that ends with the test.
func openWorld(t *testing.T, o sandbox.Options) *world {
	t.Helper()
	o = onPlatform(t, o)
	box, err := sandbox.Start(t.Context(), o)
	must(t, err)
	w := &world{
		t: t, box: box, bank: box.Bank(), log: &capture.Text{},
		outcomes: map[string][]downstream.Event{}, letters: map[string]downstream.Event{},
		Inbox: inbox.New(),
	}
	t.Cleanup(func() { must(t, box.Stop()) })
	t.Cleanup(w.leaveNothing)
	w.client, err = kafka.New(kafka.Config{Brokers: box.Brokers()})
	must(t, err)
	t.Cleanup(w.client.Close)
	w.events, err = codec.New(codec.Options{})
	must(t, err)
	w.sender, err = upstream.NewSender(context.WithoutCancel(t.Context()), w.client, slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { must(t, w.sender.Close(context.WithoutCancel(t.Context()))) })
	w.drafter = upstream.Drafter{
		Codec: w.events, Topics: o.Topics.WithDefaults(), Now: time.Now, NewIDs: true,
		Rules: func(now time.Time) command.Rules { return command.Rules{Now: now} },
	}
	return w
}

// config is the configuration of a processor in this world.
func (w *world) config(change ...func(*config.Config)) config.Config {
	cfg := demo.Config(w.box)
	cfg.Topics = w.drafter.Topics
	cfg.Intake.Group = w.drafter.Topics.Prefix + cfg.Intake.Group
	for _, f := range change {
		f(&cfg)
	}
	return cfg
}

// processor starts a processor that stops with the test, unless it has been
// stopped before.
func (w *world) processor(change ...func(*config.Config)) *app.App {
	w.t.Helper()
	a := w.newProcessor(change...)
	must(w.t, a.Start(w.t.Context()))
	return a
}

func (w *world) newProcessor(change ...func(*config.Config)) *app.App {
	w.t.Helper()
	logger := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := app.New(w.config(change...), app.Options{Version: "test", Logger: logger})
	must(w.t, err)
	w.t.Cleanup(func() { must(w.t, stop(a)) })
	return a
}

// stop stops a processor within its own bound.
func stop(a *app.App) error {
	ctx, cancel := context.WithTimeout(context.Background(), a.StopTimeout())
	defer cancel()
	return a.Stop(ctx)
}

// watch collects outcomes and dead letters until the test ends.
func (w *world) watch() {
	w.t.Helper()
	w.Watch(w.t, w.client, w.events, w.drafter.Topics, w.collect)
}

func (w *world) collect(e downstream.Event) {
	w.seen = append(w.seen, e)
	switch {
	case e.DeadLetter():
		w.letters[e.Header("dlq-topic")+"/"+e.Header("dlq-partition")+"/"+e.Header("dlq-offset")] = e
	case e.Outcome != nil:
		w.outcomes[e.Outcome.CommandID] = append(w.outcomes[e.Outcome.CommandID], e)
	}
}

// until waits for a condition on what has been collected; it runs under the
// world's lock.
func (w *world) until(within time.Duration, what string, ok func() bool) {
	w.t.Helper()
	if !w.Until(within, ok) {
		w.t.Fatalf("no %s within %v; the processors logged:\n%s", what, within, w.log.Tail(40))
	}
}

// outcome waits for the one outcome of a command.
func (w *world) outcome(id string) *command.Outcome {
	w.t.Helper()
	var o *command.Outcome
	w.until(20*time.Second, "outcome of "+id, func() bool {
		if got := w.outcomes[id]; len(got) > 0 {
			o = got[0].Outcome
		}
		return o != nil
	})
	return o
}

// letter waits for the dead letter of a record.
func (w *world) letter(sent kafka.Record) downstream.Event {
	w.t.Helper()
	var e downstream.Event
	w.until(20*time.Second, "dead letter", func() (ok bool) {
		e, ok = w.letters[placeOf(sent)]
		return ok
	})
	return e
}

func placeOf(r kafka.Record) string { return fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset) }

// draft changes a command's published example into a record.
func (w *world) draft(name command.Name, edit func(map[string]any)) upstream.Draft {
	w.t.Helper()
	fields := map[string]any{}
	d := json.NewDecoder(strings.NewReader(schemas.Example(string(name))))
	d.UseNumber()
	must(w.t, d.Decode(&fields))
	if edit != nil {
		edit(fields)
	}
	text, err := json.Marshal(fields)
	must(w.t, err)
	draft, err := w.drafter.FromJSON(name, text)
	must(w.t, err)
	return draft
}

// send publishes one command and returns its id and its record's place.
func (w *world) send(name command.Name, edit func(map[string]any)) (id string, sent kafka.Record) {
	w.t.Helper()
	draft := w.draft(name, edit)
	return draft.Command.ID, w.publish(draft.Record)[0]
}

func (w *world) publish(records ...kafka.Record) []kafka.Record {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	sent, err := w.sender.Send(ctx, records...)
	must(w.t, err)
	return sent
}

// fault makes the bank misbehave and returns what ends it.
func (w *world) fault(f banksim.Fault) (end func()) {
	w.t.Helper()
	id, err := w.bank.AddFault(f)
	must(w.t, err)
	return func() { w.bank.ClearFaults(id) }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
