package kafka

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	kafkago "github.com/segmentio/kafka-go"
	"pgregory.net/rapid"
)

func TestSpreadIsEvenAndComplete(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var topics []string
		var parts []kafkago.Partition
		for i := range rapid.IntRange(1, 8).Draw(t, "topics") {
			topics = append(topics, fmt.Sprint("t", i))
			for p := range rapid.IntRange(1, 5).Draw(t, "partitions") {
				parts = append(parts, kafkago.Partition{Topic: topics[i], ID: p})
			}
		}
		var members []kafkago.GroupMember
		for i := range rapid.IntRange(1, 9).Draw(t, "members") {
			members = append(members, kafkago.GroupMember{ID: fmt.Sprint("m", i), Topics: topics})
		}
		assigned := spread{}.AssignGroups(members, parts)
		owners := map[TopicPartition]int{}
		least, most := len(parts), 0
		for _, m := range members {
			n := 0
			for topic, ids := range assigned[m.ID] {
				for _, id := range ids {
					owners[TopicPartition{topic, int32(id)}]++
					n++
				}
			}
			least, most = min(least, n), max(most, n)
		}
		if most-least > 1 {
			t.Errorf("members own from %d to %d partitions", least, most)
		}
		for _, p := range parts {
			if n := owners[TopicPartition{p.Topic, int32(p.ID)}]; n != 1 {
				t.Errorf("%s/%d has %d owners", p.Topic, p.ID, n)
			}
		}
		shuffled := rapid.Permutation(parts).Draw(t, "shuffled")
		if diff := cmp.Diff(assigned, spread{}.AssignGroups(rapid.Permutation(members).Draw(t, "others"), shuffled)); diff != "" {
			t.Error(diff)
		}
	})
}

// While members change their topics, one may not know all of them.
func TestSpreadGivesATopicOnlyToWhoWantsIt(t *testing.T) {
	t.Parallel()
	got := spread{}.AssignGroups(
		[]kafkago.GroupMember{{ID: "a", Topics: []string{"x"}}, {ID: "b", Topics: []string{"x", "y"}}},
		[]kafkago.Partition{{Topic: "x", ID: 0}, {Topic: "y", ID: 0}, {Topic: "y", ID: 1}, {Topic: "z", ID: 0}})
	want := kafkago.GroupMemberAssignments{"a": {"x": {0}}, "b": {"y": {0, 1}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
