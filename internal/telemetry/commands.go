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
	Attempts        *prometheus.CounterVec   // command
	AttemptDuration *prometheus.HistogramVec // command
	Recovered       *prometheus.CounterVec   // command
	Answered        *prometheus.CounterVec   // command, how: redone, duplicate, reused
	InDoubt         *prometheus.GaugeVec     // command
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
		Attempts: f.counter("attempts_total",
			"Attempts that were made durable ahead of their calls.", "command"),
		AttemptDuration: f.histogram("attempt_duration_seconds",
			"What a command has waited for its attempt to be durable.", requestBuckets, "command"),
		Recovered: f.counter("commands_recovered_total",
			"Commands that an owner before had attempted: they start in doubt.", "command"),
		Answered: f.counter("commands_answered_total",
			"Commands that had their outcome before: done by an owner before (redone), published twice (duplicate), or under an id that another command has had (reused).",
			"command", "how"),
		InDoubt: f.gauge("commands_in_doubt",
			"Commands under way that may have been carried out without our knowing, and are being resolved.", "command"),
	}
}
