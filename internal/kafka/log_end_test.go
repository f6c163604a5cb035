package kafka

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLogEndsGoWithTheLeaders(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 2, "a", "b")
	ctx := testContext(t)
	parts := []TopicPartition{{"a", 0}, {"a", 1}, {"b", 0}}
	want := map[TopicPartition]int64{{"a", 0}: 0, {"a", 1}: 0, {"b", 0}: 0}
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for round := range int32(3) {
		// The leader before had another epoch, which is found out.
		got, err := client.LogEnds(ctx, parts)
		for ; Class(err).Passing() && ctx.Err() == nil; got, err = client.LogEnds(ctx, parts) {
			<-again.C
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("round %d: %s", round, diff)
		}
		client.RefreshMetadata()
		batch := ProducePartition{TopicPartition: parts[1], Records: []Record{{Value: []byte("v")}}}
		stored, err := client.Produce(ctx, []ProducePartition{batch}, time.Second)
		if err != nil || stored[0].Err != nil {
			t.Fatal(err, stored)
		}
		want[parts[1]]++
		if err := cluster.MoveTopicPartition("a", 1, (round+1)%3); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.LogEnds(ctx, []TopicPartition{{"missing", 0}}); Class(err) != ClassUnknownTopic && !errors.Is(err, ErrUnknownTopic) {
		t.Errorf("got %v", err)
	}
	if none, err := client.LogEnds(ctx, nil); len(none) > 0 || err != nil {
		t.Errorf("got %v, %v", none, err)
	}
}
