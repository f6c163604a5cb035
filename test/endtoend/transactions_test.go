package endtoend

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/app"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

// upstreams are several publishers of one topic: some with transactions, one
// without. What each transaction holds decides at its end.
type upstreams struct {
	w         *world
	plain     *kgo.Client
	producers []*kgo.Client
	open      []map[string]kafka.Record // by producer, by command id; nil for no transaction
	committed map[string]kafka.Record
	aborted   map[string]kafka.Record
}

func newUpstreams(w *world, n int) *upstreams {
	u := &upstreams{
		w: w, open: make([]map[string]kafka.Record, n),
		committed: map[string]kafka.Record{}, aborted: map[string]kafka.Record{},
	}
	u.plain = u.client()
	for i := range n {
		u.producers = append(u.producers, u.client(kgo.TransactionalID(fmt.Sprint(w.drafter.Topics.Prefix, "upstream-", i))))
	}
	return u
}

func (u *upstreams) client(o ...kgo.Opt) *kgo.Client {
	u.w.t.Helper()
	client, err := kgo.NewClient(append(o,
		kgo.SeedBrokers(u.w.box.Brokers()...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
	)...)
	must(u.w.t, err)
	u.w.t.Cleanup(client.Close)
	return client
}

// publish sends one limit query through a producer of the test's choice.
func (u *upstreams) publish(client *kgo.Client, n int) (id string, sent kafka.Record) {
	u.w.t.Helper()
	draft := u.w.draft(command.DBSLimitQuery, func(f map[string]any) { f["dealerCode"] = fmt.Sprintf("3%03d", n%7) })
	r := draft.Record
	r.Partition = kafka.PartitionOf(r.Key, u.w.drafter.Topics.Partitions)
	record := &kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value}
	must(u.w.t, client.ProduceSync(u.w.t.Context(), record).FirstErr())
	r.Offset = record.Offset
	return draft.Command.ID, r
}

// step does one thing at random.
func (u *upstreams) step(random *rand.Rand, n int) {
	u.w.t.Helper()
	i := random.IntN(len(u.producers))
	switch random.IntN(6) {
	case 0:
		id, sent := u.publish(u.plain, n)
		u.committed[id] = sent
	case 1, 2, 3:
		if u.open[i] == nil {
			must(u.w.t, u.producers[i].BeginTransaction())
			u.open[i] = map[string]kafka.Record{}
		}
		id, sent := u.publish(u.producers[i], n)
		u.open[i][id] = sent
	case 4:
		u.end(i, kgo.TryAbort, u.aborted)
	case 5:
		u.end(i, kgo.TryCommit, u.committed)
	}
}

func (u *upstreams) end(i int, how kgo.TransactionEndTry, into map[string]kafka.Record) {
	u.w.t.Helper()
	if u.open[i] == nil {
		return
	}
	must(u.w.t, u.producers[i].EndTransaction(u.w.t.Context(), how))
	maps.Copy(into, u.open[i])
	u.open[i] = nil
}

// endAll aborts what is open.
func (u *upstreams) endAll() {
	u.w.t.Helper()
	for i := range u.open {
		u.end(i, kgo.TryAbort, u.aborted)
	}
}

// Four transactional publishers and a plain one interleave while processors run,
// one after another. The bank sees each committed command once, and no other.
func TestAnAbortedCommandNeverReachesTheBank(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			interleave(t, seed)
		})
	}
}

func interleave(t *testing.T, seed uint64) {
	t.Helper()
	w := openWorld(t, sandbox.Options{Topics: topics.Config{Partitions: 2}})
	w.watch()
	u := newUpstreams(w, 4)
	random := rand.New(rand.NewPCG(seed, 11))
	for life := range 3 {
		a := w.processor()
		for n := range 80 {
			u.step(random, 1000*life+n)
		}
		if life < 2 { // transactions stay open over the hand-over
			must(t, stop(a))
			continue
		}
		u.endAll()
		w.until(30*time.Second, "outcome of every committed command", func() bool { return len(w.outcomes) >= len(u.committed) })
		atTheEnd(w, a)
		must(t, stop(a))
	}
	if len(u.aborted) < 20 || len(u.committed) < 20 {
		t.Fatalf("%d aborted and %d committed commands: the test shows little", len(u.aborted), len(u.committed))
	}
	u.judge()

	// Nothing is left to read but control records; a new owner reads on behind them.
	a := w.processor()
	atTheEnd(w, a)
	id, _ := w.send(command.DBSLimitQuery, nil)
	if o := w.outcome(id); o.Status != command.Succeeded {
		t.Errorf("outcome %s %s", o.Status, o.Code)
	}
	w.Lock()
	defer w.Unlock()
	if len(w.outcomes) != len(u.committed)+1 || len(w.letters) > 0 {
		t.Errorf("%d outcomes and %d dead letters for %d commands", len(w.outcomes), len(w.letters), len(u.committed)+1)
	}
}

// judge compares what bank and downstream have seen with what was committed.
func (u *upstreams) judge() {
	u.w.t.Helper()
	sessions := map[string]string{}
	for id := range u.committed {
		sessions[strings.ReplaceAll(id, "-", "")] = id
	}
	calls := map[string]int{}
	for _, c := range u.w.bank.Calls(0) {
		id, ok := sessions[c.ChannelSessionID]
		if !ok {
			u.w.t.Errorf("the bank saw session %s, which nobody committed", c.ChannelSessionID)
		}
		calls[id]++
	}
	u.w.Lock()
	defer u.w.Unlock()
	for id := range u.committed {
		if n := len(u.w.outcomes[id]); n != 1 || calls[id] != 1 {
			u.w.t.Errorf("committed %s: %d outcomes and %d calls", id, n, calls[id])
		}
	}
	for id := range u.aborted {
		if n := len(u.w.outcomes[id]); n != 0 {
			u.w.t.Errorf("aborted %s: %d outcomes", id, n)
		}
	}
}

// atTheEnd waits until the group has committed the very end of every command
// partition, the control records that stand there included, and says so.
func atTheEnd(w *world, a *app.App) {
	w.t.Helper()
	topic := w.drafter.Topics.Command(command.DBSLimitQuery)
	var parts []kafka.TopicPartition
	for p := range w.drafter.Topics.Partitions {
		parts = append(parts, kafka.TopicPartition{Topic: topic, Partition: p})
	}
	group := w.config().Intake.Group
	await(w.t, 20*time.Second, "commit of the log's end", func() bool {
		ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Second)
		defer cancel()
		committed, err := w.client.CommittedOffsets(ctx, group, parts)
		must(w.t, err)
		ranges, err := w.client.LogRange(ctx, parts)
		must(w.t, err)
		for _, tp := range parts {
			if committed[tp].Offset != ranges[tp].Next {
				return false
			}
		}
		for _, p := range a.Intake().Partitions {
			if p.Topic == topic && p.Lag != 0 {
				return false
			}
		}
		return true
	})
}
