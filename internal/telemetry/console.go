package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Console are the metrics of what people do.
type Console struct {
	OperatorActions *prometheus.CounterVec // action, result
	ConsoleClients  *prometheus.GaugeVec   // no label
}

func newConsole(f factory) Console {
	return Console{
		OperatorActions: f.counter("operator_actions_total",
			"What people have done, or tried to do, on the console.", "action", "result"),
		ConsoleClients: f.gauge("console_clients",
			"Pages of the console that are open and follow."),
	}
}
