package history

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
)

// embedded is a broker with the topics of two commands, and a client of ours.
type embedded struct {
	*kfake.Cluster
	client *kafka.Client
}

func newEmbedded(t testing.TB) embedded {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(2), kfake.SeedTopics(3, invoices.Topic, outcomes.Topic, attempts.Topic))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := kafka.New(kafka.Config{Brokers: cluster.ListenAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return embedded{cluster, client}
}

func (e embedded) history(t testing.TB, cfg Config) rig {
	t.Helper()
	return rig{History: New(cfg, Deps{Log: e.client, Decoder: newCodec(t), Names: names})}
}

// recorder is one of h that publishes as the processor does.
func (e embedded) recorder(t testing.TB, h *History) *Recorder {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	batcher, err := producers.NewBatcher(producers.Config{}, e.client, producers.NopObserver{}, log)
	if err != nil {
		t.Fatal(err)
	}
	batcher.Start(t.Context())
	t.Cleanup(func() {
		if err := batcher.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return h.Recorder(producers.NewPublisher(batcher, producers.PublisherConfig{
		Encoder: newCodec(t), Names: names, Observer: producers.NopObserver{}, Log: log,
	}))
}

func (e embedded) franz(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(opts, kgo.SeedBrokers(e.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func franzOutcome(n int) *kgo.Record {
	r := &kgo.Record{Topic: outcomes.Topic, Partition: outcomes.Partition, Value: make([]byte, 400)}
	for _, h := range outcomeHeaders(commandID(n), int64(n)) {
		r.Headers = append(r.Headers, kgo.RecordHeader(h))
	}
	return r
}

func publish(t testing.TB, r *Recorder, m *command.Message, also ...func(*command.Attempt)) {
	t.Helper()
	a := attempt(m, 1)
	for _, change := range also {
		change(a)
	}
	if err := r.Attempt(t.Context(), m, a); err != nil {
		t.Fatal(err)
	}
}

func conclude(t testing.TB, r *Recorder, m *command.Message) {
	t.Helper()
	now := time.UnixMilli(1_700_000_000_000).UTC()
	o := &command.Outcome{
		CommandID: string(m.Value), Command: m.Name, Status: command.Succeeded, Code: "ok", Category: command.CategoryOK,
		Revision: 1, ReceivedAt: now, CompletedAt: now,
	}
	if err := r.Outcome(t.Context(), m, o); err != nil {
		t.Fatal(err)
	}
}

// What the publisher writes is what the next owner reads, through a broker.
func TestATakeoverThroughABroker(t *testing.T) {
	t.Parallel()
	e := newEmbedded(t)
	before := e.history(t, Config{})
	before.load(t, 0, -1, -1)
	r := e.recorder(t, before.History)
	concluded, doubted, withdrawn := invoice(1, 1), invoice(2, 2), invoice(3, 3)
	publish(t, r, doubted)
	publish(t, r, concluded)
	conclude(t, r, concluded)
	publish(t, r, withdrawn)
	publish(t, r, withdrawn, func(a *command.Attempt) { a.Withdrawn = true })
	before.wantLookback(t, 0, 0, 0)
	before.Settled(invoices, 1)
	before.wantLookback(t, 2, 0, 1)

	after := e.history(t, Config{})
	a, o := before.Lookback(invoices, 2)
	after.load(t, 2, a, o)
	after.want(t, concluded, "concluded") // by the window
	after.want(t, withdrawn, "fresh")
	if diff := cmp.Diff([]command.Attempt{*attempt(doubted, 1)}, after.past(t, doubted).Attempts); diff != "" {
		t.Error(diff)
	}
	after.wantLookback(t, 2, 0, 1)
}

// Outcomes of aborted transactions are none, and neither they nor control records
// hold anybody up, wherever they stand.
func TestTransactionsThroughABroker(t *testing.T) {
	t.Parallel()
	e := newEmbedded(t)
	x := e.franz(t, kgo.TransactionalID("x"))
	for n := range 12 {
		if err := x.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := x.ProduceSync(t.Context(), franzOutcome(n)).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := x.EndTransaction(t.Context(), kgo.TransactionEndTry(n%3 != 0 && n < 9)); err != nil {
			t.Fatal(err)
		}
	}
	for name, from := range map[string]int64{"from the start": 0, "from a control record": 1, "nothing known": -1, "from the end": 24} {
		t.Run(name, func(t *testing.T) {
			r := e.history(t, Config{Window: 24})
			r.load(t, 0, 0, from)
			for n := range 12 {
				want := "fresh"
				if n%3 != 0 && n < 9 {
					want = "concluded"
				}
				r.want(t, invoice(int64(n), n), want)
			}
			r.wantLookback(t, 12, 0, 24)
		})
	}
}

// What retention has deleted is gone, and what is left is read.
func TestRetentionThroughABroker(t *testing.T) {
	t.Parallel()
	e := newEmbedded(t)
	r := e.history(t, Config{})
	r.load(t, 0, 0, 0)
	recorder := e.recorder(t, r.History)
	for n := range 10 {
		m := invoice(int64(n), n)
		publish(t, recorder, m)
		conclude(t, recorder, m)
	}
	for _, topic := range []string{outcomes.Topic, attempts.Topic} {
		if err := e.DeleteRecords(topic, 2, 6); err != nil {
			t.Fatal(err)
		}
	}
	after := e.history(t, Config{})
	var lines strings.Builder
	after.deps.Logger = slog.New(slog.NewTextHandler(&lines, nil))
	after.load(t, 0, 0, 0)
	for n := range 10 {
		want := "fresh"
		if n >= 6 {
			want = "concluded"
		}
		after.want(t, invoice(int64(n), n), want)
	}
	if n := strings.Count(lines.String(), "records were deleted"); n != 2 {
		t.Errorf("logged %s", lines.String())
	}
}

// BenchmarkLoad reads a long tail: 100,000 outcomes of 400 bytes, and as many
// attempts.
func BenchmarkLoad(b *testing.B) {
	const records = 100_000
	e := newEmbedded(b)
	x := e.franz(b)
	c := newCodec(b)
	var all []*kgo.Record
	for n := range records {
		value, err := c.EncodeAttempt(attempt(invoice(int64(n), n), 1))
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, franzOutcome(n), &kgo.Record{Topic: attempts.Topic, Partition: attempts.Partition, Value: value})
	}
	if err := x.ProduceSync(b.Context(), all...).FirstErr(); err != nil {
		b.Fatal(err)
	}
	for name, base := range map[string]int64{"all below the commit": records, "none below the commit": 0} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.history(b, Config{}).load(b, base, 0, 0)
			}
			b.ReportMetric(float64(b.N)*2*records/b.Elapsed().Seconds(), "records/s")
		})
	}
}
