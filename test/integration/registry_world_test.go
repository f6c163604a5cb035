package integration

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/linkedin/goavro/v2"
	"github.com/twmb/franz-go/pkg/sr"

	"bankprocessor/internal/app"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/registry"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/upstream"
	"bankprocessor/schemas"
	"bankprocessor/test/containers"
)

// realRegistry is the registry that tests share. It answers 500 when the same new
// schema is registered twice at one moment, so that they register in turn.
type realRegistry struct {
	*containers.Registry
	mu sync.Mutex
}

// registered is a simulated bank and topics of its own on the suite's Kafka, with
// a real schema registry beside it. It publishes with Avro and HTTP libraries, not
// with what is under test.
type registered struct {
	t      *testing.T
	real   *realRegistry
	url    string     // of the registry itself
	api    *sr.Client // likewise
	box    *sandbox.Sandbox
	cfg    config.Config
	client *kafka.Client
	sender *upstream.Sender
	watch  *downstream.Watcher

	outcomes map[string][]downstream.Event // by command id
	letters  map[string][]downstream.Event // by the original's place
}

func openRegistered(t *testing.T, r *realRegistry) *registered {
	t.Helper()
	w := &registered{t: t, real: r, url: r.URL, outcomes: map[string][]downstream.Event{}, letters: map[string][]downstream.Event{}}
	names := topics.Config{Prefix: "registry-" + uuid.NewString()[:8] + ".", Partitions: 2, DeadLetterPartitions: 1}.WithDefaults()
	var err error
	w.api, err = sr.NewClient(sr.URLs(r.URL))
	w.must(err)
	w.box, err = sandbox.Start(t.Context(), sandbox.Options{Kafka: sharedBrokers(t), Topics: names})
	w.must(err)
	t.Cleanup(func() { w.must(w.box.Stop()) })
	w.cfg = app.SandboxConfig(w.box, names)
	w.cfg.Intake.Group = names.Prefix + "processor"
	w.cfg.Registry.URLs = []string{r.URL}
	w.cfg.Registry.Timeout = 500 * time.Millisecond
	w.cfg.Registry.UnknownIDGrace = time.Second
	w.client, err = kafka.New(kafka.Config{Brokers: w.box.Brokers()})
	w.must(err)
	t.Cleanup(w.client.Close)
	w.sender, err = upstream.NewSender(t.Context(), w.client, slog.New(slog.DiscardHandler))
	w.must(err)
	t.Cleanup(func() { _ = w.sender.Close(context.WithoutCancel(t.Context())) })
	reading, err := codec.New(codec.Options{Registry: w.registry()})
	w.must(err)
	w.watch, err = downstream.Open(t.Context(), w.client, reading, names, downstream.Options{DeadLetters: true, FromBeginning: true})
	w.must(err)
	return w
}

func (w *registered) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// registry is our client, straight to the registry.
func (w *registered) registry() *registry.Client {
	w.t.Helper()
	c, err := registry.New(registry.Config{URLs: []string{w.url}})
	w.must(err)
	w.t.Cleanup(c.Close)
	return c
}

func (w *registered) subject(topic string) string { return w.cfg.Topics.Prefix + topic + "-value" }

// build makes a processor; its log is the test's.
func (w *registered) build() *app.App {
	w.t.Helper()
	a, err := app.New(w.cfg, app.Options{Version: "test", Logger: telemetry.NewLogger(w.t.Output(), telemetry.LogConfig{Level: "warn", Format: "text"})})
	w.must(err)
	w.t.Cleanup(func() { w.must(w.stop(a)) })
	return a
}

func (w *registered) stop(a *app.App) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), a.StopTimeout())
	defer cancel()
	return a.Stop(ctx)
}

func (w *registered) start() *app.App {
	w.t.Helper()
	a := w.build()
	w.must(a.Start(w.t.Context()))
	return a
}

// apply registers our schemas.
func (w *registered) apply(level string) ([]registry.State, error) {
	w.t.Helper()
	w.real.mu.Lock()
	defer w.real.mu.Unlock()
	return w.registry().Apply(w.t.Context(), registry.Subjects(w.cfg.Topics.Prefix), level)
}

// register makes text the subject's next version and returns its id.
func (w *registered) register(subject, text string, references ...sr.SchemaReference) int {
	w.t.Helper()
	w.real.mu.Lock()
	defer w.real.mu.Unlock()
	id, err := w.api.RegisterSchema(w.t.Context(), subject, sr.Schema{Schema: text, References: references}, -1, -1)
	w.must(err)
	return id
}

