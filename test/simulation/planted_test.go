//go:build planted

package simulation

import (
	"slices"
	"testing"

	"bankprocessor/internal/planted"
)

// plantedFaults are the safeguards with what finds out that one is off: any of those
// invariants, within that many schedules.
var plantedFaults = map[planted.Safeguard]struct {
	within int
	by     []invariant
}{
	planted.Attempts: {300, []invariant{oneEffect, trueOutcome}},
	planted.Index:    {300, []invariant{oneEffect, oneOutcome, trueOutcome}},
	planted.DoneMap:  {300, []invariant{lookBack}},
	planted.Fencing:  {300, []invariant{underLease}},
	planted.Order:    {300, []invariant{keyOrder}},
}

// TestPlantedFaultsAreFound switches every safeguard off, one at a time: the
// simulation has to notice, and for the reason expected.
func TestPlantedFaultsAreFound(t *testing.T) {
	defer planted.Set("")
	for _, safeguard := range planted.Safeguards() {
		want := plantedFaults[safeguard]
		planted.Set(safeguard)
		found := make(map[invariant]int)
		for n := range want.within {
			r := simulate(t, uint64(n+1))
			if r.broken == nil {
				continue
			}
			if found[r.broken.invariant]++; found[r.broken.invariant] == 1 {
				t.Logf("%s: schedule %d: %v", safeguard, n+1, r.broken)
			}
		}
		t.Logf("%s: in %d schedules %v", safeguard, want.within, found)
		if !slices.ContainsFunc(want.by, func(i invariant) bool { return found[i] > 0 }) {
			t.Errorf("%s is off and none of %v notices in %d schedules: %v", safeguard, want.by, want.within, found)
		}
	}
}

// TestPlantedFaultsAreNeeded runs schedules in the same build with every safeguard on:
// nothing is found.
func TestPlantedFaultsAreNeeded(t *testing.T) {
	planted.Set("")
	TestSchedules(t)
}
