package kafka

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestTopicsAreComparedAndTheMissingCreated(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 2, "there", "smaller")
	ctx := testContext(t)
	specs := []TopicSpec{
		{Name: "there", Partitions: 2},
		{Name: "smaller", Partitions: 6, ReplicationFactor: 2, Configs: map[string]string{"retention.ms": "1000", "cleanup.policy": "delete"}},
		{Name: "missing", Partitions: 3, ReplicationFactor: 1, Configs: map[string]string{"retention.ms": "60000", "max.message.bytes": "20971520"}},
	}
	states, err := client.CompareTopics(ctx, specs)
	if err != nil {
		t.Fatal(err)
	}

	want := []TopicState{
		{Wanted: specs[0], Exists: true},
		{Wanted: specs[1], Exists: true, Differences: []TopicDifference{
			{"partitions", "6", "2"},
			{"replication factor", "2", "3"},
			{"retention.ms", "1000", "604800000"},
		}},
		{Wanted: specs[2]},
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	if cluster.TopicInfo("missing") != nil {
		t.Error("comparing created a topic")
	}
	for i, wantCreated := range []bool{true, false} {
		states, err = client.CreateMissingTopics(ctx, specs)
		if err != nil {
			t.Fatal(err)
		}
		if s := states[2]; !s.Exists || s.Created != wantCreated || len(s.Differences) > 0 {
			t.Errorf("round %d: got %+v", i, s)
		}
		if s := states[1]; s.Created || len(s.Differences) != 3 {
			t.Errorf("round %d: got %+v", i, s)
		}
	}
	if v := cluster.TopicInfo("missing").Configs["max.message.bytes"]; v == nil || *v != "20971520" {
		t.Errorf("got %v", v)
	}
}

func TestARefusedTopicIsNamed(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 1, "a")
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Topic: "forbidden", Err: kerr.TopicAuthorizationFailed})
	states, err := client.CreateMissingTopics(testContext(t), []TopicSpec{
		{Name: "forbidden", Partitions: 1}, {Name: "allowed", Partitions: 1},
	})
	if Class(err) != ClassAuth || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("got %v", err)
	}
	if states[0].Exists || !states[1].Created {
		t.Errorf("got %+v", states)
	}
}

func TestLeadersNamesEveryMissingTopic(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 2, "a")
	ctx := testContext(t)
	_, err := client.Leaders(ctx, "x", "a", "y")
	missing := &UnknownTopicsError{}
	if !errors.As(err, &missing) || !errors.Is(err, ErrUnknownTopic) || !cmp.Equal(missing.Topics, []string{"x", "y"}) {
		t.Fatalf("got %v", err)
	}
	if err := cluster.CreateTopic("x", 1, nil); err != nil {
		t.Fatal(err)
	}
	forgetRefresh(client)
	leaders, err := client.Leaders(ctx, "x", "a")
	if err != nil {
		t.Fatal(err)
	}
	want := map[TopicPartition]int32{}
	for _, tp := range []TopicPartition{{"x", 0}, {"a", 0}, {"a", 1}} {
		want[tp] = cluster.LeaderFor(tp.Topic, tp.Partition)
	}
	if diff := cmp.Diff(want, leaders); diff != "" {
		t.Error(diff)
	}
}

// A slow broker says that it has created a topic before it shows it.
func TestACreatedTopicIsWaitedFor(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 1, "there")
	answered := make(chan struct{})
	cluster.ControlKey(int16(kmsg.CreateTopics), func(req kmsg.Request) (kmsg.Response, error, bool) {
		answer := req.ResponseKind().(*kmsg.CreateTopicsResponse)
		for _, asked := range req.(*kmsg.CreateTopicsRequest).Topics {
			topic := kmsg.NewCreateTopicsResponseTopic()
			topic.Topic = asked.Topic
			answer.Topics = append(answer.Topics, topic)
		}
		close(answered)
		return answer, nil, true
	})
	looks := make(chan struct{}, 100)
	cluster.ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		select {
		case <-answered:
			looks <- struct{}{}
		default:
		}
		return nil, nil, false
	})
	shown := make(chan error, 1)
	go func() {
		<-looks
		<-looks // it is not shown at the first look
		shown <- cluster.CreateTopic("late", 1, nil)
	}()
	states, err := client.CreateMissingTopics(testContext(t), []TopicSpec{{Name: "late", Partitions: 1}})
	if err != nil || !states[0].Exists || !states[0].Created {
		t.Errorf("got %+v, %v", states, err)
	}
	if err := <-shown; err != nil {
		t.Error(err)
	}
}
