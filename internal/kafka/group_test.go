package kafka

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// bubble runs f in a synctest bubble with a broker cluster of its own.
func bubble(t *testing.T, f func(t *testing.T, cluster *kfake.Cluster, cfg Config)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := &kfake.VirtualNetwork{}
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(network.Listen),
			kfake.SeedTopics(4, "a", "b"))
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		f(t, cluster, Config{Brokers: cluster.ListenAddrs(), Dial: network.DialContext})
	})
}

// member is a client with a group of its own.
func member(t *testing.T, cfg Config, group GroupConfig) (*Client, *Group) {
	t.Helper()
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if group.ID == "" {
		group.ID, group.Topics = "g", []string{"a", "b"}
	}
	g, err := client.NewGroup(group)
	if err != nil {
		t.Fatal(err)
	}
	return client, g
}

func next(t *testing.T, g *Group) *Generation {
	t.Helper()
	gen, err := g.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return gen
}

func untilEnd(ctx context.Context) { <-ctx.Done() }

func TestMembersShareTheTopicsOut(t *testing.T) {
	bubble(t, func(t *testing.T, _ *kfake.Cluster, cfg Config) {
		c1, g1 := member(t, cfg, GroupConfig{})
		c2, g2 := member(t, cfg, GroupConfig{})
		defer c1.Close()
		defer c2.Close()
		alone := next(t, g1)
		if len(alone.Assignments) != 8 {
			t.Fatalf("got %v", alone.Assignments)
		}
		alone.Start(untilEnd)
		second := make(chan *Generation)
		go func() { second <- next(t, g2) }()
		one := next(t, g1)
		two := <-second
		if len(one.Assignments) != 4 || len(two.Assignments) != 4 {
			t.Fatalf("got %v and %v", one.Assignments, two.Assignments)
		}
		if one.Member.GenerationID != two.Member.GenerationID || one.Member.GenerationID <= alone.Member.GenerationID {
			t.Errorf("got generations %v then %v and %v", alone.Member, one.Member, two.Member)
		}
		one.Start(untilEnd)
		two.Start(untilEnd)
		if err := errors.Join(g2.Close(t.Context()), g1.Close(t.Context())); err != nil {
			t.Error(err)
		}
		if _, err := g1.Next(t.Context()); !errors.Is(err, ErrGroupClosed) {
			t.Errorf("got %v", err)
		}
	})
}

