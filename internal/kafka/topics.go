package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/createtopics"
	"github.com/segmentio/kafka-go/protocol/describeconfigs"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// TopicSpec is how a topic should be, or is.
type TopicSpec struct {
	Name       string
	Partitions int32
	// ReplicationFactor 0 leaves it to the cluster's default.
	ReplicationFactor int16
	// Configs are topic configurations such as retention.ms. As a wish it holds
	// what matters; as a finding it holds all.
	Configs map[string]string
}

// TopicState compares a wish with what there is.
type TopicState struct {
	Wanted TopicSpec
	// Exists says whether the topic is there; Created whether this call made it.
	Exists, Created bool
	// Differences are in a fixed order; empty when all is as wanted.
	Differences []TopicDifference
}

// TopicDifference is one property that is not as wanted. Property is
// "partitions", "replication factor" or the name of a configuration.
type TopicDifference struct{ Property, Want, Have string }

// DescribeTopics returns the topics that exist, without their configurations; the
// others are left out. It needs no permission but Describe on the topics.
func (c *Client) DescribeTopics(ctx context.Context, names ...string) (map[string]TopicSpec, error) {
	c.RefreshMetadata() // an operator wants the truth, not the cache
	found, err := c.lookUp(ctx, names)
	if err != nil && !errors.Is(err, ErrUnknownTopic) {
		return nil, err
	}
	topics := map[string]TopicSpec{}
	for _, t := range found {
		if kafkago.Error(t.ErrorCode) == kafkago.UnknownTopicOrPartition {
			continue
		}
		topics[t.Name] = TopicSpec{
			Name: t.Name, Partitions: int32(len(t.Partitions)), ReplicationFactor: replicas(t.Partitions),
		}
	}
	return topics, nil
}

func replicas(parts []metadata.ResponsePartition) int16 {
	if len(parts) == 0 {
		return 0
	}
	return int16(len(parts[0].ReplicaNodes))
}

// topicResource is the protocol's number of the resource type "topic".
const topicResource = 2

// describeConfigs adds the configurations to what is known of topics.
func (c *Client) describeConfigs(ctx context.Context, topics map[string]TopicSpec) error {
	if len(topics) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	req := &describeconfigs.Request{}
	for name := range topics {
		req.Resources = append(req.Resources, describeconfigs.RequestResource{ResourceType: topicResource, ResourceName: name})
	}
	m, err := c.roundTrip(ctx, req)
	if err != nil {
		return fmt.Errorf("describing topics: %w", err)
	}
	for _, r := range m.(*describeconfigs.Response).Resources {
		if r.ErrorCode != 0 {
			return fmt.Errorf("describing topic %s: %w", r.ResourceName, needing(onTopic(DescribeConfigs, r.ResourceName), kafkago.Error(r.ErrorCode)))
		}
		spec := topics[r.ResourceName]
		spec.Configs = map[string]string{}
		for _, entry := range r.ConfigEntries {
			spec.Configs[entry.ConfigName] = entry.ConfigValue
		}
		topics[r.ResourceName] = spec
	}
	return nil
}

// CompareTopics says of each wish how the cluster differs. It changes nothing.
func (c *Client) CompareTopics(ctx context.Context, specs []TopicSpec) ([]TopicState, error) {
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Name
	}
	found, err := c.DescribeTopics(ctx, names...)
	if err == nil {
		err = c.describeConfigs(ctx, found)
	}
	if err != nil {
		return nil, err
	}
	states := make([]TopicState, len(specs))
	for i, s := range specs {
		states[i] = TopicState{Wanted: s}
		if have, ok := found[s.Name]; ok {
			states[i].Exists = true
			states[i].Differences = differences(s, have)
		}
	}
	return states, nil
}

func differences(want, have TopicSpec) []TopicDifference {
	var out []TopicDifference
	add := func(property, want, have string) {
		if want != have {
			out = append(out, TopicDifference{property, want, have})
		}
	}
	add("partitions", strconv.Itoa(int(want.Partitions)), strconv.Itoa(int(have.Partitions)))
	if want.ReplicationFactor > 0 {
		add("replication factor", strconv.Itoa(int(want.ReplicationFactor)), strconv.Itoa(int(have.ReplicationFactor)))
	}
	for _, name := range slices.Sorted(maps.Keys(want.Configs)) {
		add(name, want.Configs[name], have.Configs[name])
	}
	return out
}

// CreateMissingTopics creates the topics that do not exist and returns the state
// of all afterwards. It changes no topic that is there: partitions added to a
// live topic would break the order of its keys. The error names every topic that
// could not be created; the states are valid with it.
func (c *Client) CreateMissingTopics(ctx context.Context, specs []TopicSpec) ([]TopicState, error) {
	before, err := c.CompareTopics(ctx, specs)
	if err != nil {
		return nil, err
	}
	var missing []TopicSpec
	for _, s := range before {
		if !s.Exists {
			missing = append(missing, s.Wanted)
		}
	}
	if len(missing) == 0 {
		return before, nil
	}
	created, refused := c.createTopics(ctx, missing)
	after, err := c.awaitCreated(ctx, specs, created)
	if err != nil {
		return after, errors.Join(refused, err)
	}
	return after, refused
}

// A slow broker answers that it has created a topic long before it shows it.
const (
	shownWait  = time.Minute
	shownRetry = 200 * time.Millisecond
)

var errNotShown = errors.New("topics were created, and the broker does not show them yet; look again with: processor topics list")

// awaitCreated compares the topics once those that were created are shown.
func (c *Client) awaitCreated(ctx context.Context, specs []TopicSpec, created map[string]bool) ([]TopicState, error) {
	over := time.NewTimer(shownWait)
	defer over.Stop()
	again := time.NewTicker(shownRetry)
	defer again.Stop()
	for {
		states, err := c.CompareTopics(ctx, specs)
		if err != nil {
			return nil, err
		}
		shown := true
		for i := range states {
			states[i].Created = created[states[i].Wanted.Name]
			shown = shown && (states[i].Exists || !states[i].Created)
		}
		if shown {
			return states, nil
		}
		select {
		case <-again.C:
		case <-over.C:
			return states, errNotShown
		case <-ctx.Done():
			return states, context.Cause(ctx)
		}
	}
}

func (c *Client) createTopics(ctx context.Context, specs []TopicSpec) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	req := &createtopics.Request{TimeoutMs: int32(c.cfg.RequestTimeout.Milliseconds())}
	for _, s := range specs {
		topic := createtopics.RequestTopic{Name: s.Name, NumPartitions: s.Partitions, ReplicationFactor: s.ReplicationFactor}
		if s.ReplicationFactor == 0 {
			topic.ReplicationFactor = -1
		}
		for _, name := range slices.Sorted(maps.Keys(s.Configs)) {
			topic.Configs = append(topic.Configs, createtopics.RequestConfig{Name: name, Value: s.Configs[name]})
		}
		req.Topics = append(req.Topics, topic)
	}
	m, err := c.roundTrip(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("creating topics: %w", err)
	}
	created := map[string]bool{}
	var errs []error
	for _, t := range m.(*createtopics.Response).Topics {
		switch code := kafkago.Error(t.ErrorCode); code {
		case 0:
			created[t.Name] = true
		case kafkago.TopicAlreadyExists: // somebody else was quicker
		default:
			errs = append(errs, fmt.Errorf("creating topic %s: %w: %s", t.Name, needing(onTopic(Create, t.Name), code), t.ErrorMessage))
		}
	}
	return created, errors.Join(errs...)
}
