package app_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
)

// refusing has the brokers refuse every commit while it is true: the group may have
// given the partitions to somebody else.
func refusing(b *bench) (refuses *atomic.Bool, refused *atomic.Int32) {
	refuses, refused = &atomic.Bool{}, &atomic.Int32{}
	b.box.Cluster().ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.box.Cluster().KeepControl()
		if !refuses.Load() {
			return nil, nil, false
		}
		refused.Add(1)
		req := r.(*kmsg.OffsetCommitRequest)
		answer := req.ResponseKind().(*kmsg.OffsetCommitResponse)
		for _, topic := range req.Topics {
			t := kmsg.NewOffsetCommitResponseTopic()
			t.Topic, t.TopicID = topic.Topic, topic.TopicID
			for _, partition := range topic.Partitions {
				p := kmsg.NewOffsetCommitResponseTopicPartition()
				p.Partition, p.ErrorCode = partition.Partition, kerr.CoordinatorNotAvailable.Code
				t.Partitions = append(t.Partitions, p)
			}
			answer.Topics = append(answer.Topics, t)
		}
		return answer, nil, true
	})
	return refuses, refused
}

// writing counts the writes of outcomes that reach the broker, and has it cut the
// connection instead of answering them while cuts is true.
func writing(b *bench) (written *atomic.Int32, cuts *atomic.Bool) {
	written, cuts = &atomic.Int32{}, &atomic.Bool{}
	b.box.Cluster().ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		b.box.Cluster().KeepControl()
		for _, topic := range r.(*kmsg.ProduceRequest).Topics {
			if _, published := b.cfg.Topics.CommandOf(topic.Topic); published {
				return nil, nil, false
			}
		}
		written.Add(1)
		if cuts.Load() {
			return nil, errors.New("cut"), true
		}
		return nil, nil, false
	})
	return written, cuts
}

// Whoever cannot prove that the partitions are still its own calls no bank and
// writes nothing, what it knows already included, and goes on by itself when it can.
func TestWithoutItsLeaseAProcessorDoesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	b.cfg.Intake.Lease = time.Second
	b.cfg.Intake.CommitInterval = 50 * time.Millisecond
	b.cfg.Output.BackoffMax = 50 * time.Millisecond
	refuses, refused := refusing(b)
	w := b.watch(downstream.Options{})
	a := b.start()
	b.send(command.DBSLimitQuery, limitQuery)
	b.take(w, 1)
	b.awaitMetrics(a, "processor_lease_held 1", `processor_takeover_duration_seconds_count{topic="dbs.limit.query"} 2`)

	of := func(dealer string) string { return strings.Replace(limitQuery, "0222", dealer, 1) } // a key of its own
	written, cuts := writing(b)
	cuts.Store(true)
	unwritten := b.send(command.DBSLimitQuery, of("0301")) // its outcome is tried again and again
	b.awaitMetrics(a, `processor_produce_retries_total{reason="retriable",topic="dbs.limit.query.result"}`)
	if _, err := b.box.Bank().AddFault(banksim.Fault{Kind: banksim.FaultHang, When: banksim.After, Times: 1}); err != nil {
		t.Fatal(err)
	}
	under := b.send(command.DBSLimitQuery, of("0302")) // way at the bank, as the lease goes
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := b.box.Bank().WaitForArrivals(ctx, 3, func(banksim.Call) bool { return true }); err != nil {
		t.Fatal(err)
	}
	refuses.Store(true)
	b.awaitMetrics(a, "processor_lease_held 0")
	since, before := refused.Load(), written.Load()
	b.box.Bank().Release()
	after := b.send(command.DBSLimitQuery, of("0303"))
	b.await("some more commits are refused", func() bool { return refused.Load() > since+10 })
	if n := len(b.box.Bank().Calls(0)); n > 3 || written.Load() > before {
		t.Errorf("without the lease: %d calls, %d writes", n-3, written.Load()-before)
	}
	cuts.Store(false)
	refuses.Store(false)
	ids := map[string]bool{}
	for _, e := range b.take(w, 3) {
		ids[e.Outcome.CommandID] = true
	}
	if !ids[unwritten] || !ids[under] || !ids[after] {
		t.Errorf("outcomes of %v, want those of %s, %s and %s", ids, unwritten, under, after)
	}
	b.awaitMetrics(a, "processor_lease_held 1")
}

