package producers

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"pgregory.net/rapid"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// house is a Publisher that writes to a broker over TCP.
type house struct {
	client    *kafka.Client
	batcher   *Batcher
	publisher *Publisher
	codec     *codec.Codec
}

func setup(t testing.TB) house {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(3,
		"p.bank.dead-letter", "p.dbs.invoice.upsert", "p.dbs.invoice.upsert.result"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := kafka.New(kafka.Config{Brokers: cluster.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	log := slog.New(slog.DiscardHandler)
	batcher, err := NewBatcher(Config{}, client, NopObserver{}, log)
	if err != nil {
		t.Fatal(err)
	}
	batcher.Start(t.Context())
	t.Cleanup(func() {
		if err := batcher.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	c, err := codec.New(codec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return house{client, batcher, NewPublisher(batcher, PublisherConfig{
		Encoder: c, Names: names{}, Observer: NopObserver{}, Log: log,
	}), c}
}

type fataler interface {
	Helper()
	Fatal(args ...any)
}

// last reads the last record of a partition.
func (h house) last(t fataler, ctx testing.TB, tp kafka.TopicPartition) kafka.Record {
	t.Helper()
	ranges, err := h.client.LogRange(ctx.Context(), []kafka.TopicPartition{tp})
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := h.client.Fetch(ctx.Context(), []kafka.FetchPartition{
		{TopicPartition: tp, Offset: ranges[tp].Next - 1, MaxBytes: 1 << 20},
	}, time.Second, 1<<20)
	if err != nil || fetched[0].Err != nil || len(fetched[0].Records) != 1 {
		t.Fatal(err, fetched)
	}
	return fetched[0].Records[0]
}

// Whatever a command's record holds, its dead letter holds the same bytes: key,
// value and headers, nil and empty told apart, names that repeat, in order.
func TestADeadLetterIsTheOriginalByteForByte(t *testing.T) {
	t.Parallel()
	h := setup(t)
	some := rapid.OneOf(rapid.Just[[]byte](nil), rapid.Just([]byte{}), rapid.SliceOfN(rapid.Byte(), 0, 100))
	key := rapid.OneOf(rapid.SampledFrom([]string{"", "dlq-reason", "dlq-original-headers", "traceparent", "ce_id"}), rapid.String())
	rapid.Check(t, func(rt *rapid.T) {
		sent := kafka.Record{
			Topic: "p.dbs.invoice.upsert", Partition: rapid.Int32Range(0, 2).Draw(rt, "partition"),
			Key: some.Draw(rt, "key"), Value: some.Draw(rt, "value"),
		}
		for range rapid.IntRange(0, 5).Draw(rt, "headers") {
			sent.Headers = append(sent.Headers, kafka.Header{Key: key.Draw(rt, "name"), Value: some.Draw(rt, "text")})
		}
		if _, err := h.batcher.Produce(t.Context(), sent); err != nil {
			rt.Fatal(err)
		}
		original := h.last(rt, t, kafka.TopicPartition{Topic: sent.Topic, Partition: sent.Partition})
		m := &command.Message{
			Topic: original.Topic, Name: command.DBSInvoiceUpsert, Partition: original.Partition, Offset: original.Offset,
			Time: original.Time, Key: original.Key, Value: original.Value,
		}
		for _, header := range original.Headers {
			m.Headers = append(m.Headers, command.Header(header))
		}
		if err := h.publisher.DeadLetter(t.Context(), deadLetter(m)); err != nil {
			rt.Fatal(err)
		}
		letter := h.last(rt, t, kafka.TopicPartition{Topic: "p.bank.dead-letter", Partition: sent.Partition})
		headers, err := OriginalHeaders(letter)
		if err != nil {
			rt.Fatal(err)
		}
		for name, pair := range map[string][2]any{
			"key": {sent.Key, letter.Key}, "value": {sent.Value, letter.Value},
		} {
			if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
				rt.Errorf("%s: %s", name, diff)
			}
		}
		if len(sent.Headers)+len(headers) == 0 {
			return
		}
		if diff := cmp.Diff(sent.Headers, headers); diff != "" {
			rt.Error(diff)
		}
	})
}

func TestAnOutcomeIsReadBack(t *testing.T) {
	t.Parallel()
	h := setup(t)
	m := message()
	m.Partition = 2
	want := outcome()
	if err := h.publisher.Outcome(t.Context(), m, want); err != nil {
		t.Fatal(err)
	}
	record := h.last(t, t, kafka.TopicPartition{Topic: "p.dbs.invoice.upsert.result", Partition: 2})
	got, err := h.codec.DecodeOutcome(command.DBSInvoiceUpsert, record.Value)
	if err != nil {
		t.Fatal(err)
	}
	if got.CommandID != want.CommandID || got.Status != want.Status || got.Code != want.Code || string(record.Key) != "A|1" {
		t.Errorf("got %+v", got)
	}
}

// BenchmarkProduce shows what batching is for: many callers at once.
func BenchmarkProduce(b *testing.B) {
	h := setup(b)
	value := make([]byte, 300)
	b.SetParallelism(128)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := int32(0); pb.Next(); i++ {
			_, err := h.batcher.Produce(b.Context(), kafka.Record{Topic: "p.dbs.invoice.upsert.result", Partition: i % 3, Value: value})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
}
