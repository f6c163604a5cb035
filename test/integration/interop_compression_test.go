package integration

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/command"
)

// Both other clients compress with each of Kafka's codecs, and our fetch reads it
// all. The broker keeps batches as they were sent, which is looked at.
func TestEveryCodecOfOtherClientsIsRead(t *testing.T) {
	t.Parallel()
	w := openInterop(t, 1)
	w.processor()
	java := w.javaPublisher()
	codecs := []string{"none", "gzip", "snappy", "lz4", "zstd"} // by Kafka's number
	want := map[string]uint8{}                                  // by command id
	for number, codec := range codecs {
		var batch []sample
		for i := range 20 {
			batch = append(batch, w.sample(command.DBSLimitQuery, map[string]any{"dealerCode": fmt.Sprint(1000 + i)}))
		}
		java.open(codec, map[string]string{"compression.type": codec})
		for _, s := range batch[:5] {
			java.send(codec, s, javaJSON)
		}
		w.kcatSend(batch[5:], append(murmur2(), "-z", codec, "-X", "linger.ms=200")...)
		for _, s := range batch {
			want[s.id] = uint8(number)
		}
	}
	for id := range want {
		if o := w.outcome(id).Outcome; o.Status != command.Succeeded {
			t.Errorf("%s: outcome %s %s", codecs[want[id]], o.Status, o.Code)
		}
	}
	w.judgeCodecs(want)
}

// judgeCodecs looks at how the batches lie at the broker.
func (w *interop) judgeCodecs(want map[string]uint8) {
	w.t.Helper()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(w.box.Brokers()...),
		kgo.ConsumeTopics(w.topics.Command(command.DBSLimitQuery)),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	w.must(err)
	defer client.Close()
	for read := 0; read < len(want); {
		fetches := client.PollFetches(w.t.Context())
		w.must(fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			read++
			c, err := w.events.Decode(w.t.Context(), &command.Message{Name: command.DBSLimitQuery, Value: r.Value})
			w.must(err)
			if got := r.Attrs.CompressionType(); got != want[c.ID] {
				w.t.Errorf("a batch is compressed with codec %d, want %d", got, want[c.ID])
			}
		})
	}
}
