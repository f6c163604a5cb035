package integration

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/app"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/demo"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/schemas"
	"bankprocessor/test/inbox"
)

// interop is a simulated bank and topics of its own on the suite's Kafka, with
// our own downstream. Processors are started into it; everybody else who publishes
// and subscribes is somebody else's client.
type interop struct {
	t      *testing.T
	box    *sandbox.Sandbox
	bank   *banksim.Bank
	client *kafka.Client
	events *codec.Codec
	topics topics.Config

	*inbox.Inbox
	outcomes map[string][]downstream.Event // by command id
	letters  []downstream.Event
}

// openInterop makes topics with so many partitions and watches them until the
// test ends.
func openInterop(t *testing.T, partitions int32) *interop {
	t.Helper()
	return openInteropWith(t, partitions, codec.Options{})
}

// openInteropWith also says how our downstream reads.
func openInteropWith(t *testing.T, partitions int32, reads codec.Options) *interop {
	t.Helper()
	w := &interop{
		t:        t,
		topics:   topics.Config{Prefix: "interop-" + uuid.NewString()[:8] + ".", Partitions: partitions, DeadLetterPartitions: 1}.WithDefaults(),
		outcomes: map[string][]downstream.Event{},
		Inbox:    inbox.New(),
	}
	var err error
	w.box, err = sandbox.Start(t.Context(), sandbox.Options{Kafka: sharedBrokers(t), Topics: w.topics})
	w.must(err)
	t.Cleanup(func() { w.must(w.box.Stop()) })
	w.bank = w.box.Bank()
	w.client, err = kafka.New(kafka.Config{Brokers: w.box.Brokers()})
	w.must(err)
	t.Cleanup(w.client.Close)
	w.events, err = codec.New(reads)
	w.must(err)
	w.Watch(t, w.client, w.events, w.topics, w.collect)
	return w
}

func (w *interop) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *interop) collect(e downstream.Event) {
	if e.DeadLetter() {
		w.letters = append(w.letters, e)
	} else if e.Outcome != nil {
		w.outcomes[e.Outcome.CommandID] = append(w.outcomes[e.Outcome.CommandID], e)
	}
}

// until waits for a condition on what has been collected; it runs under the lock.
func (w *interop) until(what string, ok func() bool) {
	w.t.Helper()
	if !w.Until(30*time.Second, ok) {
		w.t.Fatalf("no %s", what)
	}
}

// outcome waits for a command's outcome.
func (w *interop) outcome(id string) (e downstream.Event) {
	w.t.Helper()
	w.until("outcome of "+id, func() bool {
		if got := w.outcomes[id]; len(got) > 0 {
			e = got[0]
		}
		return e.Outcome != nil
	})
	return e
}

// outcomeCount is how many outcomes a command has so far.
func (w *interop) outcomeCount(id string) int {
	w.Lock()
	defer w.Unlock()
	return len(w.outcomes[id])
}

// processor starts a processor that stops with the test.
func (w *interop) processor(change ...func(*config.Config)) *app.App {
	w.t.Helper()
	cfg := demo.Config(w.box)
	cfg.Topics = w.topics
	cfg.Intake.Group = w.group()
	for _, f := range change {
		f(&cfg)
	}
	a, err := app.New(cfg, app.Options{Version: "test", Logger: slog.New(slog.DiscardHandler)})
	w.must(err)
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), a.StopTimeout())
		defer cancel()
		w.must(a.Stop(ctx))
	})
	w.must(a.Start(w.t.Context()))
	return a
}

func (w *interop) group() string { return w.topics.Prefix + "processor" }

// sample is a command in plain JSON, as an upstream of another language has it.
type sample struct {
	name  command.Name
	id    string
	key   []byte
	event json.RawMessage
}

// sample changes a command's published example; its id is new.
func (w *interop) sample(name command.Name, change map[string]any) sample {
	w.t.Helper()
	fields := map[string]any{}
	d := json.NewDecoder(strings.NewReader(schemas.Example(string(name))))
	d.UseNumber()
	w.must(d.Decode(&fields))
	s := sample{name: name, id: uuid.NewString()}
	fields["commandId"] = s.id
	maps.Copy(fields, change)
	var err error
	s.event, err = json.Marshal(fields)
	w.must(err)
	c, err := w.events.CommandFromJSON(name, s.event)
	w.must(err)
	s.key = []byte(c.Payload.OrderingKey())
	return s
}

// records returns what a topic holds, committed, in the order of its partitions.
func (w *interop) records(topic string) (all []kafka.Record) {
	w.t.Helper()
	leaders, err := w.client.Leaders(w.t.Context(), topic)
	w.must(err)
	for p := range int32(len(leaders)) {
		tp := kafka.TopicPartition{Topic: topic, Partition: p}
		ranges, err := w.client.LogRange(w.t.Context(), []kafka.TopicPartition{tp})
		w.must(err)
		for next := ranges[tp].First; next < ranges[tp].Next; {
			got, err := w.client.Fetch(w.t.Context(), []kafka.FetchPartition{{TopicPartition: tp, Offset: next, MaxBytes: 8 << 20}}, time.Second, 8<<20)
			w.must(err)
			w.must(got[0].Err)
			all, next = append(all, got[0].Records...), got[0].Next
		}
	}
	return all
}

// await asks again and again, for what brokers do not announce.
func (w *interop) await(what string, ok func() bool) {
	w.t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("no %s", what)
		}
	}
}

// bootstrap is the brokers' addresses as other clients want them.
func (w *interop) bootstrap() string { return strings.Join(w.box.Brokers(), ",") }
