package containers

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// StartCluster starts n brokers that are one cluster in a network of their own,
// waits until they serve as one, and ends them with the test. Options hold for
// each of them; WithNetwork is not one of these. They find each other as kafka-1,
// kafka-2 and so on.
func StartCluster(t testing.TB, n int, opts ...KafkaOption) []*Kafka {
	t.Helper()
	nw := NewNetwork(t)
	voters := make([]string, n)
	for i := range voters {
		voters[i] = fmt.Sprintf("%d@kafka-%d:%d", i+1, i+1, controllerPort)
	}
	nodes, errs := make([]*Kafka, n), make([]error, n)
	var starts sync.WaitGroup
	for i := range nodes {
		starts.Go(func() {
			b := newBroker(append([]KafkaOption{
				WithNetwork(nw, fmt.Sprintf("kafka-%d", i+1)),
				WithEnv(map[string]string{"KAFKA_CONTROLLER_QUORUM_VOTERS": strings.Join(voters, ",")}),
			}, opts...))
			b.node, b.of = i+1, n
			nodes[i], errs[i] = createKafka(t.Context(), b)
		})
	}
	starts.Wait()
	for i, k := range nodes {
		if k != nil {
			EndWith(t, k.container)
		}
		if errs[i] != nil {
			t.Errorf("starting node %d of Kafka: %v", i+1, errs[i])
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	for i, k := range nodes {
		if err := k.serving(t.Context(), n); err != nil {
			t.Fatalf("starting node %d of Kafka: %v", i+1, err)
		}
	}
	return nodes
}
