package downstream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type bench struct {
	client *kafka.Client
	codec  *codec.Codec
	topics topics.Config
	box    *sandbox.Sandbox
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{topics: topics.Config{Prefix: "t.", Partitions: 2}.WithDefaults()}
	var err error
	if b.box, err = sandbox.Start(t.Context(), sandbox.Options{Topics: b.topics}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.box.Stop() })
	if b.client, err = kafka.New(kafka.Config{Brokers: b.box.Brokers()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.client.Close)
	if b.codec, err = codec.New(codec.Options{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func (b *bench) publish(t *testing.T, topic string, partition int32, r kafka.Record) {
	t.Helper()
	tp := kafka.TopicPartition{Topic: topic, Partition: partition}
	got, err := b.client.Produce(t.Context(), []kafka.ProducePartition{{TopicPartition: tp, Records: []kafka.Record{r}}}, time.Second)
	if err != nil || got[0].Err != nil {
		t.Fatalf("producing: %v, %v", got, err)
	}
}

func (b *bench) publishOutcome(t *testing.T, name command.Name, n int) {
	t.Helper()
	value, err := b.codec.EncodeOutcome(&command.Outcome{
		CommandID: id(n), Command: name, Status: command.Rejected, Code: command.CodeCommandExpired,
		Category: command.CategoryValidation, Revision: 1, ReceivedAt: time.UnixMilli(1), CompletedAt: time.UnixMilli(2),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.publish(t, b.topics.Result(name), int32(n%2), kafka.Record{Value: value})
}

func (b *bench) open(t *testing.T, o downstream.Options) *downstream.Watcher {
	t.Helper()
	w, err := downstream.Open(t.Context(), b.client, b.codec, b.topics, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// take runs the watch until it has n events.
func take(t *testing.T, w *downstream.Watcher, n int) []downstream.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var events []downstream.Event
	if err := w.Run(ctx, func(e downstream.Event) bool {
		events = append(events, e)
		return len(events) < n
	}); err != nil {
		t.Fatalf("after %d of %d events: %v", len(events), n, err)
	}
	return events
}

// A broker that has just made the topics leads their partitions a moment later.
func TestOpenAwaitsLeaders(t *testing.T) {
	t.Parallel()
	b := setup(t)
	refusals := 3
	b.box.Cluster().ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.box.Cluster().KeepControl()
		if refusals--; refusals < 0 {
			return nil, nil, false
		}
		req := r.(*kmsg.ListOffsetsRequest)
		res := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		for _, topic := range req.Topics {
			answer := kmsg.ListOffsetsResponseTopic{Topic: topic.Topic}
			for _, p := range topic.Partitions {
				answer.Partitions = append(answer.Partitions, kmsg.ListOffsetsResponseTopicPartition{
					Partition: p.Partition, ErrorCode: kerr.NotLeaderForPartition.Code,
				})
			}
			res.Topics = append(res.Topics, answer)
		}
		return res, nil, true
	})
	b.publishOutcome(t, command.CustomerCreate, 1)
	take(t, b.open(t, downstream.Options{FromBeginning: true}), 1)
	if refusals >= 0 {
		t.Error("the leaders were there from the start: the test shows nothing")
	}
}

func TestWatchFromNowOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.publishOutcome(t, command.CustomerCreate, 1)
	w := b.open(t, downstream.Options{})
	b.publishOutcome(t, command.CustomerCreate, 2)
	b.publishOutcome(t, command.LoanIncomeSubmit, 3)
	seen := map[string]command.Name{}
	for _, e := range take(t, w, 2) {
		if e.Err != nil || e.DeadLetter() {
			t.Fatalf("got %+v", e)
		}
		seen[e.Outcome.CommandID] = e.Outcome.Command
	}
	if seen[id(2)] != command.CustomerCreate || seen[id(3)] != command.LoanIncomeSubmit {
		t.Errorf("got %v", seen)
	}
	b.publishOutcome(t, command.CustomerUpdate, 4)
	if e := take(t, w, 1)[0]; e.Outcome.CommandID != id(4) {
		t.Errorf("want Run to go on where it ended, got %s", e.Outcome.CommandID)
	}
}

func TestWatchFromTheBeginning(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for n := range 20 {
		b.publishOutcome(t, command.CustomerCreate, n)
	}
	b.publishOutcome(t, command.CustomerUpdate, 99)
	w := b.open(t, downstream.Options{Commands: []command.Name{command.CustomerCreate}, FromBeginning: true})
	last := map[int32]int64{0: -1, 1: -1}
	for i := range 4 { // stops in the middle of what has been fetched
		for _, e := range take(t, w, 5) {
			if e.Record.Offset != last[e.Record.Partition]+1 {
				t.Errorf("round %d: offset %d of partition %d after %d", i, e.Record.Offset, e.Record.Partition, last[e.Record.Partition])
			}
			last[e.Record.Partition] = e.Record.Offset
		}
	}
}

func TestWatchDeadLetters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := b.open(t, downstream.Options{Commands: []command.Name{command.CustomerCreate}, DeadLetters: true})
	b.publish(t, b.topics.DeadLetter(), 0, kafka.Record{
		Value: []byte{0xff}, Headers: []kafka.Header{{Key: "dlq-reason", Value: []byte("a")}, {Key: "dlq-reason", Value: []byte("malformed")}},
	})
	e := take(t, w, 1)[0]
	if !e.DeadLetter() || e.Header("dlq-reason") != "malformed" || e.Header("other") != "" || string(e.Record.Value) != "\xff" {
		t.Errorf("got %+v", e)
	}
}

func TestCatchUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := b.open(t, downstream.Options{DeadLetters: true})
	if err := w.CatchUp(t.Context(), func(e downstream.Event) { t.Errorf("unexpected %+v", e) }); err != nil {
		t.Fatal(err)
	}
	for n := range 7 {
		b.publishOutcome(t, command.CustomerCreate, n)
	}
	b.publish(t, b.topics.DeadLetter(), 2, kafka.Record{Value: []byte{1}})
	take(t, w, 3)
	seen, letters := 0, 0
	if err := w.CatchUp(t.Context(), func(e downstream.Event) {
		seen++
		if e.DeadLetter() {
			letters++
		}
	}); err != nil {
		t.Fatal(err)
	}
	if seen != 5 || letters > 1 {
		t.Errorf("want the five that were left, got %d, %d dead letters", seen, letters)
	}
}

func TestDeadLettersAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for n := range 20 {
		b.publish(t, b.topics.DeadLetter(), int32(n%3), kafka.Record{Value: []byte{byte(n)}})
	}
	b.publishOutcome(t, command.CustomerCreate, 1)
	w, err := downstream.OpenDeadLetters(t.Context(), b.client, b.topics)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	count := func(limit int) {
		t.Helper()
		if err := w.ReadToEnd(t.Context(), func(e downstream.Event) bool {
			if !e.DeadLetter() {
				t.Errorf("unexpected %+v", e)
			}
			seen++
			return seen < limit
		}); err != nil {
			t.Fatal(err)
		}
	}
	count(5)
	if seen != 5 {
		t.Errorf("want an end after five, got %d", seen)
	}
	count(100)
	if seen != 20 {
		t.Errorf("want all twenty, got %d", seen)
	}
	count(100) // nothing new: it must not wait for any

	w.Only(kafka.TopicPartition{Topic: b.topics.DeadLetter(), Partition: 1}, 4)
	var offsets []int64
	if err := w.ReadToEnd(t.Context(), func(e downstream.Event) bool {
		offsets = append(offsets, e.Record.Offset)
		return e.Record.Partition == 1
	}); err != nil || !slices.Equal(offsets, []int64{4, 5, 6}) {
		t.Errorf("want one partition from offset 4 on, got %v, %v", offsets, err)
	}
}

func TestWatchShowsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := b.open(t, downstream.Options{})
	b.publish(t, b.topics.Result(command.CustomerCreate), 0, kafka.Record{Value: []byte("nonsense")})
	if e := take(t, w, 1)[0]; e.Err == nil || e.DeadLetter() || e.Outcome != nil {
		t.Errorf("got %+v", e)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := b.open(t, downstream.Options{})
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	if err := w.Run(ctx, func(downstream.Event) bool { return true }); !errors.Is(err, enough) {
		t.Errorf("want the cause, got %v", err)
	}
}

func TestWatchOfMissingTopics(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := downstream.Open(t.Context(), b.client, b.codec, topics.Config{Prefix: "other."}, downstream.Options{})
	if !errors.Is(err, kafka.ErrUnknownTopic) {
		t.Errorf("want an unknown topic, got %v", err)
	}
}

func TestWatchOutlivesAMovedLeader(t *testing.T) {
	t.Parallel()
	b := setup(t)
	w := b.open(t, downstream.Options{Commands: []command.Name{command.CustomerCreate}})
	b.publishOutcome(t, command.CustomerCreate, 1)
	if e := take(t, w, 1)[0]; e.Outcome.CommandID != id(1) {
		t.Fatalf("got %s", e.Outcome.CommandID)
	}
	node, _, err := b.box.Cluster().AddNode(-1, 0)
	if err != nil {
		t.Fatal(err)
	}
	for p := range int32(2) {
		if err := b.box.Cluster().MoveTopicPartition(b.topics.Result(command.CustomerCreate), p, node); err != nil {
			t.Fatal(err)
		}
	}
	b.client.RefreshMetadata()
	b.publishOutcome(t, command.CustomerCreate, 2)
	if e := take(t, w, 1)[0]; e.Outcome.CommandID != id(2) {
		t.Errorf("got %s", e.Outcome.CommandID)
	}
}
