package history

import (
	"errors"
	"testing"
)

// What the owner before had its leader store, and too few replicas have yet, is shown
// to nobody; it may be shown later, or be given up.
func TestWhatTooFewReplicasHaveIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		then func(*fakePart)
		past string
	}{
		"shown later": {func(p *fakePart) { p.unshown = 0 }, "concluded"},
		"given up":    {func(p *fakePart) { p.records, p.next, p.unshown = p.records[:1], 1, 0 }, "fresh"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, Config{})
			putOutcome(r.log, commandID(1), 1)
			putOutcome(r.log, commandID(2), 2)
			r.log.set(func(l *fakeLog) { l.part(outcomes).unshown = 1 })
			if err := r.Load(t.Context(), invoices, 0, 0, 0); !errors.Is(err, errStalled) || !errors.Is(err, errUnshown) {
				t.Errorf("got %v", err)
			}
			r.log.set(func(l *fakeLog) { tt.then(l.part(outcomes)) })
			r.load(t, 0, 0, 0)
			r.want(t, invoice(2, 2), tt.past)
		})
	}
}
