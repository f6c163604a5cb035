package parts

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/topics"
)

// Topics makes and removes a broker's topics.
type Topics struct{ client *kgo.Client }

// OpenTopics connects to a broker.
func OpenTopics(b *Broker) (*Topics, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Address))
	if err != nil {
		return nil, fmt.Errorf("connecting to the broker: %w", err)
	}
	return &Topics{client: client}, nil
}

// Close ends the connections.
func (t *Topics) Close() { t.client.Close() }

// Create makes all topics that a processor has, as it says that they should be.
func (t *Topics) Create(ctx context.Context, names topics.Config) error {
	asked := kmsg.NewPtrCreateTopicsRequest()
	asked.TimeoutMillis = 30_000
	for _, spec := range names.Specs() {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = spec.Name, spec.Partitions, 1
		asked.Topics = append(asked.Topics, topic)
	}
	answer, err := asked.RequestWith(ctx, t.client)
	if err != nil {
		return fmt.Errorf("making topics: %w", err)
	}
	for _, topic := range answer.Topics {
		if err := kerr.ErrorForCode(topic.ErrorCode); err != nil {
			return fmt.Errorf("making topic %s: %w", topic.Topic, err)
		}
	}
	return nil
}

// Delete removes what Create has made.
func (t *Topics) Delete(ctx context.Context, names topics.Config) error {
	asked := kmsg.NewPtrDeleteTopicsRequest()
	asked.TimeoutMillis = 30_000
	for _, spec := range names.Specs() {
		topic := kmsg.NewDeleteTopicsRequestTopic()
		topic.Topic = kmsg.StringPtr(spec.Name)
		asked.Topics = append(asked.Topics, topic)
		asked.TopicNames = append(asked.TopicNames, spec.Name)
	}
	answer, err := asked.RequestWith(ctx, t.client)
	if err != nil {
		return fmt.Errorf("removing topics: %w", err)
	}
	for _, topic := range answer.Topics {
		if err := kerr.ErrorForCode(topic.ErrorCode); err != nil {
			return fmt.Errorf("removing topics: %w", err)
		}
	}
	return nil
}
