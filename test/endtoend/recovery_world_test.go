package endtoend

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
)

// What is left of a cluster after a disaster, and what a processor makes of it.

// oldAdmin speaks of topics by their names.
func (w *world) oldAdmin() *kgo.Client {
	w.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.box.Brokers()...), kgo.MaxVersions(kversion.V4_0_0()),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))
	must(w.t, err)
	w.t.Cleanup(client.Close)
	return client
}

// setOffsets commits one offset for every command partition in the name of an empty
// group, with metadata, as Kafka's own tools do.
func (w *world) setOffsets(at func(kafka.TopicPartition) (offset int64, metadata string)) {
	w.t.Helper()
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group = w.config().Intake.Group
	for _, tp := range w.commandPartitions() {
		offset, metadata := at(tp)
		if offset < 0 {
			continue
		}
		partition := kmsg.NewOffsetCommitRequestTopicPartition()
		partition.Partition, partition.Offset, partition.Metadata = tp.Partition, offset, &metadata
		topic := kmsg.NewOffsetCommitRequestTopic()
		topic.Topic, topic.Partitions = tp.Topic, append(topic.Partitions, partition)
		req.Topics = append(req.Topics, topic)
	}
	answer, err := req.RequestWith(w.t.Context(), w.oldAdmin())
	must(w.t, err)
	for _, topic := range answer.Topics {
		for _, p := range topic.Partitions {
			if p.ErrorCode != 0 {
				w.t.Fatalf("setting the group's offset of %s/%d: error %d", topic.Topic, p.Partition, p.ErrorCode)
			}
		}
	}
}

// loseGroup deletes the group and what it has committed.
func (w *world) loseGroup() {
	w.t.Helper()
	req := kmsg.NewPtrDeleteGroupsRequest()
	req.Groups = []string{w.config().Intake.Group}
	answer, err := req.RequestWith(w.t.Context(), w.oldAdmin())
	must(w.t, err)
	if code := answer.Groups[0].ErrorCode; code != 0 {
		w.t.Fatalf("deleting the group: error %d", code)
	}
}

func (w *world) commandPartitions() (parts []kafka.TopicPartition) {
	w.t.Helper()
	for _, topic := range w.drafter.Topics.Commands() {
		for p := range w.drafter.Topics.Partitions {
			parts = append(parts, kafka.TopicPartition{Topic: topic, Partition: p})
		}
	}
	return parts
}

// mirror opens a world with the same bank and another cluster, to which the records of
// w's topics were copied that keep wants, partition by partition.
func (w *world) mirror(keep func(topic string, r *kgo.Record) bool) *world {
	w.t.Helper()
	there := openWorld(w.t, sandbox.Options{Topics: w.drafter.Topics})
	there.bank = w.bank
	var copied []*kgo.Record
	for i, name := range w.names() {
		plain := name[len(w.drafter.Topics.Prefix):]
		for _, r := range w.everything(name) {
			if keep(plain, r) {
				copied = append(copied, &kgo.Record{
					Topic: there.names()[i], Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: r.Headers, Timestamp: r.Timestamp,
				})
			}
		}
	}
	must(w.t, there.oldAdmin().ProduceSync(w.t.Context(), copied...).FirstErr())
	there.watch()
	return there
}

// everything that stands in a topic, each partition in its order.
func (w *world) everything(topic string) (records []*kgo.Record) {
	w.t.Helper()
	leaders, err := w.client.Leaders(w.t.Context(), topic)
	must(w.t, err)
	var parts []kafka.TopicPartition
	from := map[int32]kgo.Offset{}
	for tp := range leaders {
		parts, from[tp.Partition] = append(parts, tp), kgo.NewOffset().AtStart()
	}
	ranges, err := w.client.LogRange(w.t.Context(), parts)
	must(w.t, err)
	want := int64(0)
	for _, r := range ranges {
		want += r.Next - r.First
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(w.box.Brokers()...), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}))
	must(w.t, err)
	defer client.Close()
	for int64(len(records)) < want {
		fetches := client.PollFetches(w.t.Context())
		must(w.t, fetches.Err())
		records = append(records, fetches.Records()...)
	}
	return records
}

// atBankOf has a processor call the bank of another world.
func atBankOf(w *world) func(*config.Config) {
	return func(c *config.Config) {
		c.Banks.InterAPI.HTTP.BaseURL, c.Banks.LoanAPI.HTTP.BaseURL = w.box.BankURL(), w.box.BankURL()
	}
}

// writes are the bank's methods that change something.
var writes = []string{banksim.MethodCreate, banksim.MethodComplete, banksim.MethodInvoice, banksim.MethodLoan}

// writesSince counts the calls by method.
func (w *world) writesSince(seq uint64) map[string]int {
	counted := map[string]int{}
	for _, c := range w.bank.Calls(seq) {
		if slices.Contains(writes, c.Method) {
			counted[c.Method]++
		}
	}
	return counted
}

// oneOfEach publishes a command of every kind that changes something, each kind under
// one key, and returns their ids.
func (w *world) oneOfEach(number string) map[command.Name]string {
	w.t.Helper()
	ids := map[command.Name]string{}
	for _, name := range []command.Name{command.CustomerCreate, command.CustomerComplete, command.DBSInvoiceUpsert, command.LoanIncomeSubmit} {
		ids[name], _ = w.send(name, func(f map[string]any) {
			if name == command.DBSInvoiceUpsert {
				f["invoiceNumber"] = number
			}
		})
	}
	return ids
}

// concluded waits for an outcome of each.
func (w *world) concluded(ids map[command.Name]string) {
	w.t.Helper()
	for _, id := range ids {
		w.outcome(id)
	}
}

// unrepeated fails t for a command with more outcomes than one.
func (w *world) unrepeated(t *testing.T, ids map[command.Name]string) {
	t.Helper()
	for _, id := range ids {
		w.onlyOutcome(t, id)
	}
}

// subject is whose outcome or attempt a record is.
func subject(w *world, r *kgo.Record) string {
	for _, h := range r.Headers {
		if h.Key == "ce_subject" {
			return string(h.Value)
		}
	}
	if a, err := w.events.DecodeAttempt(r.Value); err == nil {
		return a.CommandID
	}
	return ""
}
