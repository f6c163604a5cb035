package bankapi

import (
	"context"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/test/allocs"
)

// What one call costs in its group, the gate before it included.
func BenchmarkGroupDo(b *testing.B) {
	call := returns(success)
	for name, cfg := range map[string]GroupConfig{
		"plain": {MaxConcurrent: 1024},
		"rate":  {MaxConcurrent: 1024, Rate: 1e9, Burst: 1e6},
	} {
		b.Run(name, func(b *testing.B) {
			g, err := NewGroup("test", cfg, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if g.Wait(context.Background()) != nil || g.Shut() {
						b.Error("shut")
						return
					}
					if v := g.Do(context.Background(), call); v.Status != command.Succeeded {
						b.Error(v)
						return
					}
				}
			})
		})
	}
}

func TestACallCostsItsGroupLittle(t *testing.T) {
	g := newGroup(t, GroupConfig{}, nil)
	call := returns(success)
	ctx := t.Context()
	allocs.AtMost(t, 2, func() { // one is the breaker's
		if g.Wait(ctx) != nil || g.Do(ctx, call).Status != command.Succeeded {
			t.Error("refused")
		}
	})
}
