package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Intake are the metrics of what is read from the command topics.
type Intake struct {
	FetchedRecords *prometheus.CounterVec   // topic, partition
	FetchedBytes   *prometheus.CounterVec   // topic, partition
	Skipped        *prometheus.CounterVec   // topic, partition
	Lost           *prometheus.CounterVec   // topic, partition
	Failed         *prometheus.CounterVec   // topic
	CommitDuration *prometheus.HistogramVec // result
	DrainDuration  *prometheus.HistogramVec // result
	InFlight       *prometheus.GaugeVec     // topic
	Lag            *prometheus.GaugeVec     // topic, partition
	WatermarkAge   *prometheus.GaugeVec     // topic, partition
	Paused         *prometheus.GaugeVec     // topic, partition, reason
	LastCommit     *prometheus.GaugeVec     // no label

	TakeoverDuration *prometheus.HistogramVec // topic
	TakeoverRecords  *prometheus.CounterVec   // topic
	LeaseHeld        *prometheus.GaugeVec     // no label
}

var requestBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

func newIntake(f factory) Intake {
	return Intake{
		FetchedRecords: f.counter("intake_fetched_records_total",
			"Records that have arrived.", "topic", "partition"),
		FetchedBytes: f.counter("intake_fetched_bytes_total",
			"Bytes of the records that have arrived.", "topic", "partition"),
		Skipped: f.counter("intake_skipped_records_total",
			"Records that were not run because a predecessor had done them.", "topic", "partition"),
		Lost: f.counter("intake_lost_offsets_total",
			"Offsets that were gone from the log before they were committed.", "topic", "partition"),
		Failed: f.counter("intake_failed_records_total",
			"Runs of a record that ended without an outcome and are repeated.", "topic"),
		CommitDuration: f.histogram("intake_commit_duration_seconds",
			"Commits of offsets.", requestBuckets, "result"),
		DrainDuration: f.histogram("intake_drain_duration_seconds",
			"From the end of a generation until its partitions are handed over.", requestBuckets, "result"),
		InFlight: f.gauge("intake_in_flight",
			"Records being carried out.", "topic"),
		Lag: f.gauge("intake_lag_records",
			"Offsets between the committed one and the end of the log.", "topic", "partition"),
		WatermarkAge: f.gauge("intake_watermark_age_seconds",
			"How long ago the oldest record was published that has been fetched and is not done; 0 when all are done.", "topic", "partition"),
		Paused: f.gauge("intake_paused",
			"1 while nothing is read of the partition, for the reason.", "topic", "partition", "reason"),
		LastCommit: f.gauge("intake_last_commit_timestamp_seconds",
			"When the last acknowledged commit was sent; 0 before any."),
		TakeoverDuration: f.histogram("takeover_duration_seconds",
			"From a partition's assignment until its past is known and its commands are taken up.", requestBuckets, "topic"),
		TakeoverRecords: f.counter("takeover_records_total",
			"Results and attempts that were read at takeovers.", "topic"),
		LeaseHeld: f.gauge("lease_held",
			"1 while this processor may call the banks and write."),
	}
}
