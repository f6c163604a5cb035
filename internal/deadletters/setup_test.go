package deadletters_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/schemas"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	name   = command.DBSInvoiceUpsert
	person = "10000000146"
)

var quiet = slog.New(slog.DiscardHandler)

var (
	ayse = deadletters.Operator{Name: "ayse@ops", Tool: "cli"}
	mert = deadletters.Operator{Name: "mert@ops", Tool: "console"}
)

// world is a broker with the topics, and a hand that writes as the processor does.
type world struct {
	t         *testing.T
	brokers   []string
	client    *kafka.Client
	codec     *codec.Codec
	topics    topics.Config
	batcher   *producers.Batcher
	publisher *producers.Publisher
	now       time.Time
	*deadletters.Desk
}

func setup(t *testing.T, mutate ...func(*deadletters.Deps)) *world {
	t.Helper()
	w := &world{t: t, topics: topics.Config{Prefix: "t.", Partitions: 2}.WithDefaults(), now: time.Now()}
	box, err := sandbox.Start(t.Context(), sandbox.Options{Topics: w.topics})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Stop() })
	w.brokers = box.Brokers()
	if w.client, err = kafka.New(kafka.Config{Brokers: w.brokers}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.Close)
	if w.codec, err = codec.New(codec.Options{}); err != nil {
		t.Fatal(err)
	}
	if w.batcher, err = producers.NewBatcher(producers.Config{}, w.client, producers.NopObserver{}, quiet); err != nil {
		t.Fatal(err)
	}
	w.batcher.Start(t.Context())
	t.Cleanup(func() { _ = w.batcher.Stop(t.Context()) })
	w.publisher = producers.NewPublisher(w.batcher, producers.PublisherConfig{
		Encoder: w.codec, Names: w.topics, Observer: producers.NopObserver{}, Log: quiet,
	})
	w.Desk = w.desk(mutate...)
	return w
}

// desk is another desk over the same broker.
func (w *world) desk(mutate ...func(*deadletters.Deps)) *deadletters.Desk {
	d := deadletters.Deps{
		Kafka: w.client, Codec: w.codec, Topics: w.topics,
		Rules: func(now time.Time) command.Rules { return command.Rules{Now: now} },
		Now:   func() time.Time { return w.now },
	}
	for _, m := range mutate {
		m(&d)
	}
	return deadletters.New(d)
}

// invoice is the n-th command, in JSON.
func invoice(n int) []byte {
	text := schemas.Example(string(name))
	return []byte(strings.ReplaceAll(text, "5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a05", id(n)))
}

