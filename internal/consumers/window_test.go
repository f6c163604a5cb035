package consumers

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// modelWindow says the same as a window, slowly.
type modelWindow struct {
	start, next int64
	offsets     []int64 // of records, ascending
	done        map[int64]bool
}

func (m *modelWindow) committed() int64 {
	for _, o := range m.offsets {
		if !m.done[o] {
			return o
		}
	}
	return m.next
}

func TestWindowAgreesWithItsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Int64Range(0, 1<<40).Draw(t, "start")
		w := newWindow(start)
		m := &modelWindow{start: start, next: start, done: map[int64]bool{}}
		places := map[int64]uint64{} // of pending records
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 20).Draw(t, "records") {
					offset := m.next + rapid.Int64Range(0, 3).Draw(t, "gap")
					done := rapid.Bool().Draw(t, "done already")
					place := w.push(offset, done)
					m.offsets = append(m.offsets, offset)
					m.next = offset + 1
					if done {
						m.done[offset] = true
					} else {
						places[offset] = place
					}
				}
			},
			"cover": func(t *rapid.T) {
				m.next += rapid.Int64Range(0, 5).Draw(t, "covered")
				w.cover(m.next)
			},
			"done": func(t *rapid.T) {
				if len(places) == 0 {
					t.Skip("nothing pending")
				}
				pending := make([]int64, 0, len(places))
				for o := range places {
					pending = append(pending, o)
				}
				slices.Sort(pending)
				o := rapid.SampledFrom(pending).Draw(t, "offset")
				w.markDone(places[o])
				m.done[o] = true
				delete(places, o)
			},
			"": func(t *rapid.T) {
				if w.committed() != m.committed() || w.pending != len(places) || w.next != m.next {
					t.Fatalf("committed %d, pending %d, next %d; want %d, %d, %d",
						w.committed(), w.pending, w.next, m.committed(), len(places), m.next)
				}
				checkRanges(t, w.doneRanges(nil), m)
				if got := countRuns(w); got != w.runs {
					t.Fatalf("runs are %d, counted as %d", got, w.runs)
				}
			},
		})
	})
}

// checkRanges holds that the ranges contain every done record above the committed
// offset and no pending one, ascending and apart.
func checkRanges(t *rapid.T, ranges []offsetRange, m *modelWindow) {
	at := m.committed()
	for _, r := range ranges {
		if r.First <= at || r.End <= r.First {
			t.Fatalf("ranges %v from %d: not ascending and apart", ranges, m.committed())
		}
		at = r.End
	}
	set := doneSet(ranges)
	for _, o := range m.offsets {
		if o < m.committed() {
			continue
		}
		if set.has(o) != m.done[o] {
			t.Fatalf("offset %d: done is %t, ranges %v say otherwise", o, m.done[o], ranges)
		}
	}
}

func countRuns(w *window) (runs int) {
	for n := w.head; n < w.tail; n++ {
		if n == w.head || w.doneAt(n) != w.doneAt(n-1) {
			runs++
		}
	}
	return runs
}

func TestWindowGivesAStuckRecordsMemoryBack(t *testing.T) {
	t.Parallel()
	w := newWindow(0)
	stuck := w.push(0, false)
	for o := int64(1); o <= 50_000; o++ {
		w.markDone(w.push(o, false))
	}
	if got := w.doneRanges(nil); len(got) != 1 || got[0] != (offsetRange{1, 50_001}) {
		t.Fatalf("done above a stuck record: %v", got)
	}
	w.markDone(stuck)
	if w.committed() != 50_001 || w.ring != nil {
		t.Errorf("committed %d, ring of %d; want 50001 and none", w.committed(), len(w.ring))
	}
}

func BenchmarkWindow(b *testing.B) {
	b.Run("in order", func(b *testing.B) {
		b.ReportAllocs()
		w := newWindow(0)
		for o := range int64(b.N) {
			w.markDone(w.push(o, false))
		}
	})
	b.Run("256 in flight, newest first", func(b *testing.B) {
		b.ReportAllocs()
		w := newWindow(0)
		var places [256]uint64
		for o := range int64(b.N) {
			places[o%256] = w.push(o, false)
			if o%256 == 255 {
				for i := range places {
					w.markDone(places[255-i])
				}
			}
		}
	})
}
