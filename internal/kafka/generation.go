package kafka

import (
	"context"
	"fmt"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/heartbeat"
)

// Generation is one span of time in which the member owns its assignments.
//
// What kafka-go does, as read in its source and shown by the tests:
//   - The context of Start ends when a heartbeat is answered with anything but
//     success (a rebalance above all), when the coordinator's connection breaks,
//     when any started function returns, and at Close.
//   - Its heartbeats stop at that same moment. Start goes on with them while fn
//     drains, so that a drain may take longer than the session timeout; it must
//     still end within the rebalance timeout, counted from the coordinator's
//     decision, which is up to one heartbeat interval earlier.
//   - The member joins again only after all started functions have returned. It
//     may commit until then: the coordinator takes commits of the old generation
//     while it prepares the rebalance.
type Generation struct {
	// Member is who commits in this generation.
	Member Member
	// Assignments are sorted by topic and partition; they may be empty.
	Assignments []TopicPartition

	group *Group
	gen   *kafkago.Generation
}

// Start runs fn in a goroutine that the group waits for. fn's context ends with
// the generation; fn then drains, commits and returns. When fn returns earlier,
// the generation ends.
func (g *Generation) Start(fn func(ctx context.Context)) {
	g.gen.Start(func(ctx context.Context) {
		beating, stop := context.WithCancel(context.WithoutCancel(ctx))
		var wg sync.WaitGroup
		wg.Go(func() { g.keepAlive(ctx, beating) })
		fn(ctx)
		stop()
		wg.Wait()
	})
}

// keepAlive takes over the heartbeats from the end of the generation to the end
// of beating. Its errors change nothing: commits tell the same.
func (g *Generation) keepAlive(generation, beating context.Context) {
	select {
	case <-generation.Done():
	case <-beating.Done():
		return
	}
	ticker := time.NewTicker(g.group.cfg.HeartbeatInterval)
	defer ticker.Stop()
	for {
		select {
		case <-beating.Done():
			return
		case <-ticker.C:
			_ = g.group.client.Heartbeat(beating, g.Member)
		}
	}
}

// Heartbeat tells the coordinator that the member is alive. An error of
// ClassRebalancing is a heartbeat that was heard.
func (c *Client) Heartbeat(ctx context.Context, m Member) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	answer, err := c.roundTrip(ctx, &toCoordinator{group: m.Group, exchange: exchange{
		clientID: c.cfg.ClientID,
		Message: &heartbeat.Request{
			GroupID: m.Group, MemberID: m.MemberID, GenerationID: m.GenerationID,
		},
	}})
	if err == nil {
		if code := answer.(*heartbeat.Response).ErrorCode; code != 0 {
			err = needing(onGroup(Read, m.Group), kafkago.Error(code))
		}
	}
	if err != nil {
		return fmt.Errorf("heartbeat of group %s: %w", m.Group, err)
	}
	return nil
}
