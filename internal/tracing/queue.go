package tracing

import (
	"context"
	"sync/atomic"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// queue is the batch processor behind a bound that counts: the SDK's own would drop
// without a word. What is dropped is the span that comes, never one that waits.
type queue struct {
	sdk.SpanProcessor // of the SDK, with room for limit spans

	limit    int64
	waiting  *atomic.Int64 // spans in the SDK's queue, and with the exporter
	observer Observer
}

// OnEnd hands a span over; it never blocks.
func (q *queue) OnEnd(s sdk.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	if q.waiting.Add(1) > q.limit {
		q.waiting.Add(-1)
		q.observer.Dropped(1)
		return
	}
	q.SpanProcessor.OnEnd(s)
}

// ForceFlush is nobody's.
func (q *queue) ForceFlush(context.Context) error { return nil }
