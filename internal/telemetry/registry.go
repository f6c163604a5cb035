package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Registry are the metrics of the schema registry.
type Registry struct {
	RegistryRequests *prometheus.HistogramVec // result
	RegistryAway     *prometheus.GaugeVec     // no label
	RegistryWaiting  *prometheus.GaugeVec     // no label
}

func newRegistry(f factory) Registry {
	return Registry{
		RegistryRequests: f.histogram("registry_request_duration_seconds",
			"Questions to the schema registry, answered or not (away).", requestBuckets, "result"),
		RegistryAway: f.gauge("registry_away",
			"1 while the schema registry does not answer, as far as it was asked."),
		RegistryWaiting: f.gauge("registry_waiting",
			"Schemas, and the start, that wait for the schema registry."),
	}
}
