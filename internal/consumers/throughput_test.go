package consumers

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/kafka"
)

// One partition carries as much as its keys allow: neither the window nor a fetch nor
// a pause of the intake is what limits it.
func TestOnePartitionIsNoLimit(t *testing.T) {
	const bank = 100 * time.Millisecond
	for name, tt := range map[string]struct {
		inFlight, keys int
		random         bool
		least          int64 // per second
	}{
		"100 in flight":                {inFlight: 100, keys: 10_000, random: true, least: 960},
		"1,000 keys, each in its turn": {inFlight: 1000, keys: 1000, least: 9_500},
		"1,000 keys, at random":        {inFlight: 1000, keys: 1000, random: true, least: 8_000},
		"10,000 keys, at random":       {inFlight: 1000, keys: 10_000, random: true, least: 9_500},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var ended atomic.Int64
				handler := handlerFunc(func(context.Context, kafka.Record) error {
					time.Sleep(bank)
					ended.Add(1)
					return nil
				})
				f := newFakeCluster(1)
				cfg := Config{Topics: []Topic{{Name: testTopic, MaxInFlight: tt.inFlight}}, MaxInFlight: tt.inFlight}
				random := rand.New(rand.NewPCG(1, 0))
				var keys []string
				for n := range 60_000 {
					key := n % tt.keys
					if tt.random {
						key = random.IntN(tt.keys)
					}
					keys = append(keys, fmt.Sprint(key))
				}
				f.publish(part0, keys[:min(len(keys), tt.inFlight*40)]...)
				newRig(t, cfg, f, handler)
				time.Sleep(time.Second)
				began := ended.Load()
				time.Sleep(2 * time.Second)
				synctest.Wait()
				if got := (ended.Load() - began) / 2; got < tt.least {
					t.Errorf("%d a second, want at least %d", got, tt.least)
				} else {
					t.Logf("%d a second", got)
				}
			})
		})
	}
}

// A key in 1,000 takes 2 s: no other waits for it, though what is done past its record
// grows by the whole rate. Each key comes too seldom to wait for itself.
func TestAStuckKeyDelaysNoOther(t *testing.T) {
	const bank, stuck, seconds = 5 * time.Millisecond, 2 * time.Second, 3
	for _, rate := range []int{500, 25_000} {
		t.Run(fmt.Sprintf("%d a second", rate), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var most, past atomic.Int64 // the longest wait; records done
				begun := time.Now()
				handler := handlerFunc(func(_ context.Context, r kafka.Record) error {
					due := begun.Add(time.Duration(r.Offset) * time.Second / time.Duration(rate))
					if r.Offset%1000 == 0 {
						time.Sleep(stuck)
						return nil
					}
					if waited := int64(time.Since(due)); waited > most.Load() {
						most.Store(waited)
					}
					time.Sleep(bank)
					past.Add(1)
					return nil
				})
				f := newFakeCluster(1)
				cfg := Config{Topics: []Topic{{Name: testTopic, MaxInFlight: 512}}}
				r := newRig(t, cfg, f, handler)
				time.Sleep(time.Second)
				begun = time.Now()
				tick := time.Second / 500
				for n := 0; n < rate*seconds; {
					var keys []string
					for range rate / 500 {
						keys = append(keys, fmt.Sprint("k", n))
						n++
					}
					f.publish(part0, keys...)
					time.Sleep(tick)
				}
				if st := r.Status().Partitions[0]; st.Paused != "" || st.Position-st.Committed < int64(rate) {
					t.Errorf("paused by %q, %d past the oldest", st.Paused, st.Position-st.Committed)
				}
				if got := time.Duration(most.Load()); got > 10*time.Millisecond {
					t.Errorf("another key has waited for %s", got)
				}
				time.Sleep(stuck)
				synctest.Wait()
				if got, want := past.Load(), int64(rate*seconds)*999/1000; got != want {
					t.Errorf("%d records done, want %d", got, want)
				}
			})
		})
	}
}
