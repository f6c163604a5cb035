//go:build planted

package history

import (
	"testing"

	"bankprocessor/internal/planted"
)

// With the safeguard off nothing of the past is known, and nothing promised.
func TestPlantedIndexKnowsNothing(t *testing.T) {
	r := setup(t, Config{})
	putOutcome(r.log, commandID(1), 1)
	r.load(t, 0, 0, 0)
	r.want(t, invoice(1, 1), "concluded")
	r.want(t, invoice(2, 1), "elsewhere")
	planted.Set(planted.Index)
	t.Cleanup(func() { planted.Set("") })
	r.want(t, invoice(2, 1), "fresh")
	r.Release(invoices)
	asked := len(r.log.asked)
	r.load(t, 0, 0, 0)
	r.wantLookback(t, 0, -1, -1)
	r.want(t, invoice(1, 1), "fresh")
	if len(r.log.asked) != asked {
		t.Error("the past was read")
	}
}
