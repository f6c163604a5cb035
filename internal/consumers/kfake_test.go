package consumers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/kafka"
)

// Members join and leave every second and leaders move, while 10,000 records of
// 500 keys are worked on: none lost, none out of its key's order, none twice.
func TestChurnLosesInvertsAndRepeatsNothing(t *testing.T) {
	const partitions, records = 12, 10_000
	onStage(t, partitions, func(t *testing.T, s *stage) {
		cfg := Config{
			SessionTimeout: 6 * time.Second, HeartbeatInterval: 300 * time.Millisecond,
			RebalanceTimeout: 10 * time.Second, DrainTimeout: 3 * time.Second,
		}
		b := newBank(few(200))
		members := []*testMember{s.join(t, cfg, b), s.join(t, cfg, b), s.join(t, cfg, b)}
		all := slices.Clone(members)
		for round := range 12 {
			for n := range int32(partitions) {
				var names []string
				for range records / partitions / 10 {
					names = append(names, strconv.Itoa(rand.IntN(500/partitions)))
				}
				if round < 10 {
					s.publish(t, n, names...)
				}
			}
			if round%2 == 0 {
				members = append(members, s.join(t, cfg, b))
				all = append(all, members[len(members)-1])
			} else {
				members[0].leave(t)
				members = members[1:]
			}
			if err := s.MoveTopicPartition(testTopic, rand.Int32N(partitions), rand.Int32N(3)); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
		}
		const published = records / partitions / 10 * 10 * partitions
		for range 600 {
			if b.count() == published {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		for _, m := range members {
			m.leave(t)
		}
		drains := 0
		for _, m := range all {
			drains += m.observed.busy
		}
		if drains < 10 {
			t.Errorf("only %d sessions were drained in mid-work", drains)
		}
		if n := b.count(); n != published {
			t.Errorf("%d records published, %d at the bank", published, n)
		}
		if len(b.inversions) > 0 {
			t.Errorf("%d inversions, the first: %s", len(b.inversions), b.inversions[0])
		}
		repeats := 0
		for _, n := range b.calls {
			repeats += n - 1
		}
		if repeats > 0 {
			t.Errorf("%d repeated calls", repeats)
		}
		commits, err := members[0].committed(t, s, partitions)
		if err != nil {
			t.Fatal(err)
		}
		for tp, c := range commits {
			if h, err := decodeHandover(c.Metadata, c.Offset); err != nil || !h.Clean || c.Offset != published/partitions {
				t.Errorf("%s was left at %d, %+v, %v", tp, c.Offset, h, err)
			}
		}
	})
}

// committed reads what the group has committed, with a client of its own.
func (m *testMember) committed(t *testing.T, s *stage, partitions int32) (map[kafka.TopicPartition]kafka.Commit, error) {
	t.Helper()
	client, err := kafka.New(s.cfg)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var parts []kafka.TopicPartition
	for n := range partitions {
		parts = append(parts, topicPartition(n))
	}
	return client.CommittedOffsets(t.Context(), "g", parts)
}

func TestStopMidFlightIsCleanForTheSuccessor(t *testing.T) {
	onStage(t, 1, func(t *testing.T, s *stage) {
		hang := true
		b := newBank(few(20))
		handler := handlerFunc(func(ctx context.Context, r kafka.Record) error {
			if hang && string(r.Key) == "k7" { // waits at the bank's gate
				<-ctx.Done()
				return fmt.Errorf("%w: %w", ErrReleased, context.Cause(ctx))
			}
			return b.Handle(ctx, r)
		})
		m := s.join(t, Config{DrainTimeout: 5 * time.Second}, handler)
		s.publish(t, 0, keys(2000)...)
		s.publish(t, 0, keys(1000)...)
		time.Sleep(100 * time.Millisecond)
		m.leave(t)
		before := b.count()
		if before == 0 || before >= 3000 {
			t.Fatalf("%d records done: the stop was not mid-flight", before)
		}
		hang = false
		next := s.join(t, Config{}, handler)
		time.Sleep(20 * time.Second)
		next.leave(t)
		for id, n := range b.calls {
			if n != 1 {
				t.Errorf("%s was called for %d times", id, n)
			}
		}
		if b.count() != 3000 || len(b.inversions) > 0 {
			t.Errorf("%d of 3000 records, inversions %v", b.count(), b.inversions)
		}
	})
}

// One key in 1,000 takes 2 s: the others do not notice, on one partition too.
func TestHungKeysLeaveTheOthersLatencyAlone(t *testing.T) {
	for _, partitions := range []int32{1, 6} {
		t.Run(fmt.Sprint(partitions, " partitions"), func(t *testing.T) {
			onStage(t, partitions, func(t *testing.T, s *stage) {
				var mu sync.Mutex
				var waits []time.Duration
				published := map[string]time.Time{}
				m := s.join(t, Config{}, handlerFunc(func(_ context.Context, r kafka.Record) error {
					if string(r.Key) == "k0" {
						time.Sleep(2 * time.Second)
						return nil
					}
					mu.Lock()
					waits = append(waits, time.Since(published[string(r.Key)]))
					mu.Unlock()
					time.Sleep(5 * time.Millisecond)
					return nil
				}))
				time.Sleep(2 * time.Second)
				names := keys(1000)
				for range 5 { // 500 records a second
					for i := 0; i < len(names); i += 50 {
						mu.Lock()
						for _, k := range names[i : i+50] {
							published[k] = time.Now()
						}
						mu.Unlock()
						for p := range partitions {
							var mine []string
							for j, k := range names[i : i+50] {
								if int32(j)%partitions == p {
									mine = append(mine, k)
								}
							}
							s.publish(t, p, mine...)
						}
						time.Sleep(100 * time.Millisecond)
					}
				}
				time.Sleep(time.Second)
				mu.Lock()
				slices.Sort(waits)
				if n := len(waits); n != 4995 {
					t.Errorf("%d of 4995 records of the other keys ran", n)
				} else if p99 := waits[n*99/100]; p99 > 20*time.Millisecond {
					t.Errorf("p99 until a record runs is %s", p99)
				}
				mu.Unlock()
				m.leave(t)
			})
		})
	}
}

func TestShutGateStopsRealFetches(t *testing.T) {
	onStage(t, 2, func(t *testing.T, s *stage) {
		b := newBank(few(5))
		m := s.join(t, Config{}, b)
		s.publish(t, 0, keys(100)...)
		time.Sleep(5 * time.Second)
		var last atomic.Int64
		s.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
			s.KeepControl()
			last.Store(time.Now().UnixNano())
			return nil, nil, false
		})
		m.gates.set(testTopic, true)
		shut := time.Now()
		s.publish(t, 1, keys(100)...)
		time.Sleep(10 * time.Second)
		if late := time.Unix(0, last.Load()).Sub(shut); late > 250*time.Millisecond {
			t.Errorf("fetched %s after the gate shut", late)
		}
		m.gates.set(testTopic, false)
		time.Sleep(2 * time.Second)
		m.leave(t)
		if b.count() != 200 {
			t.Errorf("%d of 200 records ran after the gate opened", b.count())
		}
	})
}

