package telemetry

import (
	"cmp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric is what a metric is.
type Metric struct {
	Name    string // with its prefix
	Type    string // counter, gauge or histogram
	Labels  []string
	Help    string
	Buckets []float64 // upper bounds of a histogram's classic buckets
}

// Catalog returns every metric of the processor's own by name: those of the Go
// runtime and the process are left out.
func Catalog() []Metric {
	var all []Metric
	newMetrics(factory{registry: prometheus.NewRegistry(), catalog: &all}, "")
	slices.SortFunc(all, func(a, b Metric) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Names returns the names under which a reader finds m's series: a histogram has
// three.
func (m Metric) Names() []string {
	if m.Type != "histogram" {
		return []string{m.Name}
	}
	return []string{m.Name, m.Name + "_bucket", m.Name + "_sum", m.Name + "_count"}
}

// Values says what a label's values are; "" for a label that m does not have. The
// label's name says it, unless the metric gives it a meaning of its own.
func (m Metric) Values(label string) string {
	if !slices.Contains(m.Labels, label) {
		return ""
	}
	if own, ok := labelValues[m.Name+"."+label]; ok {
		return own
	}
	return labelValues[label]
}

const kafkaClasses = "the class of Kafka's error: `retriable`, `leader_moved`, `unknown_topic`, `rebalancing`, `fenced`, `out_of_range`, `too_large`, `auth`, `corrupt`, `canceled` or `fatal`"

// labelValues says what labels may be: all are bounded, by constants of the code or
// by the configuration.
var labelValues = map[string]string{
	"command":   "a command's name",
	"status":    "an outcome's status",
	"code":      "a result code; `other` for one that is not of the table",
	"group":     "a group of bank operations: `interapi.customer`, `interapi.dbs.write`, `interapi.dbs.read`, `interapi.token`, `loanapi.loan`, `loanapi.token`",
	"topic":     "a topic of the processor's",
	"partition": "a partition's number",
	"setting":   "a configuration key",
	"operation": "`INSERT`, `UPDATE` or `CANCEL`",
	"version":   "the program's version",
	"key_id":    "the id of a key of the operators' keyset",

	"processor_bank_breaker_changes_total.to":            "`closed`, `half-open` or `open`",
	"processor_bank_gate_shut.reason":                    "`paused`, `delayed`, `secret_refused` or `tls_refused`",
	"processor_commands_answered_total.how":              "`redone`, `duplicate` or `reused`",
	"processor_dead_letters_total.reason":                "`malformed`, `rejected-by-contract`, `exhausted`, `in-doubt` or `unknown-code`",
	"processor_intake_commit_duration_seconds.result":    "`ok`, or " + kafkaClasses,
	"processor_intake_drain_duration_seconds.result":     "`clean` or `uncertain`",
	"processor_intake_paused.reason":                     "`draining`, `no such topic`, `topic made anew`, `offset not in log`, `takeover`, `gate`, `lease`, `window`, `metadata`, `bytes` or `memory`",
	"processor_operator_actions_total.action":            "`sign_in`, `reveal`, `export`, `replay` or `resolve`",
	"processor_operator_actions_total.result":            "`done`, `refused` or `failed`",
	"processor_produce_retries_total.reason":             kafkaClasses,
	"processor_produced_records_total.result":            "`ok`, or " + kafkaClasses,
	"processor_registry_request_duration_seconds.result": "`answered` or `away`",
	"processor_trace_spans_total.result":                 "`exported`, `failed` or `dropped`",
}
