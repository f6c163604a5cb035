package telemetry

import "github.com/prometheus/client_golang/prometheus"

// ObserveTraced observes a value with the trace that it belongs to for an exemplar.
// traceparent is a W3C header of version 00, "" for no trace; one whose trace is not
// sampled, so that nobody can look at it, is none.
func ObserveTraced(o prometheus.Observer, value float64, traceparent string) {
	if id := sampledTrace(traceparent); id != "" {
		if o, ok := o.(prometheus.ExemplarObserver); ok {
			o.ObserveWithExemplar(value, prometheus.Labels{"trace_id": id})
			return
		}
	}
	o.Observe(value)
}

// sampledTrace is the id of a sampled trace: of version-trace-span-flags, where the
// last bit of the flags says so.
func sampledTrace(traceparent string) string {
	const trace, traceEnd, length = 3, 35, 55
	if len(traceparent) != length {
		return ""
	}
	switch traceparent[length-1] {
	case '1', '3', '5', '7', '9', 'b', 'd', 'f':
		return traceparent[trace:traceEnd]
	}
	return ""
}
