package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// ErrGroupClosed is what Next answers once the group is closed.
var ErrGroupClosed = errors.New("group is closed")

// GroupConfig is one member's way of taking part in a group.
type GroupConfig struct {
	// ID is the group's name.
	ID string
	// Topics are what the members share out, all of which must exist.
	Topics []string
	// SessionTimeout is how long the coordinator waits for a heartbeat before it
	// gives the member's partitions away.
	SessionTimeout time.Duration // default 30 s
	// HeartbeatInterval is also how late a member may learn of a rebalance.
	HeartbeatInterval time.Duration // default 2 s
	// RebalanceTimeout is how long the coordinator waits for every member to
	// join again, their drains included.
	RebalanceTimeout time.Duration // default 60 s
	// JoinBackoff is the wait after a failed join.
	JoinBackoff time.Duration // default 250 ms
	// PartitionWatch is how often the topics are looked at for new partitions.
	PartitionWatch time.Duration // default 10 s
}

// WithDefaults fills in what is not set.
func (c GroupConfig) WithDefaults() GroupConfig {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.SessionTimeout, 30 * time.Second},
		{&c.HeartbeatInterval, 2 * time.Second},
		{&c.RebalanceTimeout, time.Minute},
		{&c.JoinBackoff, 250 * time.Millisecond},
		{&c.PartitionWatch, 10 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return c
}

// Validate returns every fault of a GroupConfig that has its defaults, joined.
func (c GroupConfig) Validate() error {
	var errs []error
	bad := func(key, want string) { errs = append(errs, fmt.Errorf("kafka group %s: want %s", key, want)) }
	if c.ID == "" {
		bad("id", "a name")
	}
	if len(c.Topics) == 0 {
		bad("topics", "at least one topic")
	}
	if c.HeartbeatInterval <= 0 || c.SessionTimeout < 3*c.HeartbeatInterval {
		bad("session_timeout", "at least three heartbeat intervals")
	}
	if c.RebalanceTimeout < c.HeartbeatInterval {
		bad("rebalance_timeout", "at least a heartbeat interval")
	}
	if c.JoinBackoff <= 0 || c.PartitionWatch <= 0 {
		bad("join_backoff and partition_watch", "positive durations")
	}
	return errors.Join(errs...)
}

// Group is one member of a consumer group. Next may run in one goroutine at a
// time, Close in any.
type Group struct {
	client *Client
	cfg    GroupConfig
	name   string // its client id

	mu     sync.Mutex
	group  *kafkago.ConsumerGroup // nil before a join
	dialer *dialer                // the group's
	// ghost says that the coordinator may count a member of ours that was given up.
	ghost  bool
	closed bool
}

// NewGroup builds a member; it joins at the first Next.
func (c *Client) NewGroup(cfg GroupConfig) (*Group, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	name := memberName(c.cfg.ClientID)
	return &Group{client: c, cfg: cfg, name: name, dialer: c.dialer.another(name)}, nil
}

// Next joins, or waits until the last generation has ended and all of its
// functions have returned, and returns the next one. After an error it may be
// called again: the group keeps trying, JoinBackoff apart.
//
// A topic that does not exist is an error, since kafka-go would silently assign
// nothing at all: errors.Is ErrUnknownTopic. ErrGroupClosed ends it all.
func (g *Group) Next(ctx context.Context) (*Generation, error) {
	group, err := g.join(ctx)
	if err != nil {
		return nil, err
	}
	gen, err := group.Next(ctx)
	if errors.Is(err, kafkago.ErrGroupClosed) {
		return nil, ErrGroupClosed
	}
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, kafkago.RebalanceInProgress) {
			g.giveUp(group)
		}
		return nil, fmt.Errorf("joining group %s: %w", g.cfg.ID, needing(onGroup(Read, g.cfg.ID), err))
	}
	counts, err := g.partitionCounts(ctx)
	if err != nil {
		// A generation ends when one of its functions returns.
		gen.Start(func(context.Context) {})
		return nil, fmt.Errorf("joining group %s: %w", g.cfg.ID, err)
	}
	gen.Start(func(ctx context.Context) { g.watchPartitions(ctx, counts) })
	return &Generation{
		Member:      Member{Group: g.cfg.ID, MemberID: gen.MemberID, GenerationID: gen.ID},
		Assignments: assignments(gen),
		group:       g,
		gen:         gen,
	}, nil
}

