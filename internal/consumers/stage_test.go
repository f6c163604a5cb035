package consumers

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/kafka"
	"bankprocessor/test/capture"
)

// stage is a Kafka cluster in a bubble, reached over the real protocol.
type stage struct {
	*kfake.Cluster
	network  *kfake.VirtualNetwork
	cfg      kafka.Config
	producer *kgo.Client
}

// onStage runs test in a bubble with a cluster of three brokers and the test topic.
func onStage(t *testing.T, partitions int32, test func(t *testing.T, s *stage)) {
	t.Helper()
	bubble(t, func(t *testing.T) {
		network := &kfake.VirtualNetwork{}
		cluster, err := kfake.NewCluster(kfake.Ports(9092, 9093, 9094), kfake.ListenFn(network.Listen),
			kfake.SeedTopics(partitions, testTopic))
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		producer, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.Dialer(network.DialContext),
			kgo.RecordPartitioner(kgo.ManualPartitioner()))
		if err != nil {
			t.Fatal(err)
		}
		defer producer.Close()
		test(t, &stage{
			Cluster: cluster, network: network, producer: producer,
			cfg: kafka.Config{Brokers: cluster.ListenAddrs(), Dial: network.DialContext},
		})
	})
}

// publish produces one record to each of the keys' partitions.
func (s *stage) publish(t *testing.T, partition int32, keys ...string) {
	t.Helper()
	for _, key := range keys {
		s.producer.Produce(t.Context(), &kgo.Record{
			Topic: testTopic, Partition: partition, Key: []byte(key), Value: []byte("v"),
		}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Errorf("producing: %v", err)
			}
		})
	}
	if err := s.producer.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// testMember is a consumer on a client of its own.
type testMember struct {
	*Consumer
	gates    *gates
	client   *kafka.Client
	tape     *capture.Text
	observed *counter
}

func (s *stage) join(t *testing.T, cfg Config, h Handler) *testMember {
	t.Helper()
	m := s.member(t, cfg, h)
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

func (s *stage) member(t *testing.T, cfg Config, h Handler) *testMember {
	t.Helper()
	cfg.Group = "g"
	if cfg.Topics == nil {
		cfg.Topics = []Topic{{Name: testTopic}}
	}
	client, err := kafka.New(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	m := &testMember{gates: &gates{}, client: client, tape: &capture.Text{}, observed: &counter{}}
	m.Consumer, err = New(cfg, Deps{
		Cluster: client, Join: JoinWith(client, cfg), Handler: h, Gate: m.gates, Observer: m.observed,
		Logger: slog.New(slog.NewTextHandler(m.tape, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *testMember) leave(t *testing.T) {
	t.Helper()
	if err := m.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	m.client.Close()
}

// bank is a handler of all members: it takes some milliseconds and remembers what
// it was asked for.
type bank struct {
	latency func(kafka.Record) time.Duration

	mu         sync.Mutex
	calls      map[string]int   // by partition and offset
	last       map[string]int64 // by partition and key
	busy       map[string]bool
	inversions []string
}

func newBank(latency func(kafka.Record) time.Duration) *bank {
	return &bank{latency: latency, calls: map[string]int{}, last: map[string]int64{}, busy: map[string]bool{}}
}

func (b *bank) Handle(_ context.Context, r kafka.Record) error {
	key := fmt.Sprintf("%d/%s", r.Partition, r.Key)
	b.mu.Lock()
	b.calls[fmt.Sprintf("%d/%d", r.Partition, r.Offset)]++
	if last, ok := b.last[key]; b.busy[key] || ok && last >= r.Offset {
		b.inversions = append(b.inversions, fmt.Sprintf("%s at %d after %d, busy %t", key, r.Offset, last, b.busy[key]))
	}
	b.busy[key] = true
	b.last[key] = r.Offset
	b.mu.Unlock()
	<-time.After(b.latency(r))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy[key] = false
	return nil
}

func (b *bank) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.calls)
}

func few(ms int) func(kafka.Record) time.Duration {
	return func(kafka.Record) time.Duration { return time.Duration(1+rand.IntN(ms)) * time.Millisecond }
}
