package kafka

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

// Kafka as it ships creates a topic that it is asked about with permission to.
func TestAGroupsLookUpCreatesNoTopic(t *testing.T) {
	t.Parallel()
	many := make([]string, 40) // more than one write takes
	for i := range many {
		many[i] = strings.Repeat("long", 50) + strconv.Itoa(i)
	}
	plain := (&net.Dialer{}).DialContext
	for name, c := range map[string]struct {
		topics  []string
		dial    dialFunc
		creates bool
	}{
		"kafka-go alone":         {topics: []string{"gone"}, dial: plain, creates: true},
		"without creation":       {topics: []string{"gone"}, dial: withoutCreation(plain)},
		"kafka-go alone, many":   {topics: many, dial: plain, creates: true},
		"without creation, many": {topics: many, dial: withoutCreation(plain)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.AllowAutoTopicCreation(), kfake.SeedTopics(4, "a"))
			if err != nil {
				t.Fatal(err)
			}
			defer cluster.Close()
			dialer := &kafkago.Dialer{DialFunc: c.dial}
			conn, err := dialer.DialContext(testContext(t), "tcp", cluster.ListenAddrs()[0])
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			for range 2 { // the second follows the first on its connection
				_, err = conn.ReadPartitions(c.topics...)
			}
			if created := err == nil; created != c.creates {
				t.Errorf("got %v", err)
			}
			if !c.creates && !errors.Is(err, kafkago.UnknownTopicOrPartition) {
				t.Errorf("got %v", err)
			}
			if parts, err := conn.ReadPartitions("a"); err != nil || len(parts) != 4 {
				t.Errorf("got %v, %v", parts, err)
			}
		})
	}
}
