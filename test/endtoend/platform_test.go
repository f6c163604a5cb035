package endtoend

import (
	"context"
	"crypto/rand"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/test/containers"
)

// brokerVariable chooses the worlds' Kafka: "embedded", which is the default,
// "container", or the addresses host:port[,host:port] of a broker that runs.
const (
	brokerVariable = "ENDTOEND_BROKER"
	embeddedBroker = "embedded"
	containerized  = "container"
)

// realBrokers are the addresses of the real Kafka that this run is on; none says
// that every world has an embedded one.
func realBrokers() []string {
	chosen := os.Getenv(brokerVariable)
	if chosen == "" || chosen == embeddedBroker {
		return nil
	}
	return strings.Split(chosen, ",")
}

// embeddedOnly says whether this run is on embedded brokers, and in the log of one
// that is not, why a part of the test is left out. docs/embedded-and-real.md lists
// the tests with such parts.
func embeddedOnly(t *testing.T, why string) bool {
	t.Helper()
	if realBrokers() == nil {
		return true
	}
	t.Log("on the embedded broker only: " + why)
	return false
}

// illegal is what a topic's name must not hold.
var illegal = regexp.MustCompile(`[^A-Za-z0-9]+`)

// prefixOf keeps the topics, the group and the transactional ids of a test's world
// apart from all others on the same broker, those of earlier runs included.
func prefixOf(t *testing.T) string {
	name := illegal.ReplaceAllString(strings.TrimPrefix(t.Name(), "Test"), "-")
	return name[:min(len(name), 48)] + "-" + strings.ToLower(rand.Text()[:8]) + "."
}

// onPlatform puts a world's broker where this run wants it. Of partitions there are
// a few, unless the test says how many.
func onPlatform(t *testing.T, o sandbox.Options) sandbox.Options {
	t.Helper()
	if os.Getenv(brokerVariable) == containerized { // TestMain has found no engine
		containers.Need(t)
	}
	o.Kafka = realBrokers()
	o.Topics.Prefix = prefixOf(t)
	if o.Topics.Partitions == 0 {
		o.Topics.Partitions = 4
	}
	return o
}

// admin asks brokers what the processor's own client has no words for.
func (w *world) admin() *kgo.Client {
	w.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.box.Brokers()...))
	must(w.t, err)
	w.t.Cleanup(client.Close)
	return client
}

// deleteTopics deletes topics; one that is not there is as good as deleted.
func (w *world) deleteTopics(ctx context.Context, names ...string) {
	w.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.box.Brokers()...))
	must(w.t, err)
	defer client.Close()
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TimeoutMillis = int32(time.Minute / time.Millisecond)
	for _, name := range names {
		topic := kmsg.NewDeleteTopicsRequestTopic()
		topic.Topic = new(name)
		req.Topics, req.TopicNames = append(req.Topics, topic), append(req.TopicNames, name)
	}
	_, err = req.RequestWith(ctx, client)
	must(w.t, err)
}

// leaveNothing takes a world's topics from a broker that others use, too.
func (w *world) leaveNothing() {
	if realBrokers() == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w.deleteTopics(ctx, w.names()...)
}

// names are the world's topics.
func (w *world) names() (names []string) {
	for _, s := range w.drafter.Topics.Specs() {
		names = append(names, s.Name)
	}
	return names
}

// specOf is how one of the world's topics is made.
func (w *world) specOf(name string) kafka.TopicSpec {
	w.t.Helper()
	for _, s := range w.drafter.Topics.Specs() {
		if s.Name == name {
			s.ReplicationFactor = 1
			return s
		}
	}
	w.t.Fatalf("no topic %s", name)
	return kafka.TopicSpec{}
}
