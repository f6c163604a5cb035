package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Bank are the metrics of the calls to the banks.
type Bank struct {
	Calls          *prometheus.CounterVec   // command, code
	CallDuration   *prometheus.HistogramVec // command
	BreakerOpen    *prometheus.GaugeVec     // group: 0 closed, 0.5 half-open, 1 open
	BreakerChanges *prometheus.CounterVec   // group, to
	GateShut       *prometheus.GaugeVec     // group, reason: 1 while shut for it
	Running        *prometheus.GaugeVec     // group
	Limit          *prometheus.GaugeVec     // group
	Waiting        *prometheus.GaugeVec     // group
	Waits          *prometheus.HistogramVec // group
	Probe          *prometheus.GaugeVec     // group
}

var (
	callBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60}
	// From a slot that comes free to a bank that is away for hours.
	waitBuckets = []float64{.001, .01, .1, .5, 1, 5, 10, 30, 60, 300, 1800, 7200}
)

func newBank(f factory) Bank {
	return Bank{
		Calls: f.counter("bank_calls_total",
			"Calls to a bank's methods, by the code that their answer was read as.", "command", "code"),
		CallDuration: f.histogram("bank_call_duration_seconds",
			"Calls to a bank's methods, waiting for limits and token included.", callBuckets, "command"),
		BreakerOpen: f.gauge("bank_breaker_open",
			"A circuit breaker's state: 0 closed, 0.5 half-open, 1 open.", "group"),
		BreakerChanges: f.counter("bank_breaker_changes_total",
			"Changes of a circuit breaker's state.", "group", "to"),
		GateShut: f.gauge("bank_gate_shut",
			"1 while a group of operations is held for the reason.", "group", "reason"),
		Running: f.gauge("bank_calls_running",
			"Calls under way.", "group"),
		Limit: f.gauge("bank_calls_limit",
			"How many calls may be under way at present.", "group"),
		Waiting: f.gauge("bank_commands_waiting",
			"Commands that wait for their gate to open.", "group"),
		Waits: f.histogram("command_wait_seconds",
			"How long commands have waited for their gate: a breaker, a refusal, a full limit. Those that were let through at once are not counted.",
			waitBuckets, "group"),
		Probe: f.gauge("bank_probe_seconds",
			"How long it is until a command may probe a shut gate; 0 while the gate stands open, is being probed, or waits for another secret.", "group"),
	}
}
