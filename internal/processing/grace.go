package processing

import (
	"context"
	"sync"
	"time"
)

// graces has for each context that commands are carried out under the longer one that
// what came of them is published under. Whoever carries out commands gives many of
// them one context, so that they share the longer one: nearly all are published long
// before either ends.
type graces struct {
	byDone sync.Map // of a context's Done to the longer context
}

// outlive returns a context that ends PublishGrace after ctx does, and with it if
// the group has fenced this process. For a ctx that has ended already the grace
// begins now. Its values are those of some context that ends with ctx.
func (p *Processor) outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	done := ctx.Done()
	switch {
	case done == nil:
		return ctx, func() {}
	case ctx.Err() != nil:
		longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
		p.endAfter(ctx, longer, cancel)
		return longer, func() { cancel(context.Canceled) }
	}
	if shared, ok := p.graces.byDone.Load(done); ok {
		return shared.(context.Context), func() {}
	}
	return p.shareGrace(ctx), func() {}
}

// shareGrace makes the longer context of all that end with ctx. It is forgotten when
// it has ended itself.
func (p *Processor) shareGrace(ctx context.Context) context.Context {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	if before, ok := p.graces.byDone.LoadOrStore(ctx.Done(), longer); ok {
		cancel(context.Canceled)
		return before.(context.Context)
	}
	context.AfterFunc(longer, func() { p.graces.byDone.Delete(ctx.Done()) })
	context.AfterFunc(ctx, func() { p.endAfter(ctx, longer, cancel) })
	return longer
}

// endAfter ends longer when PublishGrace is over, and at once if the process has been
// fenced; ctx has ended.
func (p *Processor) endAfter(ctx, longer context.Context, cancel context.CancelCauseFunc) {
	cause := context.Cause(ctx)
	if p.fenced(cause) {
		cancel(cause)
		return
	}
	timer := time.AfterFunc(p.cfg.PublishGrace, func() { cancel(cause) })
	context.AfterFunc(longer, func() { timer.Stop() })
}
