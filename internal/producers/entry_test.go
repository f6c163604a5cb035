package producers

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/kafka"
)

// memory is a cluster that keeps what it is given.
type memory struct {
	still
	mu     sync.Mutex
	stored map[kafka.TopicPartition][]string
}

func (m *memory) Produce(_ context.Context, parts []kafka.ProducePartition, _ time.Duration) ([]kafka.Produced, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	produced := make([]kafka.Produced, len(parts))
	for i, p := range parts {
		produced[i] = kafka.Produced{TopicPartition: p.TopicPartition, BaseOffset: int64(len(m.stored[p.TopicPartition]))}
		for _, r := range p.Records {
			m.stored[p.TopicPartition] = append(m.stored[p.TopicPartition], string(r.Value))
		}
	}
	return produced, nil
}

func (m *memory) at(tp kafka.TopicPartition, offset int64) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stored[tp][offset]
}

// Callers come and go, and entries are used again: nobody gets another one's answer,
// and no record is stored twice.
func TestEntriesAreUsedAgainByOneCallerAtATime(t *testing.T) {
	t.Parallel()
	cluster := &memory{stored: map[kafka.TopicPartition][]string{}}
	batcher := startBatcher(t, cluster)
	var callers sync.WaitGroup
	for caller := range 32 {
		callers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(caller), 5))
			for i := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if random.IntN(3) == 0 {
					callers.Go(cancel)
				}
				value := strconv.Itoa(caller) + "/" + strconv.Itoa(i)
				r := record("a", random.Int32N(6), value)
				offset, err := batcher.Produce(ctx, r)
				if tp := (kafka.TopicPartition{Topic: "a", Partition: r.Partition}); err == nil && cluster.at(tp, offset) != value {
					t.Errorf("%s got the answer of %s", value, cluster.at(tp, offset))
				}
				cancel()
			}
		})
	}
	callers.Wait()
	cluster.mu.Lock() // a record whose caller has gone may be on its way
	defer cluster.mu.Unlock()
	seen := map[string]bool{}
	for _, values := range cluster.stored {
		for _, v := range values {
			if seen[v] {
				t.Errorf("%s is stored twice", v)
			}
			seen[v] = true
		}
	}
}

func TestWhoHasGoneAlreadyHandsNothingOver(t *testing.T) {
	t.Parallel()
	cluster := &memory{stored: map[kafka.TopicPartition][]string{}}
	batcher := startBatcher(t, cluster)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := batcher.Produce(ctx, record("a", 0, "late")); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	if offset, err := batcher.Produce(t.Context(), record("a", 0, "first")); offset != 0 || err != nil {
		t.Errorf("got %d, %v", offset, err)
	}
}