func TestFencedByARealBrokerJoinsAgain(t *testing.T) {
	onStage(t, 1, func(t *testing.T, s *stage) {
		b := newBank(few(5))
		m := s.join(t, Config{}, b)
		s.publish(t, 0, keys(10)...)
		time.Sleep(5 * time.Second)
		s.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
			commit := req.(*kmsg.OffsetCommitRequest)
			res := commit.ResponseKind().(*kmsg.OffsetCommitResponse)
			for _, topic := range commit.Topics {
				t := kmsg.NewOffsetCommitResponseTopic()
				t.Topic = topic.Topic
				for _, p := range topic.Partitions {
					rp := kmsg.NewOffsetCommitResponseTopicPartition()
					rp.Partition, rp.ErrorCode = p.Partition, 22 // ILLEGAL_GENERATION
					t.Partitions = append(t.Partitions, rp)
				}
				res.Topics = append(res.Topics, t)
			}
			return res, nil, true
		})
		time.Sleep(2 * time.Second)
		if !strings.Contains(m.tape.String(), "fenced by the group") {
			t.Error("the fence was not noticed")
		}
		s.publish(t, 0, keys(10)...)
		time.Sleep(20 * time.Second)
		m.leave(t)
		if b.count() != 20 {
			t.Errorf("%d of 20 records ran", b.count())
		}
	})
}

