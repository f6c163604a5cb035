package telemetry

import (
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
)

const namespace = "processor"

// Metrics are all metrics of one processor, on a registry of their own.
type Metrics struct {
	registry *prometheus.Registry

	mu      sync.Mutex
	refresh func() // nil for none

	Commands
	Bank
	Intake
	Output
	Files
	Registry
	Traces
	Console
}

// NewMetrics registers every metric, with those of the Go runtime and the
// process, and a build_info that carries version.
func NewMetrics(version string) *Metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m := newMetrics(factory{registry: registry}, version)
	m.registry = registry
	return m
}

func newMetrics(f factory, version string) *Metrics {
	f.gauge("build_info", "The running version; always 1.", "version").WithLabelValues(version).Set(1)
	return &Metrics{
		Commands: newCommands(f), Bank: newBank(f), Intake: newIntake(f), Output: newOutput(f), Files: newFiles(f),
		Registry: newRegistry(f), Traces: newTraces(f), Console: newConsole(f),
	}
}

// BeforeGather has f set the gauges of what stands at a moment, each time before
// the metrics are read. There is one such function.
func (m *Metrics) BeforeGather(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refresh = f
}

// Gather reads all metrics, for tests and pages.
func (m *Metrics) Gather() ([]*dto.MetricFamily, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refresh != nil {
		m.refresh()
	}
	return m.registry.Gather()
}

// Handler serves the metrics as the reader asks for them: in Prometheus' text format,
// in OpenMetrics, which has exemplars too, or in protobuf, which has native histograms
// and exemplars.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(prometheus.GathererFunc(m.Gather), promhttp.HandlerOpts{EnableOpenMetrics: true})
}
