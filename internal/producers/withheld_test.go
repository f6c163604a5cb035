package producers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/kafka"
)

var (
	errLost = errors.New("the lease is lost")
	lost    = func() error { return errLost }
	held    = func() error { return nil }
)

// While the lease is lost nothing is written and nobody's connection is spent on
// it; once it is back, everything stands in the order in which it was handed over.
func TestWithoutTheLeaseRecordsWaitInOrder(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		if _, err := b.batcher.Produce(b.Context(), record("a", 0, "before")); err != nil {
			b.Fatal(err)
		}
		want := []string{"before"}
		for round := range 3 {
			b.permit.set(lost)
			dials, requests := b.network.dialled(), b.observed.sent()
			var during []*entry
			for i := range 100 {
				want = append(want, fmt.Sprint(round, " ", i))
				during = append(during, b.submit(record("a", 0, want[len(want)-1])))
				time.Sleep(100 * time.Millisecond) // of the bubble
			}
			if got := b.storedValues(kafka.TopicPartition{Topic: "a"}); len(got) != 1+100*round {
				b.Fatalf("%d records are stored without the lease", len(got)-1-100*round)
			}
			if len(during[0].result) > 0 || b.observed.sent() != requests || b.network.dialled() > dials {
				b.Errorf("answered %t, %d requests, %d new connections", len(during[0].result) > 0, b.observed.sent()-requests, b.network.dialled()-dials)
			}
			b.permit.set(held)
			back := time.Now()
			for _, e := range during {
				if res := <-e.result; res.err != nil {
					b.Error(res.err)
				}
			}
			if took := time.Since(back); took > 500*time.Millisecond {
				b.Errorf("took %v with the lease back", took)
			}
		}
		if got := b.storedValues(kafka.TopicPartition{Topic: "a"}); !slices.Equal(got, want) {
			b.Errorf("got %v", got)
		}
	})
}

// The lease goes and comes back at any moment, inside requests too: each record is
// stored once, in order.
func TestOrderSurvivesALeaseThatComesAndGoes(t *testing.T) {
	inBubble(t, Config{BatchBytes: 300, RequestBytes: 900}, func(b *bench) {
		asked := 0
		b.permit.set(func() error { // one question at a time: there is one lane
			if asked++; asked%3 == 0 || asked%7 < 2 {
				return errLost
			}
			return nil
		})
		var want []string
		var entries []*entry
		for i := range 200 {
			want = append(want, fmt.Sprint(i))
			entries = append(entries, b.submit(record("a", 0, want[i])))
		}
		for _, e := range entries {
			if res := <-e.result; res.err != nil {
				b.Error(res.err)
			}
		}
		b.permit.set(held)
		if got := b.storedValues(kafka.TopicPartition{Topic: "a"}); !slices.Equal(got, want) {
			b.Errorf("got %v", got)
		}
	})
}

// A caller that goes while its record waits takes it along, wherever it waits.
func TestWhatNobodyWaitsForNeverLeaves(t *testing.T) {
	for name, tt := range map[string]struct {
		// wait is where the record waits, and until when.
		wait func(b *bench, goes func())
	}{
		"asleep, for want of the lease": {func(b *bench, goes func()) {
			b.permit.set(lost)
			time.AfterFunc(time.Minute, goes)
			time.AfterFunc(time.Minute+time.Nanosecond, func() { b.permit.set(held) })
		}},
		"behind a request under way": {func(b *bench, goes func()) {
			b.cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
				time.Sleep(time.Second)
				goes()
				synctest.Wait() // the caller has gone
				return nil, nil, false
			})
			b.submit(record("a", 0, "kept"))
			synctest.Wait()
		}},
		"in a request that is about to be written": {func(b *bench, goes func()) {
			asked := 0
			b.permit.set(func() error {
				if asked++; asked == 2 { // the first is asked before a connection is taken
					goes()
					synctest.Wait()
				}
				return nil
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(b *bench) {
				if _, err := b.batcher.Produce(b.Context(), record("a", 0, "before")); err != nil {
					b.Fatal(err)
				}
				why := errors.New("fenced")
				ctx, cancel := context.WithCancelCause(b.Context())
				gone := make(chan error, 1)
				tt.wait(b, func() { cancel(why) })
				go func() {
					_, err := b.batcher.Produce(ctx, record("a", 0, "abandoned"))
					gone <- err
				}()
				if err := <-gone; !errors.Is(err, why) {
					b.Errorf("got %v", err)
				}
				after := b.submit(record("a", 0, "after"))
				if res := <-after.result; res.err != nil {
					b.Error(res.err)
				}
				got := b.storedValues(kafka.TopicPartition{Topic: "a"})
				if slices.Contains(got, "abandoned") || got[len(got)-1] != "after" {
					b.Errorf("got %v", got)
				}
			})
		})
	}
}

// One caller that goes does not take the others' records along, nor make them wait.
func TestTheOthersOfARequestAreSentAgainAtOnce(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		var once sync.Once
		b.cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
			once.Do(func() { time.Sleep(time.Second) })
			return nil, nil, false
		})
		var entries []*entry
		var goes atomic.Pointer[entry]
		asked := 0
		b.permit.set(func() error { // twice for each request
			if asked++; asked == 4 {
				b.batcher.abandon(goes.Load())
			}
			return nil
		})
		for _, v := range []string{"first", "0", "1", "2", "3"} {
			entries = append(entries, b.submit(record("a", 0, v)))
			synctest.Wait()
		}
		goes.Store(entries[2])
		<-entries[0].result
		start := time.Now()
		for _, i := range []int{1, 3, 4} {
			if res := <-entries[i].result; res.err != nil {
				b.Error(res.err)
			}
		}
		if took := time.Since(start); took > 0 {
			b.Errorf("the others were kept for %v", took)
		}
		if got := b.storedValues(kafka.TopicPartition{Topic: "a"}); !slices.Equal(got, []string{"first", "0", "2", "3"}) {
			b.Errorf("got %v", got)
		}
		if b.observed.retried[kafka.ClassRetriable] > 0 {
			b.Errorf("counted as a retry: %v", b.observed.retried)
		}
	})
}

// What is given up must not keep Stop waiting.
func TestStopForgetsWhatNobodyWaitsFor(t *testing.T) {
	inBubble(t, Config{}, func(b *bench) {
		b.permit.set(lost)
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		if _, err := b.batcher.Produce(ctx, record("a", 0, "v")); !errors.Is(err, context.DeadlineExceeded) {
			b.Errorf("got %v", err)
		}
		start := time.Now()
		if err := b.batcher.Stop(b.Context()); err != nil || time.Since(start) > time.Second {
			b.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// forget must not lose count of the records that are to be sent one by one.
func TestForgettingKeepsCountOfTheSingleOnes(t *testing.T) {
	t.Parallel()
	q := &queue{singly: 3}
	for i := range 5 {
		e := &entry{abandoned: i < 2 || i == 4}
		q.entries = append(q.entries, e)
	}
	if gone := q.forget(); gone != 3 || q.singly != 1 || len(q.entries) != 2 {
		t.Errorf("%d gone, %d singly, %d left", gone, q.singly, len(q.entries))
	}
}
