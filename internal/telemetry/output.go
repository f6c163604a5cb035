package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Output are the metrics of what is written to Kafka.
type Output struct {
	Produced        *prometheus.CounterVec   // topic, result
	ProduceDuration *prometheus.HistogramVec // topic
	BatchRecords    *prometheus.HistogramVec // no label
}

func newOutput(f factory) Output {
	return Output{
		Produced: f.counter("produced_records_total",
			"Records handed to Kafka, by what became of them.", "topic", "result"),
		ProduceDuration: f.histogram("produce_duration_seconds",
			"From handing a record over until it is acknowledged by all in-sync replicas.", requestBuckets, "topic"),
		BatchRecords: f.histogram("produce_batch_records",
			"Records per produce request.", prometheus.ExponentialBuckets(1, 4, 8)),
	}
}
