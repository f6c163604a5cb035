package kafka

import (
	"slices"
	"strings"

	kafkago "github.com/segmentio/kafka-go"
)

// spread deals the partitions of all topics out in one round, so that members
// differ by one partition at most. kafka-go's own balancers begin every topic
// with the same member: with many small topics the first members would own
// everything.
type spread struct{}

// ProtocolName is what all members of a group must share.
func (spread) ProtocolName() string { return "spread" }

// UserData is not used.
func (spread) UserData() ([]byte, error) { return nil, nil }

// AssignGroups is deterministic: the same members and partitions give the same
// assignment.
func (spread) AssignGroups(members []kafkago.GroupMember, partitions []kafkago.Partition) kafkago.GroupMemberAssignments {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b kafkago.GroupMember) int { return strings.Compare(a.ID, b.ID) })
	parts := make([]TopicPartition, len(partitions))
	for i, p := range partitions {
		parts[i] = TopicPartition{p.Topic, int32(p.ID)}
	}
	slices.SortFunc(parts, compareTopicPartitions)

	assigned := kafkago.GroupMemberAssignments{}
	for _, m := range members {
		assigned[m.ID] = map[string][]int{}
	}
	next := 0
	for _, tp := range parts {
		for range members {
			m := members[next%len(members)]
			next++
			if slices.Contains(m.Topics, tp.Topic) {
				assigned[m.ID][tp.Topic] = append(assigned[m.ID][tp.Topic], int(tp.Partition))
				break
			}
		}
	}
	return assigned
}
