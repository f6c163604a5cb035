package simulation

import "testing"

// TestASeedIsASchedule runs seeds twice: a schedule that fails can be looked at again.
func TestASeedIsASchedule(t *testing.T) {
	const count = 200
	differ := 0
	for seed := range uint64(count) {
		a, b := simulate(t, seed+1), simulate(t, seed+1)
		if a.trace.String() != b.trace.String() {
			differ++
			if testing.Verbose() {
				t.Logf("seed %d\n%s\n%s", seed+1, a.trace, b.trace)
			}
		}
	}
	t.Logf("%d of %d differ", differ, count)
}