// A drain longer than the session timeout keeps the member in the group, and its
// commits are taken while the group prepares the rebalance.
func TestADrainOutlivesTheSessionTimeout(t *testing.T) {
	bubble(t, func(t *testing.T, cluster *kfake.Cluster, cfg Config) {
		group := GroupConfig{ID: "g", Topics: []string{"a"}, SessionTimeout: 6 * time.Second, RebalanceTimeout: time.Minute}
		c1, g1 := member(t, cfg, group)
		c2, g2 := member(t, cfg, group)
		defer c1.Close()
		defer c2.Close()
		gen := next(t, g1)
		committed := make(chan map[TopicPartition]error)
		gen.Start(func(ctx context.Context) {
			<-ctx.Done()
			time.Sleep(20 * time.Second) // of the bubble: the drain
			refused, err := c1.CommitOffsets(context.WithoutCancel(ctx), gen.Member, []Commit{{gen.Assignments[0], 5, "x"}})
			if err != nil {
				t.Error(err)
			}
			committed <- refused
		})
		second := make(chan *Generation)
		go func() { second <- next(t, g2) }()
		if refused := <-committed; len(refused) > 0 {
			t.Errorf("refused %v", refused)
		}
		one, two := next(t, g1), <-second
		if one.Member.MemberID != gen.Member.MemberID {
			t.Error("the member lost its place while it drained")
		}
		if n := len(cluster.GroupInfo("g").Members); n != 2 {
			t.Errorf("got %d members", n)
		}
		one.Start(untilEnd)
		two.Start(untilEnd)
		if err := errors.Join(g1.Close(t.Context()), g2.Close(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

// A stale owner's commit is refused as a whole, and its class says to stop.
func TestACommitOfAnOldGenerationIsFenced(t *testing.T) {
	bubble(t, func(t *testing.T, _ *kfake.Cluster, cfg Config) {
		c, g := member(t, cfg, GroupConfig{})
		defer c.Close()
		gen := next(t, g)
		gen.Start(untilEnd)
		for name, m := range map[string]Member{
			"generation": {"g", gen.Member.MemberID, gen.Member.GenerationID - 1},
			"member":     {"g", "nobody", gen.Member.GenerationID},
		} {
			refused, err := c.CommitOffsets(t.Context(), m, []Commit{{gen.Assignments[0], 5, ""}})
			if err != nil || Class(refused[gen.Assignments[0]]) != ClassFenced {
				t.Errorf("%s: got %v, %v", name, refused, err)
			}
		}
		if err := g.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAMissingTopicIsNamedBeforeAndAfterJoining(t *testing.T) {
	bubble(t, func(t *testing.T, cluster *kfake.Cluster, cfg Config) {
		c, g := member(t, cfg, GroupConfig{ID: "g", Topics: []string{"a", "later", "b"}})
		defer c.Close()
		_, err := g.Next(t.Context())
		missing := &UnknownTopicsError{}
		if !errors.As(err, &missing) || !cmp.Equal(missing.Topics, []string{"later"}) {
			t.Fatalf("got %v", err)
		}
		if err := cluster.CreateTopic("later", 2, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(missingGap) // of the bubble
		gen := next(t, g)
		if len(gen.Assignments) != 10 {
			t.Errorf("got %v", gen.Assignments)
		}
		ended := make(chan struct{})
		gen.Start(func(context.Context) { close(ended) })
		<-ended
		if err := cluster.DeleteTopic("later"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(missingGap) // of the bubble
		c.RefreshMetadata()
		if _, err := g.Next(t.Context()); !errors.Is(err, ErrUnknownTopic) {
			t.Errorf("got %v", err)
		}
		if err := g.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestNewPartitionsEndTheGeneration(t *testing.T) {
	bubble(t, func(t *testing.T, _ *kfake.Cluster, cfg Config) {
		c, g := member(t, cfg, GroupConfig{ID: "g", Topics: []string{"a"}})
		defer c.Close()
		gen := next(t, g)
		gen.Start(untilEnd)
		admin := &kafkago.Client{Addr: c.addr, Transport: c.transport}
		if _, err := admin.CreatePartitions(t.Context(), &kafkago.CreatePartitionsRequest{
			Topics: []kafkago.TopicPartitionsConfig{{Name: "a", Count: 6}},
		}); err != nil {
			t.Fatal(err)
		}
		if gen = next(t, g); len(gen.Assignments) != 6 {
			t.Errorf("got %v", gen.Assignments)
		}
		gen.Start(untilEnd)
		if err := g.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A join waits for members that do not answer, up to the rebalance timeout.
// Close does not, and leaves nobody behind for whom the others would wait.
func TestCloseCutsAPendingJoinOff(t *testing.T) {
	bubble(t, func(t *testing.T, cluster *kfake.Cluster, cfg Config) {
		group := GroupConfig{ID: "g", Topics: []string{"a"}, RebalanceTimeout: 5 * time.Minute}
		c1, g1 := member(t, cfg, group)
		c2, g2 := member(t, cfg, group)
		defer c1.Close()
		defer c2.Close()
		release := make(chan struct{})
		next(t, g1).Start(func(context.Context) { <-release })
		pending := make(chan error)
		go func() {
			_, err := g2.Next(t.Context())
			pending <- err
		}()
		time.Sleep(10 * time.Second) // of the bubble: g2 now waits for g1
		before := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g2.Close(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(before); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
		if n := len(cluster.GroupInfo("g").Members); n != 1 {
			t.Errorf("the group has %d members, want g1 alone", n)
		}
		if err := <-pending; !errors.Is(err, ErrGroupClosed) {
			t.Errorf("got %v", err)
		}
		close(release)
		if err := g1.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A member whose sync is turned away because yet another one joins, and which is
// closed before it joins again, is in the group and in no generation.
func TestCloseLeavesAfterASyncThatWasTurnedAway(t *testing.T) {
	bubble(t, func(t *testing.T, cluster *kfake.Cluster, cfg Config) {
		c, g := member(t, cfg, GroupConfig{ID: "g", Topics: []string{"a"}})
		defer c.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cluster.ControlKey(int16(kmsg.SyncGroup), func(req kmsg.Request) (kmsg.Response, error, bool) {
			res := req.ResponseKind().(*kmsg.SyncGroupResponse)
			res.ErrorCode = int16(kafkago.RebalanceInProgress)
			cancel()
			time.Sleep(time.Second) // of the bubble: nobody waits for a generation any more
			return res, nil, true
		})
		if _, err := g.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait() // kafka-go now waits for somebody to hear its error
		if n := len(cluster.GroupInfo("g").Members); n != 1 {
			t.Fatalf("the group has %d members before, want 1", n)
		}
		if err := g.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(cluster.GroupInfo("g").Members); n != 0 {
			t.Errorf("the group has %d members, want none", n)
		}
	})
}

func TestAGroupMayBeClosedBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	_, client := setup(t, 1, "a")
	g, err := client.NewGroup(GroupConfig{ID: "g", Topics: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := g.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := g.Next(t.Context()); !errors.Is(err, ErrGroupClosed) {
		t.Errorf("got %v", err)
	}
}

// Kafka-go forgets its member when the coordinator is away, and the coordinator,
// back again, waits for that member until its session times out.
func TestRejoiningAfterAnOutageWaitsForNoGhost(t *testing.T) {
	bubble(t, func(t *testing.T, cluster *kfake.Cluster, cfg Config) {
		c, g := member(t, cfg, GroupConfig{})
		defer c.Close()
		first := next(t, g)
		first.Start(untilEnd)

		var away atomic.Bool
		away.Store(true)
		for _, key := range []kmsg.Key{kmsg.Heartbeat, kmsg.JoinGroup, kmsg.LeaveGroup} {
			cluster.ControlKey(key.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
				cluster.KeepControl()
				return nil, errors.New("away"), away.Load()
			})
		}
		for range 3 {
			if _, err := g.Next(t.Context()); err == nil {
				t.Fatal("want no generation while the coordinator is away")
			}
		}
		away.Store(false)
		back := time.Now()
		again := next(t, g)
		if took := time.Since(back); took > 2*time.Second {
			t.Errorf("joining took %v", took)
		}
		if again.Member.MemberID == first.Member.MemberID || len(again.Assignments) != 8 {
			t.Errorf("want all partitions under a new member, got %v and %v", again.Member, again.Assignments)
		}
		again.Start(untilEnd)
		if err := g.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
