package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Output are the metrics of what is written to Kafka.
type Output struct {
	Produced        *prometheus.CounterVec   // topic, result
	ProduceDuration *prometheus.HistogramVec // topic
	BatchRecords    *prometheus.HistogramVec // no label
	BatchBytes      *prometheus.HistogramVec // no label
	ProduceRetries  *prometheus.CounterVec   // topic, reason
	Omitted         *prometheus.CounterVec   // topic
	SealingKey      *prometheus.GaugeVec     // key_id
}

func newOutput(f factory) Output {
	return Output{
		Produced: f.counter("produced_records_total",
			"Records handed to Kafka, by what became of them.", "topic", "result"),
		ProduceDuration: f.histogram("produce_duration_seconds",
			"From handing a record over until it is acknowledged by all in-sync replicas.", requestBuckets, "topic"),
		BatchRecords: f.histogram("produce_batch_records",
			"Records per produce request.", prometheus.ExponentialBuckets(1, 4, 8)),
		BatchBytes: f.histogram("produce_batch_bytes",
			"Bytes per produce request.", prometheus.ExponentialBuckets(256, 4, 9)),
		ProduceRetries: f.counter("produce_retries_total",
			"Batches that are sent again.", "topic", "reason"),
		Omitted: f.counter("produce_omitted_total",
			"Records that were too large and are stored without part of them.", "topic"),
		SealingKey: f.gauge("dead_letter_key",
			"The key that dead letters are sealed with; always 1. Absent where they stand in clear.", "key_id"),
	}
}
