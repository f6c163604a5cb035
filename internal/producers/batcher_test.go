package producers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/kafka"
)

func record(topic string, partition int32, value string) kafka.Record {
	return kafka.Record{Topic: topic, Partition: partition, Key: []byte("k"), Value: []byte(value)}
}

func TestEveryCallerLearnsItsOwnOffset(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		var callers sync.WaitGroup
		for i := range 800 {
			callers.Go(func() {
				topic, partition := []string{"a", "b"}[i%2], int32(i/2%4)
				value := fmt.Sprint("v", i)
				offset, err := b.batcher.Produce(b.Context(), record(topic, partition, value))
				if err != nil {
					b.Error(err)
				}
				fetched, err := b.client.Fetch(b.Context(), []kafka.FetchPartition{{
					TopicPartition: kafka.TopicPartition{Topic: topic, Partition: partition}, Offset: offset, MaxBytes: 1,
				}}, 0, 1<<20)
				if err != nil || fetched[0].Err != nil || string(fetched[0].Records[0].Value) != value {
					b.Errorf("%s is not at %s/%d %d: %v", value, topic, partition, offset, err)
				}
			})
		}
		callers.Wait()
		if b.observed.produced != 800 || b.observed.records != 800 || b.observed.requests > 400 {
			b.Errorf("%d records in %d requests", b.observed.records, b.observed.requests)
		}
	})
}

// Whatever passes in between, a partition's records stand in the order in which
// they were handed over, each once: none of these failures stores anything.
func TestOrderSurvivesFailures(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, Config{BatchBytes: 300, RequestBytes: 900}, func(b *bench) {
				random := rand.New(rand.NewPCG(seed, 2))
				failures := []*kerr.Error{
					kerr.NotLeaderForPartition, kerr.NotEnoughReplicas, kerr.LeaderNotAvailable,
					kerr.CorruptMessage, kerr.ThrottlingQuotaExceeded, kerr.TopicAuthorizationFailed,
				}
				want := map[kafka.TopicPartition][]string{}
				var entries []*entry
				for i := range 600 {
					switch random.IntN(30) {
					case 0:
						b.cluster.Fault(kfake.Fault{
							Keys: []kmsg.Key{kmsg.Produce}, Topic: "a", Count: 1 + random.IntN(3),
							Err: failures[random.IntN(len(failures))],
						})
					case 1:
						b.cluster.ShufflePartitionLeaders()
					case 2:
						b.cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
							return nil, errors.New("connection cut"), true
						})
					case 3:
						time.Sleep(time.Second) // of the bubble
					}
					r := record([]string{"a", "b"}[random.IntN(2)], int32(random.IntN(4)), fmt.Sprint("v", i))
					tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
					want[tp] = append(want[tp], string(r.Value))
					entries = append(entries, b.submit(r))
				}
				for _, e := range entries {
					if res := <-e.result; res.err != nil {
						b.Error(res.err)
					}
				}
				b.client.RefreshMetadata()
				for tp, values := range want {
					if got := b.storedValues(tp); !slices.Equal(got, values) {
						b.Errorf("%s:\ngot  %v\nwant %v", tp, got, values)
					}
				}
			})
		})
	}
}

// A moved leader costs a refresh and a short backoff, not the age of the metadata.
func TestAMovedLeaderIsFoundAtOnce(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		start := time.Now()
		for i := range 10 {
			if err := b.cluster.MoveTopicPartition("a", 0, int32(i%2)); err != nil {
				b.Fatal(err)
			}
			if _, err := b.batcher.Produce(b.Context(), record("a", 0, "v")); err != nil {
				b.Fatal(err)
			}
		}
		if took := time.Since(start); took > 2*time.Second {
			b.Errorf("took %v", took)
		}
	})
}

func TestAnOutageFailsNobody(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		if _, err := b.batcher.Produce(b.Context(), record("a", 0, "before")); err != nil {
			b.Fatal(err)
		}
		b.network.cut()
		var during []*entry
		for i := range 100 {
			during = append(during, b.submit(record("a", 0, fmt.Sprint(i))))
		}
		time.Sleep(10 * time.Minute) // of the bubble
		for _, e := range during {
			if len(e.result) > 0 {
				b.Fatalf("answered during the outage: %v", <-e.result)
			}
		}
		b.network.down.Store(false)
		back := time.Now()
		for _, e := range during {
			if res := <-e.result; res.err != nil {
				b.Error(res.err)
			}
		}
		if took := time.Since(back); took > 3*time.Second {
			b.Errorf("took %v after the outage", took)
		}
		if got := b.storedValues(kafka.TopicPartition{Topic: "a"}); len(got) != 101 || got[1] != "0" || got[100] != "99" {
			b.Errorf("got %v", got)
		}
	})
}

func TestAMissingTopicIsWaitedFor(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		late := b.submit(record("late", 1, "v"))
		if _, err := b.batcher.Produce(b.Context(), record("a", 0, "v")); err != nil {
			b.Errorf("a missing topic held another one up: %v", err)
		}
		time.Sleep(time.Minute)
		if err := b.cluster.CreateTopic("late", 2, nil); err != nil {
			b.Fatal(err)
		}
		if res := <-late.result; res.err != nil {
			b.Error(res.err)
		}
		if b.observed.retried[kafka.ClassUnknownTopic] == 0 {
			b.Errorf("got %v", b.observed.retried)
		}
	})
}

