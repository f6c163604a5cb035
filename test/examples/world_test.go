package examples

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"go.uber.org/goleak"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/schemas"
	"bankprocessor/test/containers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds the wait for what takes a second, or a few where a JVM starts.
const patience = 60 * time.Second

// world is a broker with the processor's topics, a schema registry, and a directory of
// schemas in which one has got a field more.
type world struct {
	t        *testing.T
	names    topics.Config
	brokers  []string
	admin    *kgo.Client
	client   *kafka.Client
	registry string
	schemas  string
}

func openWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, names: topics.Config{Prefix: "examples.", Partitions: 3}.WithDefaults()}
	box, err := sandbox.Start(t.Context(), sandbox.Options{Topics: w.names, Kafka: realBrokers(t)})
	must(t, err)
	t.Cleanup(func() { must(t, box.Stop()) })
	w.brokers = box.Brokers()
	// Later requests name topics by their ids.
	w.admin, err = kgo.NewClient(kgo.SeedBrokers(w.brokers...), kgo.MaxVersions(kversion.V4_0_0()))
	must(t, err)
	t.Cleanup(w.admin.Close)
	w.client, err = kafka.New(kafka.Config{Brokers: w.brokers})
	must(t, err)
	t.Cleanup(w.client.Close)
	w.writeSchemas()
	w.serveSchemas()
	return w
}

// realBrokers are none for an embedded broker.
func realBrokers(t *testing.T) []string {
	t.Helper()
	switch chosen := os.Getenv("EXAMPLES_BROKER"); chosen {
	case "", "embedded":
		return nil
	case "container":
		containers.Need(t)
		broker, err := containers.RunKafka(t.Context())
		must(t, err)
		t.Cleanup(func() { must(t, broker.Close()) })
		return []string{broker.Addr()}
	default:
		t.Fatalf("EXAMPLES_BROKER is %q: want embedded or container", chosen)
		return nil
	}
}

// evolved is the command whose outcomes have a schema with one field more.
const evolved = command.DBSLimitQuery

// later adds a field to the end of a result's schema, as the next release might.
func later(t *testing.T, schema string) string {
	t.Helper()
	var tree map[string]any
	must(t, json.Unmarshal([]byte(schema), &tree))
	fields, ok := tree["fields"].([]any)
	if !ok {
		t.Fatal("the schema has no fields")
	}
	tree["fields"] = append(fields, map[string]any{
		"name": "bankBranch", "type": []string{"null", "string"}, "default": nil,
	})
	text, err := json.Marshal(tree)
	must(t, err)
	return string(text)
}

func (w *world) writeSchemas() {
	w.t.Helper()
	w.schemas = w.t.TempDir()
	must(w.t, os.Mkdir(filepath.Join(w.schemas, "earlier"), 0o700))
	for _, topic := range schemas.Topics() {
		text := schemas.Topic(topic)
		if topic == schemas.ResultTopic(string(evolved)) {
			must(w.t, os.WriteFile(filepath.Join(w.schemas, "earlier", topic+"~1.avsc"), []byte(text), 0o600))
			text = later(w.t, text)
		}
		must(w.t, os.WriteFile(filepath.Join(w.schemas, topic+".avsc"), []byte(text), 0o600))
	}
}

// idOfEvolved is the evolved schema's at the registry.
const idOfEvolved = 7

// serveSchemas is a registry that has the evolved schema.
func (w *world) serveSchemas() {
	answer, err := json.Marshal(map[string]string{"schema": later(w.t, schemas.Result(string(evolved)))})
	must(w.t, err)
	mux := http.NewServeMux()
	mux.HandleFunc(fmt.Sprintf("GET /schemas/ids/%d", idOfEvolved), func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
		_, _ = rw.Write(answer)
	})
	server := httptest.NewServer(mux)
	w.t.Cleanup(server.Close)
	w.registry = server.URL
}

// publish stores the records one after another.
func (w *world) publish(records ...kafka.Record) {
	w.t.Helper()
	for _, r := range records {
		record := &kgo.Record{Topic: r.Topic, Key: r.Key, Value: r.Value}
		for _, h := range r.Headers {
			record.Headers = append(record.Headers, kgo.RecordHeader(h))
		}
		must(w.t, w.admin.ProduceSync(w.t.Context(), record).FirstErr())
	}
}

// leave takes the members of a group out, as the group does itself once their session
// has timed out.
func (w *world) leave(group string) {
	w.t.Helper()
	describe := kmsg.NewPtrDescribeGroupsRequest()
	describe.Groups = []string{group}
	described, err := describe.RequestWith(w.t.Context(), w.admin)
	must(w.t, err)
	leave := kmsg.NewPtrLeaveGroupRequest()
	leave.Group = group
	for _, m := range described.Groups[0].Members {
		leave.Members = append(leave.Members, kmsg.LeaveGroupRequestMember{MemberID: m.MemberID})
	}
	if len(leave.Members) == 0 {
		return
	}
	_, err = leave.RequestWith(w.t.Context(), w.admin)
	must(w.t, err)
}

// rewind takes a group's members out and has it begin anew: everything comes again.
func (w *world) rewind(group string) {
	w.t.Helper()
	w.leave(group)
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Group = group
	for tp := range w.ends() {
		topic := kmsg.NewOffsetCommitRequestTopic()
		topic.Topic = tp.Topic
		partition := kmsg.NewOffsetCommitRequestTopicPartition()
		partition.Partition = tp.Partition
		topic.Partitions = append(topic.Partitions, partition)
		commit.Topics = append(commit.Topics, topic)
	}
	committed, err := commit.RequestWith(w.t.Context(), w.admin)
	must(w.t, err)
	for _, topic := range committed.Topics {
		for _, p := range topic.Partitions {
			if p.ErrorCode != 0 {
				w.t.Fatalf("the group's offset of %s/%d cannot be set: %d", topic.Topic, p.Partition, p.ErrorCode)
			}
		}
	}
}

// ends are where the result topics end.
func (w *world) ends() map[kafka.TopicPartition]kafka.Range {
	w.t.Helper()
	var parts []kafka.TopicPartition
	for _, name := range command.Names() {
		for p := range w.names.Partitions {
			parts = append(parts, kafka.TopicPartition{Topic: w.names.Result(name), Partition: p})
		}
	}
	ranges, err := w.client.LogRange(w.t.Context(), parts)
	must(w.t, err)
	return ranges
}

// committed waits until the group has committed everything.
func (w *world) committed(group string, log fmt.Stringer) {
	w.t.Helper()
	ends := w.ends()
	var parts []kafka.TopicPartition
	for tp := range ends {
		parts = append(parts, tp)
	}
	w.await("commit of all that has been published", log, func() bool {
		commits, err := w.client.CommittedOffsets(w.t.Context(), group, parts)
		must(w.t, err)
		for tp, r := range ends {
			if commits[tp].Offset < r.Next && r.Next > 0 {
				return false
			}
		}
		return true
	})
}

// await asks ten times a second.
func (w *world) await(what string, log fmt.Stringer, ok func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("no %s within %v:\n%s", what, patience, strings.TrimSpace(log.String()))
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
