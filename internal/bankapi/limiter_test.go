package bankapi

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

func TestSlotsAreTakenInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(t, GroupConfig{MaxConcurrent: 1, QueueTimeout: 10 * time.Second}, nil)
		var order []int
		var calls sync.WaitGroup
		for i := range 5 {
			calls.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i == 2 { // gives up its place
					time.AfterFunc(500*time.Millisecond, cancel)
				}
				v := g.Do(ctx, func(context.Context) command.Verdict {
					order = append(order, i)
					time.Sleep(time.Second)
					return success
				})
				if (v.Delivery == command.NotSent) != (i == 2) {
					t.Errorf("call %d: %+v", i, v)
				}
			})
			synctest.Wait()
		}
		calls.Wait()
		if want := []int{0, 1, 3, 4}; !slices.Equal(order, want) {
			t.Errorf("called in the order %v, want %v", order, want)
		}
		g.must(t, success)
	})
}