// publish stores a value under a key of its own, and returns its place.
func (w *registered) publish(name command.Name, key string, value []byte) string {
	w.t.Helper()
	stored, err := w.sender.Send(w.t.Context(), kafka.Record{Topic: w.cfg.Topics.Command(name), Key: []byte(key), Value: value})
	w.must(err)
	return fmt.Sprintf("%s/%d/%d", stored[0].Topic, stored[0].Partition, stored[0].Offset)
}

// publishJSON stores a command's example with changes, and returns its id.
func (w *registered) publishJSON(name command.Name, change map[string]any) string {
	w.t.Helper()
	fields := map[string]any{}
	w.must(json.Unmarshal([]byte(schemas.Example(string(name))), &fields))
	fields["commandId"], fields["issuedAt"] = uuid.NewString(), time.Now().UTC()
	maps.Copy(fields, change)
	value, err := json.Marshal(fields)
	w.must(err)
	w.publish(name, uuid.NewString(), value)
	return fields["commandId"].(string)
}

// publishLimitQuery stores a query as id says it is written, and returns the
// command's id.
func (w *registered) publishLimitQuery(id int, schema string, change map[string]any) (commandID, place string) {
	w.t.Helper()
	commandID = uuid.NewString()
	value := map[string]any{
		"commandId": commandID, "issuedAt": time.Now(), "expiresAt": nil, "correlationId": nil,
		"companyCode": "SOLEN", "dealerCode": "0222", "customerNumber": nil,
		"invoicesMonth": time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	maps.Copy(value, change)
	return commandID, w.publish(command.DBSLimitQuery, commandID, w.confluent(id, schema, value))
}

// confluent is a value in Confluent's wire format, as another library writes it.
func (w *registered) confluent(id int, schema string, value map[string]any) []byte {
	w.t.Helper()
	writer, err := goavro.NewCodec(schema)
	w.must(err)
	b, err := writer.BinaryFromNative(binary.BigEndian.AppendUint32([]byte{0}, uint32(id)), value)
	w.must(err)
	return b
}

// read takes events in until ok.
func (w *registered) read(what string, ok func() bool) {
	w.t.Helper()
	if ok() {
		return
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	if err := w.watch.Run(ctx, func(e downstream.Event) bool { w.collect(e); return !ok() }); err != nil {
		w.t.Fatalf("waiting for %s: %v", what, err)
	}
}

// catchUp takes in what there is until now.
func (w *registered) catchUp() {
	w.t.Helper()
	w.must(w.watch.CatchUp(w.t.Context(), w.collect))
}

func (w *registered) collect(e downstream.Event) {
	switch {
	case e.DeadLetter():
		place := e.Header("dlq-topic") + "/" + e.Header("dlq-partition") + "/" + e.Header("dlq-offset")
		w.letters[place] = append(w.letters[place], e)
	case e.Err != nil:
		w.t.Errorf("a result cannot be read: %v", e.Err)
	default:
		w.outcomes[e.Outcome.CommandID] = append(w.outcomes[e.Outcome.CommandID], e)
	}
}

func (w *registered) outcome(id string) downstream.Event {
	w.t.Helper()
	w.read("the outcome of "+id, func() bool { return len(w.outcomes[id]) > 0 })
	return w.outcomes[id][0]
}

func (w *registered) succeeds(id string) downstream.Event {
	w.t.Helper()
	e := w.outcome(id)
	if o := e.Outcome; o.Status != command.Succeeded {
		w.t.Errorf("got %s %s %v", o.Status, o.Code, o.Violations)
	}
	return e
}

// letter waits for the dead letter of what was published at a place.
func (w *registered) letter(place string) downstream.Event {
	w.t.Helper()
	w.read("the dead letter of "+place, func() bool { return len(w.letters[place]) > 0 })
	return w.letters[place][0]
}

// inFlight waits until so many commands of a kind are under way.
func (w *registered) inFlight(a *app.App, name command.Name, n int) {
	w.t.Helper()
	eventually(w.t, fmt.Sprintf("%d commands under way", n), func() bool {
		for _, topic := range a.Intake().Topics {
			if topic.Topic == w.cfg.Topics.Command(name) {
				return topic.InFlight == n
			}
		}
		return false
	})
}

// eventually waits for a condition that nothing announces.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("no %s", what)
		}
	}
}

// changedSchema is our schema of a topic with one text in it exchanged.
func changedSchema(t *testing.T, topic, old, text string) string {
	t.Helper()
	was := schemas.Topic(topic)
	now := strings.Replace(was, old, text, 1)
	if now == was {
		t.Fatalf("%q is not in the schema of %s", old, topic)
	}
	return now
}
