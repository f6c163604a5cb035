package drive

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Stored is how many records a topic with that many partitions has taken in.
func (d *Driver) Stored(ctx context.Context, topic string, partitions int) (int64, error) {
	asked := kmsg.NewPtrListOffsetsRequest()
	asked.ReplicaID = -1
	of := kmsg.NewListOffsetsRequestTopic()
	of.Topic = topic
	for p := range partitions {
		partition := kmsg.NewListOffsetsRequestTopicPartition()
		partition.Partition, partition.Timestamp = int32(p), -1 // the end
		of.Partitions = append(of.Partitions, partition)
	}
	asked.Topics = append(asked.Topics, of)
	answer, err := asked.RequestWith(ctx, d.client)
	if err != nil {
		return 0, fmt.Errorf("asking how long %s is: %w", topic, err)
	}
	total := int64(0)
	for _, t := range answer.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return 0, fmt.Errorf("asking how long %s is: partition %d: %w", topic, p.Partition, err)
			}
			total += p.Offset
		}
	}
	return total, nil
}