func TestDeletedRecordsAreCountedAsLost(t *testing.T) {
	onStage(t, 1, func(t *testing.T, s *stage) {
		b := newBank(few(5))
		first := s.join(t, Config{}, b)
		s.publish(t, 0, keys(10)...)
		time.Sleep(5 * time.Second)
		first.leave(t)
		s.publish(t, 0, keys(10)...)
		s.deleteRecords(t, 15)
		second := s.join(t, Config{}, b)
		time.Sleep(5 * time.Second)
		second.leave(t)
		if b.count() != 15 || second.observed.lost != 5 || !strings.Contains(second.tape.String(), "lost=5") {
			t.Errorf("%d ran and %d were lost, want 15 and 5; the log says\n%s", b.count(), second.observed.lost, second.tape)
		}
	})
}

// deleteRecords deletes what is below offset on partition 0.
func (s *stage) deleteRecords(t *testing.T, offset int64) {
	t.Helper()
	req := kmsg.NewDeleteRecordsRequest()
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic = testTopic
	partition := kmsg.NewDeleteRecordsRequestTopicPartition()
	partition.Offset = offset
	topic.Partitions = append(topic.Partitions, partition)
	req.Topics = append(req.Topics, topic)
	res, err := s.producer.Request(t.Context(), &req)
	if err != nil {
		t.Fatal(err)
	}
	if code := res.(*kmsg.DeleteRecordsResponse).Topics[0].Partitions[0].ErrorCode; code != 0 {
		t.Fatalf("deleting records: code %d", code)
	}
}

func TestMissingTopicsOfARealClusterAreNamed(t *testing.T) {
	onStage(t, 1, func(t *testing.T, s *stage) {
		m := s.member(t, Config{Topics: []Topic{{Name: testTopic}, {Name: "nowhere"}}}, newBank(few(5)))
		err := m.Start(t.Context())
		if !errors.Is(err, kafka.ErrUnknownTopic) || !strings.Contains(err.Error(), "nowhere") || strings.Contains(err.Error(), testTopic) {
			t.Errorf("Start says %v", err)
		}
		m.leave(t)
	})
}

func TestUnreachableClusterIsSaid(t *testing.T) {
	onStage(t, 1, func(t *testing.T, s *stage) {
		s.cfg.Brokers = []string{"127.0.0.1:1"}
		m := s.member(t, Config{}, newBank(few(5)))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := m.Start(ctx); err == nil {
			t.Error("Start finds a cluster where none is")
		}
		m.leave(t)
	})
}

// A broker outage in mid-work: nothing is lost, nothing is run twice.
func TestBrokersThatStopAnsweringAreWaitedFor(t *testing.T) {
	onStage(t, 3, func(t *testing.T, s *stage) {
		b := newBank(few(20))
		m := s.join(t, Config{}, b)
		for n := range int32(3) {
			s.publish(t, n, keys(300)...)
		}
		time.Sleep(2 * time.Second)
		var outage sync.Mutex
		down := true
		s.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
			outage.Lock()
			defer outage.Unlock()
			s.KeepControl()
			if down && req.Key() != int16(kmsg.Produce) {
				return nil, errors.New("the broker hangs up"), true
			}
			return nil, nil, false
		})
		time.Sleep(5 * time.Second)
		outage.Lock()
		down = false
		outage.Unlock()
		for n := range int32(3) {
			s.publish(t, n, keys(300)...)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		m.leave(t)
		for id, n := range b.calls {
			if n != 1 {
				t.Errorf("%s was called for %d times", id, n)
			}
		}
		if b.count() != 1800 {
			t.Errorf("%d of 1800 records ran", b.count())
		}
	})
}
