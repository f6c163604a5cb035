package containers

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/exec"
	tcnetwork "github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestABrokerIsAsItIsAskedFor(t *testing.T) {
	t.Parallel()
	nw := NewNetwork(t)
	k := StartKafka(t,
		WithNetwork(nw, "kafka"),
		WithListener(Listener{Name: "SECOND", Protocol: "PLAINTEXT"}),
		WithEnv(map[string]string{"KAFKA_NUM_PARTITIONS": "7", "KAFKA_OPTS": "-Dasked.for=this"}),
		WithFile("/etc/kafka/secrets/asked-for", []byte("content"), 0o644),
		// The variables are added to what this file holds, and win.
		WithFile("/mnt/shared/config/server.properties", []byte("log.retention.hours=5\nnum.partitions=2\n"), 0o644),
		WithHeap("300m"), WithMemory(1<<30),
	)

	send(t, k.Addr(), "asked", "by the first door")
	send(t, k.ListenerAddr("SECOND"), "asked", "by the second door")
	if got := receive(t, k.ListenerAddr("SECOND"), "asked", 2); len(got) != 2 {
		t.Errorf("received %q", got)
	}
	if got := partitions(t, k.Addr(), "asked"); got != 7 {
		t.Errorf("a topic has %d partitions, and KAFKA_NUM_PARTITIONS says 7", got)
	}
	if got := output(t, k, "cat", "/etc/kafka/secrets/asked-for"); got != "content" {
		t.Errorf("the file holds %q", got)
	}
	if got := output(t, k, "cat", "/opt/kafka/config/server.properties"); !strings.Contains(got, "log.retention.hours=5\n") {
		t.Errorf("the shared configuration is not in what the broker runs with:\n%s", got)
	}
	line := output(t, k, "bash", "-c", "tr '\\0' ' ' < /proc/1/cmdline")
	for _, want := range []string{"-Xmx300m", "-Dasked.for=this", "kafka.Kafka"} {
		if !strings.Contains(line, want) {
			t.Errorf("the broker's command line lacks %s: %s", want, line)
		}
	}
	if got := output(t, k, "id", "-un"); strings.TrimSpace(got) != "appuser" {
		t.Errorf("the broker runs as %q", got)
	}
	fellow := Run(t, KafkaImage(), tcnetwork.WithNetwork([]string{"fellow"}, nw),
		testcontainers.WithCmd("bash", "-c", ": < /dev/tcp/"+strings.ReplaceAll(k.InternalAddr(), ":", "/")),
		testcontainers.WithWaitStrategy(wait.ForExit()))
	if state, err := fellow.State(t.Context()); err != nil || state.ExitCode != 0 {
		t.Errorf("a container of the network does not reach %s: %v, %v", k.InternalAddr(), state, err)
	}
}

func TestABrokerComesBackAtItsAddressWithItsRecords(t *testing.T) {
	t.Parallel()
	Need(t)
	// A killed broker may not come back before its old self has timed out.
	k, err := RunKafka(t.Context(), WithFixedPorts(), WithEnv(map[string]string{
		"KAFKA_BROKER_SESSION_TIMEOUT_MS": "2000", "KAFKA_BROKER_HEARTBEAT_INTERVAL_MS": "500",
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	send(t, k.Addr(), "kept", "before the stop")
	if err := k.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := k.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	send(t, k.Addr(), "kept", "before the kill")
	if err := k.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := k.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, k.Addr(), "kept", 2); len(got) != 2 {
		t.Errorf("received %q", got)
	}
}

func TestABrokerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	Need(t)
	tests := map[string]struct {
		option KafkaOption
		says   string
	}{
		"a wrong value": {WithEnv(map[string]string{"KAFKA_LOG_RETENTION_HOURS": "soon"}), "log.retention.hours"},
		// The image's own rule for listeners of this name.
		"no keystore": {WithListener(Listener{Name: "SSL", Protocol: "SSL"}), "KAFKA_SSL_KEYSTORE_FILENAME"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, err := RunKafka(t.Context(), tt.option)
			if err == nil {
				t.Fatal("it has started", k.Close())
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("its own words are missing: %v", err)
			}
		})
	}
}

// dial asks addr, and ends with the test.
func dial(t *testing.T, addr string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(addr), kgo.AllowAutoTopicCreation()}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func send(t *testing.T, addr, topic, value string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	record := &kgo.Record{Topic: topic, Value: []byte(value)}
	if err := dial(t, addr).ProduceSync(ctx, record).FirstErr(); err != nil {
		t.Fatalf("sending %q: %v", value, err)
	}
}

// receive returns the values of the first n records.
func receive(t *testing.T, addr, topic string, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := dial(t, addr, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	var values []string
	for len(values) < n {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("receiving: %v", err)
		}
		fetches.EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	}
	return values
}

func partitions(t *testing.T, addr, topic string) int {
	t.Helper()
	request := kmsg.NewPtrMetadataRequest()
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = &topic
	request.Topics = append(request.Topics, asked)
	answer, err := request.RequestWith(t.Context(), dial(t, addr))
	if err != nil {
		t.Fatal(err)
	}
	return len(answer.Topics[0].Partitions)
}

// output is what a command in the broker's container writes.
func output(t *testing.T, k *Kafka, command ...string) string {
	t.Helper()
	code, out, err := k.Container().Exec(t.Context(), command, exec.Multiplexed())
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	if code != 0 {
		t.Fatalf("%q ended with %d: %s", command, code, text)
	}
	return string(text)
}
