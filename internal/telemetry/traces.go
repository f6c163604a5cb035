package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Traces are the metrics of spans. They stay empty while nothing is traced.
type Traces struct {
	Spans          *prometheus.CounterVec   // result: exported, failed, dropped
	ExportDuration *prometheus.HistogramVec // no label
	SpansQueued    *prometheus.GaugeVec     // no label
}

func newTraces(f factory) Traces {
	return Traces{
		Spans: f.counter("trace_spans_total",
			"Spans that were sampled: exported, given up by the exporter (failed), or left out because too many were waiting for it (dropped).", "result"),
		ExportDuration: f.histogram("trace_export_duration_seconds",
			"Exports of spans, their repeats included.", requestBuckets),
		SpansQueued: f.gauge("trace_spans_queued",
			"Spans that wait for the exporter or are with it."),
	}
}
