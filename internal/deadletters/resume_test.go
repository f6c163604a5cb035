package deadletters_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/command"
	"bankprocessor/internal/deadletters"
	"bankprocessor/internal/kafka"
)

// interrupted is the first command's letter, whose replay somebody intended.
func (w *world) interrupted() deadletters.Ref {
	w.t.Helper()
	ref := w.dead(1, command.Failed, command.CodeDBSBankUnexpectedError)
	w.audited(id(1), command.AuditRecord{
		Action: command.AuditReplay, Phase: command.AuditIntended, ID: id(77), At: w.now, Actor: ayse.Name, Tool: ayse.Tool,
		CommandID: id(1), Command: name, Revision: 2, Letter: ref.String(), Original: "t.dbs.invoice.upsert/0@0", Target: "t.dbs.invoice.upsert/0@1",
	})
	return ref
}

func (w *world) franz(options ...kgo.Opt) *kgo.Client {
	w.t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(w.brokers...)}, options...)...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

// A publisher's open transaction hides what stands behind it, and so a replay that was
// sent: it is waited for.
func TestWhatStandsBehindAnOpenTransactionIsNotSentTwice(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.interrupted()
	x := w.franz(kgo.TransactionalID("x"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err := x.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	record := &kgo.Record{Topic: w.topics.Command(name), Key: []byte("k"), Value: invoice(3)}
	if err := x.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	w.published(1, invoice(1), kafka.Header{Key: command.HeaderReplayRevision, Value: []byte("2")}, kafka.Header{Key: command.HeaderReplayID, Value: []byte(id(77))})
	p := w.plan(w.Desk, w.order(ayse, ref))
	ended := make(chan error, 1)
	go func() {
		_, err := w.Replay(t.Context(), p, nil)
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("nothing was waited for: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if err := x.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil || len(w.sent()) != 1 || p.Steps[0].Sent != "t.dbs.invoice.upsert/0@2" {
		t.Errorf("%d were sent, %+v, %v", len(w.sent()), p.Steps[0], err)
	}
}

// Nobody can tell any more whether it was sent: a person may say that it is to be.
func TestAnInterruptedReplayOfLongAgoIsNoDeadEnd(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ref := w.interrupted()
	w.published(8, invoice(8))
	w.published(9, invoice(9))
	w.deleted(w.topics.Command(name), 2)
	if step := w.replays(w.Desk, w.order(ayse, ref)); !strings.Contains(step.Refused, "--again") {
		t.Errorf("got %+v", step)
	}
	o := w.order(ayse, ref)
	o.Again = true
	if step := w.replays(w.Desk, o); step.Revision != 2 || step.Sent != "t.dbs.invoice.upsert/0@3" {
		t.Errorf("got %+v", step)
	}
}

// deleted has the records of the first partition below an offset deleted, as by age.
func (w *world) deleted(topic string, below int64) {
	w.t.Helper()
	req := kmsg.NewDeleteRecordsRequest()
	req.TimeoutMillis = 10_000
	part := kmsg.NewDeleteRecordsRequestTopicPartition()
	part.Offset = below
	of := kmsg.NewDeleteRecordsRequestTopic()
	of.Topic, of.Partitions = topic, append(of.Partitions, part)
	req.Topics = append(req.Topics, of)
	res, err := req.RequestWith(context.WithoutCancel(w.t.Context()), w.franz())
	if err != nil || res.Topics[0].Partitions[0].ErrorCode != 0 {
		w.t.Fatal(res, err)
	}
}
