package app

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/processing"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/tracing"
)

// newTracing returns nil where nothing is traced.
func newTracing(cfg config.Config, version string, m *telemetry.Metrics, log *slog.Logger) (*tracing.Tracing, error) {
	if !cfg.Tracing.Enabled() {
		return nil, nil
	}
	t, err := tracing.New(cfg.Tracing, tracing.Deps{
		Version: version, Instance: instance(), Group: cfg.Intake.Group, Names: cfg.Topics,
		Servers: map[command.Bank]string{
			command.BankInterAPI: cfg.Banks.InterAPI.HTTP.BaseURL, command.BankLoanAPI: cfg.Banks.LoanAPI.HTTP.BaseURL,
		},
		Observer: newTraceObserver(m), Logger: log,
	})
	return t, config.Explain("tracing", err)
}

// checkTracing looks whether the headers can be read and somebody listens at the
// endpoint. That nobody does is worth knowing, and no fault: commands go on.
func checkTracing(ctx context.Context, cfg config.Config) []Finding {
	if !cfg.Tracing.Enabled() {
		return nil
	}
	found := Finding{Name: "tracing", Note: "somebody listens at endpoint; no span was sent"}
	_, found.Err = newTracing(cfg, "", telemetry.NewMetrics(""), slog.New(slog.DiscardHandler))
	if found.Err != nil {
		return []Finding{found}
	}
	conn, err := (&net.Dialer{Timeout: cfg.Tracing.Timeout}).DialContext(ctx, "tcp", cfg.Tracing.Address())
	if err != nil {
		found.Note = "nobody listens at endpoint: commands would go on, and their spans be lost: " + err.Error()
		return []Finding{found}
	}
	found.Err = conn.Close()
	return []Finding{found}
}

// instance tells this process from its like.
func instance() string { return hostName() + "-" + strconv.Itoa(os.Getpid()) }

func hostName() string {
	if host, err := os.Hostname(); err == nil {
		return host
	}
	return "unknown"
}

// tracerOf is processing's: an interface must not hold a nil pointer.
func tracerOf(t *tracing.Tracing) processing.Tracer {
	if t == nil {
		return nil
	}
	return t.Tracer()
}

// traceObserver implements tracing.Observer.
type traceObserver struct{ m *telemetry.Metrics }

// newTraceObserver has every result there from the beginning, as they only count while
// something is traced.
func newTraceObserver(m *telemetry.Metrics) traceObserver {
	for _, result := range []string{"exported", "failed", "dropped"} {
		m.Spans.WithLabelValues(result)
	}
	return traceObserver{m}
}

func (o traceObserver) Exported(spans int, took time.Duration, err error) {
	result := "exported"
	if err != nil {
		result = "failed"
	}
	o.m.Spans.WithLabelValues(result).Add(float64(spans))
	o.m.ExportDuration.WithLabelValues().Observe(took.Seconds())
}

func (o traceObserver) Dropped(spans int) { o.m.Spans.WithLabelValues("dropped").Add(float64(spans)) }
