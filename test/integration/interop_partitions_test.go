package integration

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/upstream"
)

// javaPartitions asks kafka-clients for the hash of each key and its partition
// among each of the numbers.
func javaPartitions(t *testing.T, keys []string, counts ...string) (hashes []uint32, partitions [][]int32) {
	t.Helper()
	p := startJava(t, "Partitions", counts...)
	for _, key := range keys {
		p.tell(base64.StdEncoding.EncodeToString([]byte(key)))
		var numbers []int32
		for text := range strings.FieldsSeq(p.hear()) {
			n, err := strconv.ParseInt(text, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			numbers = append(numbers, int32(n))
		}
		hashes, partitions = append(hashes, uint32(numbers[0])), append(partitions, numbers[1:])
	}
	return hashes, partitions
}

// Murmur2 treats a key's last bytes by their number, and bytes over 127 are where
// signed and unsigned part: keys of every length and every byte.
func TestOurPartitionerIsThatOfKafkaClients(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 7))
	keys := []string{"", "\x00", "\xff", "SOLEN|0222", "ŞİRKET|ğüşöç", "会社|代理店", strings.Repeat("long", 16<<10)}
	for len(keys) < 4000 {
		key := make([]byte, random.IntN(70))
		for i := range key {
			key[i] = byte(random.Uint32())
		}
		keys = append(keys, string(key))
	}
	counts := []int32{1, 2, 3, 12, 100, 1<<31 - 1}
	var texts []string
	for _, n := range counts {
		texts = append(texts, fmt.Sprint(n))
	}
	hashes, partitions := javaPartitions(t, keys, texts...)
	for i, key := range keys {
		for j, n := range counts {
			got := kafka.PartitionOf([]byte(key), n)
			if got != partitions[i][j] || got != int32(hashes[i]&(1<<31-1))%n {
				t.Fatalf("key %q of %d partitions: ours %d, Java's %d of hash %d", key, n, got, partitions[i][j], hashes[i])
			}
		}
	}
}

const fromUs, fromJava, fromKcat, fromKcatDefault = "us", "java", "kcat", "kcat, default"

// Three publishers store commands under the same keys. Each key has one partition,
// whoever publishes, and its outcomes lie there, too. Without its setting
// librdkafka puts keys elsewhere, which is why the setting is asked for.
func TestAKeyHasOnePartitionWhoeverPublishes(t *testing.T) {
	t.Parallel()
	w := openInterop(t, 12)
	w.processor()
	keys := []string{"", "\x00\xff\x80", "SOLEN|0222", "k", "ŞİRKET|ğüşöç", "会社|代理店", strings.Repeat("long", 1000)}
	for i := range 60 {
		keys = append(keys, fmt.Sprintf("SOLEN|%04d", i))
	}
	samples := func() (all []sample) {
		for _, key := range keys {
			s := w.sample(command.DBSLimitQuery, nil)
			s.key = []byte(key)
			all = append(all, s)
		}
		return all
	}
	byID := map[string]string{} // command id to publisher
	of := func(from string, all []sample) []sample {
		for _, s := range all {
			byID[s.id] = from
		}
		return all
	}

	sender, err := upstream.NewSender(t.Context(), w.client, slog.New(slog.DiscardHandler))
	w.must(err)
	for _, s := range of(fromUs, samples()) {
		_, err := sender.Send(t.Context(), kafka.Record{Topic: w.topics.Command(s.name), Key: s.key, Value: s.event})
		w.must(err)
	}
	w.must(sender.Close(t.Context()))
	java := w.javaPublisher()
	java.open("default", nil)
	for _, s := range of(fromJava, samples()) {
		java.send("default", s, javaJSON)
	}
	w.kcatSend(of(fromKcat, samples()), murmur2()...)
	w.kcatSend(of(fromKcatDefault, samples()))

	_, want := javaPartitions(t, keys, "12")
	partition := map[string]int32{}
	for i, key := range keys {
		partition[key] = want[i][0]
	}
	elsewhere := 0
	for _, r := range w.records(w.topics.Command(command.DBSLimitQuery)) {
		c, err := w.events.Decode(t.Context(), &command.Message{Name: command.DBSLimitQuery, Value: r.Value})
		w.must(err)
		outcome := w.outcome(c.ID)
		if o := outcome.Outcome; o.Status != command.Succeeded {
			t.Errorf("%s: outcome %s %s", byID[c.ID], o.Status, o.Code)
		}
		if outcome.Record.Partition != r.Partition || string(outcome.Record.Key) != string(r.Key) {
			t.Errorf("%s: the outcome lies on %d, its command on %d", byID[c.ID], outcome.Record.Partition, r.Partition)
		}
		switch at := partition[string(r.Key)]; {
		case byID[c.ID] == fromKcatDefault && at != r.Partition:
			elsewhere++
		case byID[c.ID] != fromKcatDefault && at != r.Partition:
			t.Errorf("%s: key %.20q lies on %d, Java's partitioner says %d", byID[c.ID], r.Key, r.Partition, at)
		}
		delete(byID, c.ID)
	}
	if len(byID) > 0 || elsewhere < len(keys)/2 {
		t.Errorf("%d commands are not there; librdkafka's default put %d of %d keys elsewhere", len(byID), elsewhere, len(keys))
	}
}
