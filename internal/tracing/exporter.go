package tracing

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// exporter counts what becomes of spans, and says once that they are not taken. It
// never fails towards the SDK, which would write to the standard error.
type exporter struct {
	sdk.SpanExporter

	waiting  *atomic.Int64
	observer Observer
	log      *slog.Logger
	closers  func()
	failing  bool // as of the last export; the SDK makes one at a time

	ctx     context.Context // ends when no more time is given
	abandon context.CancelFunc
	ended   chan struct{} // closed by Shutdown
}

var errAbandoned = errors.New("the processor stops")

// ExportSpans exports a batch.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(e.ctx, func() { cancel(errAbandoned) })()
	start := time.Now()
	err := ctx.Err()
	if err == nil {
		err = e.SpanExporter.ExportSpans(ctx, spans)
	}
	e.waiting.Add(-int64(len(spans)))
	e.observer.Exported(len(spans), time.Since(start), err)
	if failing := err != nil; failing != e.failing {
		e.failing = failing
		if failing {
			e.log.Warn("spans cannot be exported: they are lost, and counted; commands go on", "reason", reason(err))
		} else {
			e.log.Info("spans are exported again")
		}
	}
	return nil
}

// reason is an export's error without the words of whoever answered.
func reason(err error) string {
	text, _, _ := strings.Cut(err.Error(), "body: ")
	return strings.TrimRight(text, " (")
}

// Shutdown ends the exporter: the SDK calls it once nothing is left to export.
func (e *exporter) Shutdown(ctx context.Context) error {
	defer close(e.ended)
	err := e.SpanExporter.Shutdown(ctx)
	e.closers()
	return err
}
