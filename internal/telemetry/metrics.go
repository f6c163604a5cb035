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
}

// NewMetrics registers every metric, with those of the Go runtime and the
// process, and a build_info that carries version.
func NewMetrics(version string) *Metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m := factory{registry}
	m.gauge("build_info", "The running version; always 1.", "version").WithLabelValues(version).Set(1)
	return &Metrics{
		registry: registry,
		Commands: newCommands(m), Bank: newBank(m), Intake: newIntake(m), Output: newOutput(m), Files: newFiles(m),
		Registry: newRegistry(m),
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

// Handler serves the metrics in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(prometheus.GathererFunc(m.Gather), promhttp.HandlerOpts{})
}

// factory makes metrics under the one namespace and registers them.
type factory struct{ registry *prometheus.Registry }

func (f factory) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.registry.MustRegister(c)
	return c
}

func (f factory) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.registry.MustRegister(g)
	return g
}

func (f factory) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
	}, labels)
	f.registry.MustRegister(h)
	return h
}