// The same id once more, and once with another value: one call, one outcome, counted.
func TestAttemptsAndRepeatedIDsAreCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	b.draft.NewIDs = false
	w := b.watch(downstream.Options{DeadLetters: true})
	a := b.start()
	text, err := os.ReadFile("../../schemas/examples/dbs.invoice.upsert.json")
	if err != nil {
		t.Fatal(err)
	}
	send := func(text string) { b.send(command.DBSInvoiceUpsert, text) }
	send(string(text))
	if e := b.take(w, 1)[0]; e.Outcome == nil || e.Outcome.Status != command.Succeeded {
		t.Fatalf("got %+v", e)
	}
	send(string(text))
	send(strings.Replace(string(text), `"amount": 900`, `"amount": 901`, 1))
	const upsert = `command="dbs.invoice.upsert"`
	b.awaitMetrics(a,
		`processor_attempts_total{`+upsert+`} 1`,
		`processor_attempt_duration_seconds_count{`+upsert+`} 1`,
		`processor_commands_answered_total{`+upsert+`,how="duplicate"} 1`,
		`processor_commands_answered_total{`+upsert+`,how="reused"} 1`)
	if e := b.take(w, 1)[0]; !e.DeadLetter() || e.Header("dlq-code") != string(command.CodeCommandIDReused) {
		t.Errorf("got %+v", e)
	}
}

// What an owner before has attempted, and what it has brought to an outcome that no
// commit speaks of, is told apart and counted.
func TestWhatOwnersBeforeHaveDoneIsCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	ids := map[string]int64{}
	var records []kafka.Record
	for n, name := range []command.Name{command.CustomerComplete, command.CustomerComplete} {
		text, err := os.ReadFile("../../schemas/examples/" + string(name) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		draft, err := b.draft.FromJSON(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		draft.Record.Partition = 0
		records = append(records, draft.Record)
		ids[draft.Command.ID] = int64(n)
	}
	produce := func(topic string, records ...kafka.Record) {
		t.Helper()
		done, err := b.client.Produce(t.Context(), []kafka.ProducePartition{{
			TopicPartition: kafka.TopicPartition{Topic: topic}, Records: records,
		}}, time.Second)
		if err != nil || done[0].Err != nil {
			t.Fatal(err, done)
		}
	}
	produce(string(command.CustomerComplete), records...)
	for id, offset := range ids {
		if offset == 0 {
			attempt, err := b.codec.EncodeAttempt(&command.Attempt{
				CommandID: id, Command: command.CustomerComplete, Number: 1, ChannelRequestID: id, StartedAt: time.Now(), Offset: offset,
			})
			if err != nil {
				t.Fatal(err)
			}
			produce("bank.attempts", kafka.Record{Value: attempt})
			continue
		}
		produce("customer.complete.result", kafka.Record{Headers: []kafka.Header{
			{Key: command.HeaderSubject, Value: []byte(id)}, {Key: command.HeaderCommandOffset, Value: []byte("1")},
		}})
	}
	a := b.start()
	b.awaitMetrics(a,
		`processor_commands_recovered_total{command="customer.complete"} 1`,
		`processor_commands_answered_total{command="customer.complete",how="redone"} 1`,
		`processor_takeover_records_total{topic="customer.complete"} 2`)
	if n := len(b.box.Bank().Calls(0)); n > 0 {
		t.Errorf("the bank has had %d calls", n)
	}
}
