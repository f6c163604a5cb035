package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Vector is the series of one metric: a field of Metrics.
type Vector = prometheus.Collector

// Sample is one series as it stands.
type Sample struct {
	labels []*dto.LabelPair
	// Value is a counter's or a gauge's.
	Value float64
	// Distribution is a histogram's; it is empty for the others.
	Distribution Distribution
}

// Label is a label's value, "" for one that the series does not have.
func (s Sample) Label(name string) string {
	for _, l := range s.labels {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// Samples reads the series of one vector, in no order: a small part of what Gather
// costs, for whoever reads a few of them often.
func Samples(vector Vector) []Sample {
	series := make(chan prometheus.Metric, 64)
	go func() { // ends with the vector's series, all of which are taken below
		defer close(series)
		vector.Collect(series)
	}()
	var all []Sample
	for m := range series {
		var out dto.Metric
		if m.Write(&out) != nil { // no series of ours has an error
			continue
		}
		s := Sample{labels: out.GetLabel()}
		switch {
		case out.Counter != nil:
			s.Value = out.GetCounter().GetValue()
		case out.Gauge != nil:
			s.Value = out.GetGauge().GetValue()
		case out.Histogram != nil:
			s.Distribution = newDistribution(out.GetHistogram())
		}
		all = append(all, s)
	}
	return all
}
