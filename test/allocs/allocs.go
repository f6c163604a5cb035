// Package allocs holds hot paths to their number of allocations.
package allocs

import "testing"

// AtMost fails the test when f allocates more than limit objects on average. f runs
// once before it counts, so that pools are filled. It must not run beside parallel
// tests. Under the race detector, which empties pools on purpose, it runs f without
// counting.
func AtMost(t *testing.T, limit float64, f func()) {
	t.Helper()
	if got := testing.AllocsPerRun(200, f); got > limit && !raceDetector {
		t.Errorf("%v objects allocated, want at most %v", got, limit)
	}
}
