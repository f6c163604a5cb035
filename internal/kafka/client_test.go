package kafka

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
	produced, err := client.Produce(ctx, []ProducePartition{{tp, want}}, time.Second)
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