func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func (w *world) produce(r kafka.Record) kafka.Record {
	w.t.Helper()
	at, err := w.batcher.Produce(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Offset = at
	return r
}

// published puts a command into its topic, as upstream does.
func (w *world) published(n int, value []byte, headers ...kafka.Header) *command.Message {
	w.t.Helper()
	r := w.produce(kafka.Record{
		Topic: w.topics.Command(name), Key: []byte("SOLEN|0222"), Value: value, Headers: headers, Time: w.now.Truncate(time.Millisecond),
	})
	return messageOf(r)
}

func messageOf(r kafka.Record) *command.Message {
	return &command.Message{
		Topic: r.Topic, Name: name, Partition: r.Partition, Offset: r.Offset, Time: r.Time, Key: r.Key, Value: r.Value, Headers: r.Headers,
	}
}

// lettered has the processor write a dead letter, and return its ref.
func (w *world) lettered(m *command.Message, commandID string, status command.Status, code command.Code) deadletters.Ref {
	w.t.Helper()
	reason := command.ReasonExhausted
	switch {
	case status == command.InDoubt:
		reason = command.ReasonInDoubt
	case code == command.CodeCommandUndecodable:
		reason = command.ReasonMalformed
	}
	err := w.publisher.DeadLetter(w.t.Context(), &command.DeadLetter{
		Message: m, Reason: reason, Code: code, Text: "a text", FailedAt: w.now, CommandID: commandID, Status: status, Attempts: 1,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	tp := kafka.TopicPartition{Topic: w.topics.DeadLetter(), Partition: m.Partition % w.topics.DeadLetterPartitions}
	ranges, err := w.client.LogRange(w.t.Context(), []kafka.TopicPartition{tp})
	if err != nil {
		w.t.Fatal(err)
	}
	return deadletters.Ref{Place: tp, Offset: ranges[tp].Next - 1}
}

// concluded has the processor publish an outcome.
func (w *world) concluded(m *command.Message, n int, status command.Status, code command.Code) {
	w.t.Helper()
	revision, _ := m.Revision()
	_, err := w.publisher.Outcome(w.t.Context(), m, &command.Outcome{
		CommandID: id(n), Command: name, Status: status, Code: code, Category: command.CategoryBankError, Bank: name.Bank(),
		ChannelRequestID: "r-" + strconv.Itoa(n), Attempts: 1, Revision: revision, ReceivedAt: w.now, CompletedAt: w.now,
		BankMessage: "the words that led to the doubt",
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// dead is a command whose first life has ended so, and its letter.
func (w *world) dead(n int, status command.Status, code command.Code) deadletters.Ref {
	w.t.Helper()
	m := w.published(n, invoice(n))
	ref := w.lettered(m, id(n), status, code)
	w.concluded(m, n, status, code)
	return ref
}

func (w *world) order(by deadletters.Operator, refs ...deadletters.Ref) deadletters.Order {
	return deadletters.Order{By: by, Why: "the bank is well again", Refs: refs, Rate: 1e6}
}

func (w *world) plan(d *deadletters.Desk, o deadletters.Order) *deadletters.Plan {
	w.t.Helper()
	p, err := d.Plan(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// replays orders a replay and returns its only step.
func (w *world) replays(d *deadletters.Desk, o deadletters.Order) deadletters.Step {
	w.t.Helper()
	p := w.plan(d, o)
	if _, err := d.Replay(w.t.Context(), p, nil); err != nil {
		w.t.Fatal(err)
	}
	if len(p.Steps) != 1 {
		w.t.Fatalf("%d steps", len(p.Steps))
	}
	return p.Steps[0]
}

// sent are the records of the command topic that are replays.
func (w *world) sent() []*command.Message {
	w.t.Helper()
	var all []*command.Message
	for p := range w.topics.Partitions {
		tp := kafka.TopicPartition{Topic: w.topics.Command(name), Partition: p}
		for _, r := range w.records(tp) {
			if m := messageOf(r); m.Header(command.HeaderReplayID) != nil {
				all = append(all, m)
			}
		}
	}
	return all
}

func (w *world) records(tp kafka.TopicPartition) []kafka.Record {
	w.t.Helper()
	got, err := w.client.Fetch(w.t.Context(), []kafka.FetchPartition{{TopicPartition: tp, MaxBytes: 4 << 20}}, 0, 4<<20)
	if err = errors.Join(err, got[0].Err); err != nil {
		w.t.Fatal(err)
	}
	return got[0].Records
}

// outcomes are the events of the first partition, as text.
func (w *world) outcomes() []string {
	w.t.Helper()
	watch, err := downstream.Open(w.t.Context(), w.client, w.codec, w.topics, downstream.Options{FromBeginning: true})
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	err = watch.CatchUp(w.t.Context(), func(e downstream.Event) {
		o := e.Outcome
		all = append(all, fmt.Sprintf("%s/%d %s %s", strings.TrimLeft(o.CommandID[24:], "0"), o.Revision, o.Status, o.Code))
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// trail is the audit, as text.
func (w *world) trail() []string {
	w.t.Helper()
	var all []string
	err := w.Trail(w.t.Context(), func(a command.AuditRecord) bool {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s %d %s", a.Actor, a.Action, a.Phase, a.Revision, a.Status)))
		return true
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}
