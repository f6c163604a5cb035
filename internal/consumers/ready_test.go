package consumers

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The oldest head comes first, in whatever order chains come and go.
func TestTheReadyQueueIsByAge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var q readyQueue
		var arrived uint64
		inside := map[uint64]*chain{} // by their heads' arrivals
		push := func(arrival uint64) {
			c := &chain{head: &task{arrival: arrival}}
			inside[arrival] = c
			q.push(c)
		}
		t.Repeat(map[string]func(*rapid.T){
			"arrives": func(t *rapid.T) {
				for range rapid.IntRange(1, 20).Draw(t, "chains") {
					arrived++
					push(arrived)
				}
			},
			"comes back": func(t *rapid.T) {
				arrival := rapid.Uint64Range(0, arrived).Draw(t, "arrival")
				if inside[arrival] == nil {
					push(arrival)
				}
			},
			"runs": func(t *rapid.T) {
				for range rapid.IntRange(1, 20).Draw(t, "chains") {
					if len(inside) == 0 {
						return
					}
					oldest := slices.Min(slices.Collect(maps.Keys(inside)))
					if got := q.pop(); got != inside[oldest] {
						t.Fatalf("the chain of %d comes, want that of %d", got.head.arrival, oldest)
					}
					delete(inside, oldest)
				}
			},
			"is taken": func(t *rapid.T) {
				all := q.take()
				for _, r := range all {
					if r.chain != inside[r.arrival] {
						t.Fatalf("the chain of %d was not inside", r.arrival)
					}
					q.push(r.chain)
				}
				if len(all) != len(inside) {
					t.Fatalf("%d are taken, want %d", len(all), len(inside))
				}
			},
			"": func(t *rapid.T) {
				if q.empty() != (len(inside) == 0) {
					t.Fatalf("empty is %t with %d inside", q.empty(), len(inside))
				}
			},
		})
	})
}

func TestTheTableFindsWhatItHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var table chainTable
		inside := map[uint64]*chain{}
		// Few low bits, so that many share a bucket.
		keys := rapid.Custom(func(t *rapid.T) uint64 {
			return rapid.Uint64Range(0, 3).Draw(t, "low") | rapid.Uint64Range(0, 100).Draw(t, "high")<<40
		})
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				if key := keys.Draw(t, "key"); inside[key] == nil {
					inside[key] = &chain{key: key}
					table.add(inside[key])
				}
			},
			"remove": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				if c := inside[key]; c != nil {
					table.remove(c)
					delete(inside, key)
				}
			},
			"": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				if got := table.find(key); got != inside[key] {
					t.Fatalf("%d is found as %v", key, got)
				}
				n := 0
				for c := range table.all() {
					n++
					if inside[c.key] != c {
						t.Fatalf("%d is not inside", c.key)
					}
				}
				if n != len(inside) || n != table.count {
					t.Fatalf("%d chains, counted as %d, want %d", n, table.count, len(inside))
				}
			},
		})
	})
}

// riceBound stops at the first parameter that saves nothing.
func TestTheRiceBoundIsTheLeastOfAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Int64Range(1, 1<<40).Draw(t, "span")
		ranges := rapid.Int64Range(1, 1<<20).Draw(t, "ranges")
		runs, want := 2*min(ranges, span/2), span
		for k := int64(1); k <= maxRiceParameter; k++ {
			want = min(want, runs*(k+1)+(span-runs)>>k)
		}
		if got := riceBound(span, ranges); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	})
}