func (g *Group) join(ctx context.Context) (*kafkago.ConsumerGroup, error) {
	if group, err := g.joined(); group != nil || err != nil {
		return group, err
	}
	if _, err := g.partitionCounts(ctx); err != nil {
		return nil, fmt.Errorf("joining group %s: %w", g.cfg.ID, err)
	}
	if err := g.layGhost(ctx); err != nil {
		return nil, fmt.Errorf("joining group %s again: %w", g.cfg.ID, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, ErrGroupClosed
	}
	group, err := kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{
		ID:      g.cfg.ID,
		Brokers: g.client.cfg.Brokers,
		Topics:  g.cfg.Topics,
		Dialer: &kafkago.Dialer{
			ClientID: g.name,
			Timeout:  g.client.cfg.DialTimeout,
			DialFunc: withoutCreation(g.dialer.dial),
		},
		GroupBalancers:    []kafkago.GroupBalancer{spread{}, kafkago.RoundRobinGroupBalancer{}},
		SessionTimeout:    g.cfg.SessionTimeout,
		HeartbeatInterval: g.cfg.HeartbeatInterval,
		RebalanceTimeout:  g.cfg.RebalanceTimeout,
		JoinGroupBackoff:  g.cfg.JoinBackoff,
		Timeout:           g.client.cfg.RequestTimeout,
	})
	if err != nil {
		return nil, fmt.Errorf("joining group %s: %w", g.cfg.ID, err)
	}
	g.group = group
	return group, nil
}

func (g *Group) joined() (*kafkago.ConsumerGroup, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, ErrGroupClosed
	}
	return g.group, nil
}

// Close ends the current generation, waits until its functions have returned,
// and leaves the group, also from the middle of a rebalance. Once ctx has ended
// it waits for kafka-go no longer: a pending join is cut off and taken back. A
// function of the generation that does not return is waited for beyond ctx by
// nobody: Close returns ctx's cause. After any error the coordinator notices the
// absence by the session timeout.
func (g *Group) Close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	group, dialer, ghost := g.group, g.dialer, g.ghost
	g.mu.Unlock()
	defer dialer.close()
	if group == nil && !ghost {
		return nil
	}
	left := make(chan struct{})
	go func() {
		defer close(left)
		if group != nil {
			_ = group.Close()
		}
	}()
	select {
	case <-left:
	case <-ctx.Done():
		dialer.close()
		select {
		case <-left:
		case <-time.After(severGrace):
			return fmt.Errorf("leaving group %s: %w", g.cfg.ID, context.Cause(ctx))
		}
	}
	if err := g.goodbye(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("leaving group %s: %w", g.cfg.ID, err)
	}
	return nil
}

// severGrace is how long kafka-go gets to notice that its connections are gone.
const severGrace = 250 * time.Millisecond

func (g *Group) partitionCounts(ctx context.Context) (map[string]int, error) {
	leaders, err := g.client.Leaders(ctx, g.cfg.Topics...)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for tp := range leaders {
		counts[tp.Topic]++
	}
	return counts, nil
}

// watchPartitions returns, which ends the generation, when a topic has another
// number of partitions than before. kafka-go's own watch spins when a topic
// disappears.
func (g *Group) watchPartitions(ctx context.Context, before map[string]int) {
	ticker := time.NewTicker(g.cfg.PartitionWatch)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now, err := g.partitionCounts(ctx)
		if err != nil {
			continue
		}
		for topic, n := range now {
			if n != before[topic] {
				return
			}
		}
	}
}

func assignments(gen *kafkago.Generation) []TopicPartition {
	var parts []TopicPartition
	for topic, assigned := range gen.Assignments {
		for _, p := range assigned {
			parts = append(parts, TopicPartition{topic, int32(p.ID)})
		}
	}
	slices.SortFunc(parts, compareTopicPartitions)
	return parts
}

func compareTopicPartitions(a, b TopicPartition) int {
	if c := strings.Compare(a.Topic, b.Topic); c != 0 {
		return c
	}
	return int(a.Partition) - int(b.Partition)
}
