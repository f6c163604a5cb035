package kafka

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
)

func TestProducedRecordsComeBackWhole(t *testing.T) {
	t.Parallel()
	_, client := setup(t, 1, "a")
	ctx := testContext(t)
	at := time.UnixMilli(1_700_000_000_123).UTC()
	want := []Record{
		{Key: []byte("k"), Value: []byte("v"), Time: at, Headers: []Header{{"h", []byte("1")}, {"h", nil}, {"", []byte{}}}},
		{Key: nil, Value: nil, Time: at},
		{Key: []byte{}, Value: []byte{}, Time: at.Add(time.Millisecond)},
	}
	tp := TopicPartition{"a", 0}
	produced, err := client.Produce(ctx, []ProducePartition{{TopicPartition: tp, Records: want}}, time.Second)
	if err != nil || produced[0].Err != nil {
		t.Fatal(err, produced)
	}
	fetched, err := client.Fetch(ctx, []FetchPartition{{tp, 0, 1 << 20}}, time.Second, 1<<20)
	if err != nil || fetched[0].Err != nil {
		t.Fatal(err, fetched)
	}
	for i := range want {
		want[i].Topic, want[i].Offset = "a", int64(i)
	}
	if diff := cmp.Diff(want, fetched[0].Records); diff != "" {
		t.Error(diff)
	}
	if fetched[0].Next != 3 || fetched[0].HighWatermark != 3 || fetched[0].LastStableOffset != 3 {
		t.Errorf("got %+v", fetched[0])
	}
}

func TestCommitsRoundTripWithMetadata(t *testing.T) {
	t.Parallel()
	_, client := setup(t, 2, "a", "b")
	ctx := testContext(t)
	parts := []TopicPartition{{"a", 0}, {"b", 1}, {"a", 1}}
	commits := []Commit{{parts[0], 7, "done:9"}, {parts[1], 3, ""}}
	refused, err := client.CommitOffsets(ctx, Member{Group: "g", GenerationID: -1}, commits)
	if err != nil || len(refused) > 0 {
		t.Fatal(err, refused)
	}
	got, err := client.CommittedOffsets(ctx, "g", parts)
	if err != nil {
		t.Fatal(err)
	}
	want := map[TopicPartition]Commit{parts[0]: commits[0], parts[1]: commits[1], parts[2]: {parts[2], -1, ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Kafka-go takes the addresses in any order and one time limit for all of them.
func TestASilentBrokerDoesNotHideTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T, _ *kfake.Cluster, cfg Config) {
		connect := cfg.Dial
		cfg.Brokers = append(cfg.Brokers, "192.0.2.1:9092")
		cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "192.0.2.1:9092" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return connect(ctx, network, address)
		}
		for range 12 {
			c, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Leaders(t.Context(), "a"); err != nil {
				t.Error(err)
			}
			c.Close()
		}
	})
}
