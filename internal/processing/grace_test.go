package processing

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var errLost = errors.New("the partition is wanted back")

// known is how many longer contexts the processor has.
func (g *graces) known() (n int) {
	g.byDone.Range(func(any, any) bool { n++; return true })
	return n
}

func TestPublishingOutlivesItsContextByTheGrace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cause error
		grace time.Duration
	}{
		"lost":   {errLost, 5 * time.Second},
		"fenced": {errFenced, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := setup(t, limitQuery()).p
				ctx, cancel := context.WithCancelCause(t.Context())
				first, free := p.outlive(ctx)
				defer free()
				second, freeToo := p.outlive(ctx)
				freeToo()
				if first != second || p.graces.known() != 1 {
					t.Errorf("%d longer contexts for the publications of one", p.graces.known())
				}
				other, freeOther := p.outlive(context.WithValue(t.Context(), t, "child"))
				defer freeOther()
				if other == first {
					t.Error("publications of two contexts share one")
				}
				time.Sleep(time.Minute) // of the bubble's clock
				cancel(tt.cause)
				start := time.Now()
				<-first.Done()
				if took := time.Since(start); took != tt.grace || !errors.Is(context.Cause(first), tt.cause) {
					t.Errorf("ended %v after its context, by %v", took, context.Cause(first))
				}
				synctest.Wait()
				if p.graces.known() != 1 || other.Err() != nil {
					t.Errorf("%d longer contexts are known after one has ended; the other: %v", p.graces.known(), other.Err())
				}
			})
		})
	}
}

// A bank call that was under way when the context ended may take longer than the grace.
func TestTheGraceBeginsNoEarlierThanThePublishing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := setup(t, limitQuery()).p
		ctx, cancel := context.WithCancelCause(t.Context())
		_, free := p.outlive(ctx)
		free()
		cancel(errLost)
		time.Sleep(time.Minute)
		longer, free := p.outlive(ctx)
		start := time.Now()
		<-longer.Done()
		if took := time.Since(start); took != 5*time.Second || !errors.Is(context.Cause(longer), errLost) {
			t.Errorf("ended after %v, by %v", took, context.Cause(longer))
		}
		free()
		synctest.Wait()
		if p.graces.known() != 0 {
			t.Errorf("%d longer contexts are known", p.graces.known())
		}
	})
}

func TestWhatNeverEndsNeedsNoLongerContext(t *testing.T) {
	t.Parallel()
	p := setup(t, limitQuery()).p
	ctx := context.WithoutCancel(t.Context())
	if longer, free := p.outlive(ctx); longer != ctx || p.graces.known() != 0 {
		t.Error("want the context itself")
	} else {
		free()
	}
}
