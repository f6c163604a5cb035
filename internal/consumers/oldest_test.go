package consumers

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/kafka"
)

// Whatever is done in whichever order, or given back by a drain: the oldest is the
// first that was fetched and is not done.
func TestTheOldestRecordIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(rt *rapid.T) {
			published := time.Now().Add(-time.Hour)
			end := map[int64]chan struct{}{}
			b := newBench(t, Config{PartitionRecords: rapid.IntRange(1, 20).Draw(rt, "room")},
				handlerFunc(func(_ context.Context, r kafka.Record) error { <-end[r.Offset]; return nil }), 1)
			p := b.parts[0]
			var open []int64
			var records []kafka.Record
			for offset := range int64(rapid.IntRange(1, 20).Draw(rt, "records")) {
				r := record(p.tp, offset, fmt.Sprint(offset))
				r.Time = published.Add(time.Duration(offset) * time.Second)
				end[offset], open, records = make(chan struct{}), append(open, offset), append(records, r)
			}
			b.deliver(p, records, int64(len(records)))
			synctest.Wait()
			for {
				want := time.Time{}
				if len(open) > 0 {
					want = published.Add(time.Duration(open[0]) * time.Second)
				}
				var st Status
				b.describe(&st)
				if got := st.Partitions[0].Oldest; !got.Equal(want) {
					rt.Fatalf("of %v the oldest is of %s, want %s", open, got, want)
				}
				if len(open) == 0 {
					break
				}
				// Of what runs, any may end next.
				n := rapid.IntRange(0, min(len(open), b.cfg.PartitionRecords)-1).Draw(rt, "next")
				close(end[open[n]])
				open = slices.Delete(open, n, n+1)
				synctest.Wait()
			}
			if p.taken != (taken{}) {
				rt.Fatal("a task is kept that has ended")
			}
			b.close()
		})
	})
}

func TestADrainForgetsWhatItGivesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		end := make(chan struct{})
		b := newBench(t, Config{}, handlerFunc(func(context.Context, kafka.Record) error { <-end; return nil }), 1)
		p := b.parts[0]
		b.give(p, "a", "a", "a", "") // one runs with the key, one without
		synctest.Wait()
		b.drain()
		b.abandon(nil, ErrDraining)
		if p.taken.oldest == nil || p.taken.oldest.record.Offset != 0 || p.taken.newest.record.Offset != 3 {
			t.Errorf("want the two that run: %+v", p.taken)
		}
		close(end)
		synctest.Wait()
		if p.taken != (taken{}) {
			t.Errorf("want none, got %+v", p.taken)
		}
		b.close()
	})
}

// What metrics and console ask again and again holds the scheduler's lock meanwhile.
func BenchmarkStatus(b *testing.B) {
	s := newBench(b, Config{}, handlerFunc(func(context.Context, kafka.Record) error { return nil }), 48)
	defer s.close()
	b.ReportAllocs()
	for b.Loop() {
		var st Status
		s.describe(&st)
		if len(st.Partitions) != 48 {
			b.Fatal(len(st.Partitions))
		}
	}
}

func TestARecordThatDoesNotSayWhenIsOfNoAge(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{{}, time.UnixMilli(-1), time.UnixMilli(0)} {
		p := &partition{backlog: []kafka.Record{{Time: at}}}
		if got := p.oldest(); !got.IsZero() {
			t.Errorf("%s: got %s", at, got)
		}
	}
}
