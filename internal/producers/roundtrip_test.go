package producers

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"pgregory.net/rapid"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sealing"
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
		"p.bank.attempts", "p.bank.dead-letter", "p.dbs.invoice.upsert", "p.dbs.invoice.upsert.result"))
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

// Whatever a command's record holds, its dead letter gives the same bytes back,
// sealed or not: key, value and headers, nil and empty told apart, names that
// repeat, in order. A sealed one holds none of the value.
func TestADeadLetterIsTheOriginalByteForByte(t *testing.T) {
	t.Parallel()
	h := setup(t)
	sealer, opener := keys(t)
	sealed := NewPublisher(h.batcher, PublisherConfig{
		Encoder: h.codec, Names: names{}, Encryptor: sealer, Observer: NopObserver{}, Log: slog.New(slog.DiscardHandler),
	})
	some := rapid.OneOf(rapid.Just[[]byte](nil), rapid.Just([]byte{}), rapid.SliceOfN(rapid.Byte(), 0, 100))
	key := rapid.OneOf(rapid.SampledFrom([]string{"", "dlq-reason", "dlq-original-headers", "dlq-key-id", "traceparent", "ce_id"}), rapid.String())
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
		publisher, decryptor := h.publisher, Decryptor(nil)
		if rapid.Bool().Draw(rt, "sealed") {
			publisher, decryptor = sealed, opener
		}
		if err := publisher.DeadLetter(t.Context(), deadLetter(m)); err != nil {
			rt.Fatal(err)
		}
		record := h.last(rt, t, kafka.TopicPartition{Topic: "p.bank.dead-letter", Partition: sent.Partition})
		if decryptor != nil && len(sent.Value) > 8 && bytes.Contains(record.Value, sent.Value) {
			rt.Errorf("the value stands in clear")
		}
		letter, err := ReadLetter(record)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := letter.Original(decryptor)
		if err != nil {
			rt.Fatal(err)
		}
		if !got.Time.Equal(original.Time) {
			rt.Errorf("got %s, want %s", got.Time, original.Time)
		}
		got.Time = original.Time
		if len(original.Headers) == 0 {
			got.Headers = original.Headers
		}
		if diff := cmp.Diff(original, got); diff != "" {
			rt.Error(diff)
		}
		if diff := cmp.Diff(sent.Value, got.Value); diff != "" {
			rt.Error(diff)
		}
	})
}

// keys makes a pair of keysets.
func keys(t *testing.T) (*sealing.Sealer, *sealing.Opener) {
	t.Helper()
	pair := sealing.Pair{Private: filepath.Join(t.TempDir(), "private"), Public: filepath.Join(t.TempDir(), "public")}
	if _, err := pair.Create(); err != nil {
		t.Fatal(err)
	}
	cfg := sealing.Config{PublicKeysetFile: pair.Public, PrivateKeysetFile: pair.Private}
	sealer, err := sealing.NewSealer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	opener, err := sealing.NewOpener(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return sealer, opener
}

func TestAnOutcomeIsReadBack(t *testing.T) {
	t.Parallel()
	h := setup(t)
	m := message()
	m.Partition = 2
	want := outcome()
	if _, err := h.publisher.Outcome(t.Context(), m, want); err != nil {
		t.Fatal(err)
	}
	record := h.last(t, t, kafka.TopicPartition{Topic: "p.dbs.invoice.upsert.result", Partition: 2})
	got, err := h.codec.DecodeOutcome(t.Context(), command.DBSInvoiceUpsert, record.Value)
	if err != nil {
		t.Fatal(err)
	}
	if got.CommandID != want.CommandID || got.Status != want.Status || got.Code != want.Code || string(record.Key) != "A|1" {
		t.Errorf("got %+v", got)
	}
}

// An attempt of the longest values that a command may have is far below what any
// topic takes, whatever it is configured to: it cannot be refused as too large.
func TestAnAttemptIsReadBackAndSmall(t *testing.T) {
	t.Parallel()
	h := setup(t)
	m := message()
	m.Partition = 2
	for i, withdrawn := range []bool{false, true} {
		want := attempt()
		want.Partition, want.Offset, want.Number, want.Withdrawn = math.MaxInt32, math.MaxInt64, math.MaxInt32, withdrawn
		if offset, err := h.publisher.Attempt(t.Context(), m, want); offset != int64(i) || err != nil {
			t.Fatal(offset, err)
		}
		record := h.last(t, t, kafka.TopicPartition{Topic: "p.bank.attempts", Partition: 2})
		got, err := h.codec.DecodeAttempt(record.Value)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || string(record.Key) != "A|1" || len(record.Headers) > 0 {
			t.Errorf("key %q, headers %v\n%s", record.Key, record.Headers, diff)
		}
		if n := sizeOf(&record); n > 300 {
			t.Errorf("an attempt takes %d bytes", n)
		}
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