func TestOnlyTheTooLargeRecordIsRefused(t *testing.T) {
	inBubble(t, Config{BatchBytes: 8 << 20, RequestBytes: 8 << 20}, func(b *bench) {
		large := strings.Repeat("x", 2<<20)
		var entries []*entry
		for _, v := range []string{"0", "1", large, "3", large, "5"} {
			entries = append(entries, b.submit(record("a", 0, v)))
		}
		for i, e := range entries {
			res := <-e.result
			if tooLarge := kafka.Class(res.err) == kafka.ClassTooLarge; tooLarge != (i == 2 || i == 4) {
				b.Errorf("record %d: %v", i, res.err)
			}
		}
		if got := b.storedValues(kafka.TopicPartition{Topic: "a"}); !slices.Equal(got, []string{"0", "1", "3", "5"}) {
			b.Errorf("got %d values", len(got))
		}
	})
}

func TestARefusedRecordFailsItsCallerAtOnce(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.InvalidRecord})
		_, err := b.batcher.Produce(b.Context(), record("a", 0, "v"))
		if kafka.Class(err) != kafka.ClassFatal || b.observed.refused != 1 {
			b.Errorf("got %v", err)
		}
	})
}

func TestACallerThatGivesUpGetsItsCause(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		b.network.cut()
		why := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(b.Context(), time.Minute, why)
		defer cancel()
		if _, err := b.batcher.Produce(ctx, record("a", 0, "abandoned")); !errors.Is(err, why) {
			b.Errorf("got %v", err)
		}
		if _, err := b.batcher.Partitions(ctx, "a"); !errors.Is(err, why) {
			b.Errorf("got %v", err)
		}
		kept := b.submit(record("a", 0, "kept"))
		time.Sleep(time.Minute)
		b.network.down.Store(false)
		if res := <-kept.result; res.err != nil {
			b.Error(res.err)
		}
		// What nobody waits for any more was not kept through the outage.
		if got := b.storedValues(kafka.TopicPartition{Topic: "a"}); !slices.Equal(got, []string{"kept"}) {
			b.Errorf("got %v", got)
		}
	})
}

func TestPartitionsWaitsForItsTopic(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		go func() {
			time.Sleep(time.Minute)
			if err := b.cluster.CreateTopic("late", 3, nil); err != nil {
				b.Error(err)
			}
		}()
		if n, err := b.batcher.Partitions(b.Context(), "late"); n != 3 || err != nil {
			b.Errorf("got %d, %v", n, err)
		}
	})
}

func TestStopStoresWhatWasAccepted(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		b.network.cut()
		var entries []*entry
		for i := range 50 {
			entries = append(entries, b.submit(record("a", int32(i%4), "v")))
		}
		go func() {
			time.Sleep(time.Minute)
			b.network.down.Store(false)
		}()
		if err := b.batcher.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		for _, e := range entries {
			if res := <-e.result; res.err != nil {
				b.Error(res.err)
			}
		}
		if _, err := b.batcher.Produce(b.Context(), record("a", 0, "late")); !errors.Is(err, ErrStopped) {
			b.Errorf("got %v", err)
		}
	})
}

func TestStopIsBounded(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		b.network.cut()
		produced := make(chan error)
		go func() {
			_, err := b.batcher.Produce(b.Context(), record("a", 0, "v"))
			produced <- err
		}()
		synctest.Wait()
		before := time.Now()
		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		defer cancel()
		if err := b.batcher.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			b.Errorf("got %v", err)
		}
		if took := time.Since(before); took > 2*time.Second {
			b.Errorf("took %v", took)
		}
		if err := <-produced; !errors.Is(err, ErrStopped) {
			b.Errorf("got %v", err)
		}
	})
}

// Start and Stop come in every order and from everywhere.
func TestStartAndStopInAnyOrder(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, Config{}, func(b *bench) {
				batcher, err := NewBatcher(Config{}, b.client, NopObserver{}, b.batcher.log)
				if err != nil {
					b.Fatal(err)
				}
				random := rand.New(rand.NewPCG(seed, 3))
				var all sync.WaitGroup
				for range 8 {
					pause := time.Duration(random.IntN(3)) * time.Millisecond
					switch random.IntN(3) {
					case 0:
						all.Go(func() { time.Sleep(pause); batcher.Start(b.Context()) })
					case 1:
						all.Go(func() {
							time.Sleep(pause)
							if err := batcher.Stop(b.Context()); err != nil {
								b.Error(err)
							}
						})
					case 2:
						all.Go(func() {
							time.Sleep(pause)
							ctx, cancel := context.WithTimeout(b.Context(), time.Second)
							defer cancel()
							_, err := batcher.Produce(ctx, record("a", 0, "v"))
							if err != nil && !errors.Is(err, ErrStopped) && !errors.Is(err, context.DeadlineExceeded) {
								b.Error(err)
							}
						})
					}
				}
				all.Wait()
				if err := batcher.Stop(b.Context()); err != nil {
					b.Error(err)
				}
			})
		})
	}
}
