package telemetry

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// factory makes metrics under the one namespace, registers them, and lists them.
type factory struct {
	registry *prometheus.Registry
	catalog  *[]Metric // nil lists nothing
}

func (f factory) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.register(c, Metric{Name: name, Type: "counter", Help: help, Labels: labels})
	return c
}

func (f factory) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.register(g, Metric{Name: name, Type: "gauge", Help: help, Labels: labels})
	return g
}

// A histogram has its classic buckets and native ones: a reader takes those that it
// can. A native bucket is a tenth wider than the one before; when there are too many,
// they begin anew, and within the hour become wider instead.
const (
	nativeFactor     = 1.1
	nativeBuckets    = 160
	nativeReset      = time.Hour
	nativeExemplars  = 10
	nativeExemplarBy = 5 * time.Minute
)

func (f factory) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor: nativeFactor, NativeHistogramMaxBucketNumber: nativeBuckets,
		NativeHistogramMinResetDuration: nativeReset,
		NativeHistogramMaxExemplars:     nativeExemplars, NativeHistogramExemplarTTL: nativeExemplarBy,
	}, labels)
	f.register(h, Metric{Name: name, Type: "histogram", Help: help, Labels: labels, Buckets: buckets})
	return h
}

func (f factory) register(c prometheus.Collector, m Metric) {
	f.registry.MustRegister(c)
	if f.catalog == nil {
		return
	}
	m.Name = namespace + "_" + m.Name
	m.Labels, m.Buckets = slices.Clone(m.Labels), slices.Clone(m.Buckets)
	*f.catalog = append(*f.catalog, m)
}
