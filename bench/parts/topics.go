package parts

import (
	"context"
	"fmt"
	"slices"
	"time"

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

// Create makes all topics that a processor has, as it says that they should be, and
// returns once the broker shows them with their leaders: it may do so a little later.
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
	return t.shown(ctx, names)
}

// lookEvery is how often it is asked whether topics are shown.
const lookEvery = 50 * time.Millisecond

func (t *Topics) shown(ctx context.Context, names topics.Config) error {
	asked := kmsg.NewPtrMetadataRequest()
	for _, spec := range names.Specs() {
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = kmsg.StringPtr(spec.Name)
		asked.Topics = append(asked.Topics, topic)
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		answer, err := asked.RequestWith(ctx, t.client)
		if err != nil {
			return fmt.Errorf("looking for topics: %w", err)
		}
		if !slices.ContainsFunc(answer.Topics, hidden) {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("looking for topics: %w", context.Cause(ctx))
		}
	}
}

// hidden says whether a topic, or the leader of a partition, is not known yet.
func hidden(topic kmsg.MetadataResponseTopic) bool {
	return topic.ErrorCode != 0 ||
		slices.ContainsFunc(topic.Partitions, func(p kmsg.MetadataResponseTopicPartition) bool { return p.ErrorCode != 0 || p.Leader < 0 })
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
