package consumers

import (
	"context"

	"bankprocessor/internal/kafka"
)

// JoinWith returns a Deps.Join over a Kafka client.
func JoinWith(client *kafka.Client, cfg Config) func() (Membership, error) {
	cfg = cfg.WithDefaults()
	return func() (Membership, error) {
		group, err := client.NewGroup(kafka.GroupConfig{
			ID: cfg.Group, Topics: cfg.topicNames(),
			SessionTimeout: cfg.SessionTimeout, RebalanceTimeout: cfg.RebalanceTimeout,
			HeartbeatInterval: cfg.HeartbeatInterval,
		})
		if err != nil {
			return nil, err
		}
		return membership{group}, nil
	}
}

type membership struct{ *kafka.Group }

func (m membership) Next(ctx context.Context) (Generation, error) {
	g, err := m.Group.Next(ctx)
	if err != nil {
		return nil, err
	}
	return generation{g}, nil
}

type generation struct{ g *kafka.Generation }

func (g generation) Member() kafka.Member               { return g.g.Member }
func (g generation) Partitions() []kafka.TopicPartition { return g.g.Assignments }

func (g generation) Run(work func(ctx context.Context)) {
	done := make(chan struct{})
	g.g.Start(func(ctx context.Context) {
		defer close(done)
		work(ctx)
	})
	<-done
}
