package kafka

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/describegroups"
	"github.com/segmentio/kafka-go/protocol/leavegroup"
)

// goodbyeTimeout bounds goodbye.
const goodbyeTimeout = 2 * time.Second

// memberName is a client id that no other member has.
func memberName(clientID string) string {
	var own [6]byte
	_, _ = rand.Read(own[:]) // never fails
	return clientID + "-" + hex.EncodeToString(own[:])
}

// goodbye takes out of the group what kafka-go has left in it. When it is closed
// while the group rebalances it leaves without a word: a pending join cannot be
// taken back, and after a sync that was turned away it just ends. The group would
// wait for such a member in every rebalance, and then give it partitions that
// nobody reads, until the session times out.
//
// The member's id may be known to the coordinator alone; the client id is ours.
func (g *Group) goodbye(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, goodbyeTimeout)
	defer cancel()
	m, err := g.client.roundTrip(ctx, &describegroups.Request{Groups: []string{g.cfg.ID}})
	if err != nil {
		return fmt.Errorf("looking for itself: %w", err)
	}
	leave := &leavegroup.Request{GroupID: g.cfg.ID}
	for _, group := range m.(*describegroups.Response).Groups {
		if group.ErrorCode != 0 {
			return fmt.Errorf("looking for itself: %w", needing(onGroup(Describe, g.cfg.ID), kafkago.Error(group.ErrorCode)))
		}
		for _, member := range group.Members {
			if member.ClientID == g.name {
				leave.Members = append(leave.Members, leavegroup.RequestMember{MemberID: member.MemberID})
			}
		}
	}
	if len(leave.Members) == 0 {
		return nil
	}
	if m, err = g.client.roundTrip(ctx, leave); err != nil {
		return err
	}
	return leaveError(m.(*leavegroup.Response))
}

// giveUp ends a kafka-go group whose join has failed. Kafka-go then forgets the id of
// its member, and takes it out of the group only if the coordinator can be reached,
// which is what has failed as a rule. The coordinator would wait for that member in
// the next rebalance until its session times out.
func (g *Group) giveUp(group *kafkago.ConsumerGroup) {
	g.mu.Lock()
	dialer := g.dialer
	g.group, g.dialer, g.ghost = nil, g.client.dialer.another(g.name), true
	g.mu.Unlock()
	dialer.close() // what has begun anew ends at once
	_ = group.Close()
}

// layGhost takes the members out that were given up. None of ours is joining then.
func (g *Group) layGhost(ctx context.Context) error {
	g.mu.Lock()
	ghost := g.ghost
	g.mu.Unlock()
	if !ghost {
		return nil
	}
	if err := g.goodbye(ctx); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ghost = false
	return nil
}

// leaveError is nil when no member is in the group any more.
func leaveError(res *leavegroup.Response) error {
	codes := []int16{res.ErrorCode}
	for _, m := range res.Members {
		codes = append(codes, m.ErrorCode)
	}
	var errs []error
	for _, code := range codes {
		if err := kafkago.Error(code); err != 0 && err != kafkago.UnknownMemberId {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
