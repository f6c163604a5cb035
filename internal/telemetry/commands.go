package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Commands are the metrics of commands and their outcomes.
type Commands struct {
	Completed       *prometheus.CounterVec   // command, status, code
	Duration        *prometheus.HistogramVec // command, status
	DeadLetters     *prometheus.CounterVec   // command, reason, code
	Retries         *prometheus.CounterVec   // command, code
	Reconciliations *prometheus.CounterVec   // operation
	KeyMismatches   *prometheus.CounterVec   // command
}

// From a local refusal (microseconds) to an invoice that waited out an outage.
var commandBuckets = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800}

func newCommands(f factory) Commands {
	return Commands{
		Completed: f.counter("commands_completed_total",
			"Commands whose outcome is durable.", "command", "status", "code"),
		Duration: f.histogram("command_duration_seconds",
			"From the moment a command is taken up until its outcome is durable.", commandBuckets, "command", "status"),
		DeadLetters: f.counter("dead_letters_total",
			"Commands that were dead-lettered.", "command", "reason", "code"),
		Retries: f.counter("command_retries_total",
			"Bank calls that are repeated, by the code that made them so.", "command", "code"),
		Reconciliations: f.counter("invoice_reconciliations_total",
			"Invoices in doubt that are looked up at the bank.", "operation"),
		KeyMismatches: f.counter("key_mismatches_total",
			"Commands whose record key is not their ordering key.", "command"),
	}
}
