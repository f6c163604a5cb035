package kafka

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A topic that is deleted and made anew is another one; one that does not exist
// has no id and is not made by the question.
func TestTopicIDs(t *testing.T) {
	t.Parallel()
	cluster, client := setup(t, 1)
	ctx := testContext(t)
	admin, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	const name, missing = "made-anew", "missing"
	var seen []TopicID
	for range 2 {
		forgetRefresh(client)
		if _, err := client.CreateMissingTopics(ctx, []TopicSpec{{Name: name, Partitions: 3, ReplicationFactor: 1}}); err != nil {
			t.Fatal(err)
		}
		ids, err := client.TopicIDs(ctx, name, missing)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := ids[missing]; ok || ids[name] == (TopicID{}) {
			t.Errorf("ids %v", ids)
		}
		seen = append(seen, ids[name])
		gone := kmsg.NewPtrDeleteTopicsRequest()
		gone.TopicNames = []string{name}
		gone.Topics = []kmsg.DeleteTopicsRequestTopic{{Topic: kmsg.StringPtr(name)}}
		if _, err := gone.RequestWith(ctx, admin); err != nil {
			t.Fatal(err)
		}
	}
	if seen[0] == seen[1] {
		t.Error("both topics have one id")
	}
}

// The answer is read as kmsg writes it, tagged fields and nulls included; what is
// cut off anywhere is corrupt.
func TestDecodeTopicIDs(t *testing.T) {
	t.Parallel()
	res := kmsg.NewMetadataResponse()
	res.SetVersion(topicIDsVersion)
	broker := kmsg.NewMetadataResponseBroker()
	broker.Host, broker.Port = "broker.example.com", 9092
	broker.UnknownTags.Set(9, []byte("later"))
	res.Brokers = append(res.Brokers, broker)
	topic := kmsg.NewMetadataResponseTopic()
	topic.Topic, topic.TopicID = new("t"), [16]byte{1, 2, 3}
	partition := kmsg.NewMetadataResponseTopicPartition()
	partition.Replicas, partition.ISR = []int32{1, 2, 3}, []int32{1}
	topic.Partitions = append(topic.Partitions, partition, partition)
	res.Topics = append(res.Topics, topic, topic)
	body := append([]byte{0}, res.AppendTo(nil)...) // no tags in the header

	a, err := decodeTopicIDs(body)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.topics) != 2 || a.topics[1] != (topicIdentity{name: "t", id: TopicID{1, 2, 3}}) {
		t.Errorf("got %+v", a.topics)
	}
	const tail = 4 + 1 // allowed operations and tags of the whole, which are not read
	for n := range len(body) - tail {
		if _, err := decodeTopicIDs(body[:n]); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d of %d bytes: %v", n, len(body), err)
		}
	}
}
