package main

import (
	"fmt"
	"time"

	"bankprocessor/bench/figures"
)

// row is one measurement, as --output json prints it.
type row struct {
	Benchmark     string  `json:"benchmark"`
	Broker        string  `json:"broker"`
	Cell          string  `json:"cell"`
	Contender     string  `json:"contender"`
	Round         int     `json:"round"`
	BankLatencyMS float64 `json:"bankLatencyMs"`
	SlowMS        float64 `json:"slowMs,omitempty"` // of one dealer in a thousand
	Partitions    int     `json:"partitions"`
	Keys          int     `json:"keys"`
	Zipf          float64 `json:"zipf,omitempty"`
	InFlight      int     `json:"inFlight"`
	TLS           string  `json:"tls,omitempty"`
	Processes     int     `json:"processes"`
	Rate          int     `json:"ratePerSecond,omitempty"` // offered, 0 for a backlog
	// Commands are those that the figures are over.
	Commands  int     `json:"commands"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"perSecond"`
	// P50MS and the rest are of the whole way, the bank's part included; where some
	// dealers are slow, of the others alone.
	P50MS  float64 `json:"p50Ms,omitempty"`
	P99MS  float64 `json:"p99Ms,omitempty"`
	P999MS float64 `json:"p999Ms,omitempty"`
	// CPUSeconds are the contender's own, per 1,000 commands.
	CPUSeconds float64 `json:"cpuSecondsPer1000"`
	// Allocations per command, 0 where they are not to be had.
	Allocations float64 `json:"allocations,omitempty"`
	PeakRSS     int64   `json:"peakRssBytes"`
	// BodyBytes is how long the calls' bodies were, on average.
	BodyBytes int64 `json:"bodyBytes"`
	// Connections are those that the bank was offered.
	Connections int64 `json:"connections"`
	// Overlaps and Backward are calls out of order at the bank, RepeatedCalls those
	// with an invoice number that it had, RepeatedOutcomes outcomes beyond a first.
	Overlaps         int64 `json:"overlaps"`
	Backward         int64 `json:"backward"`
	RepeatedCalls    int64 `json:"repeatedCalls"`
	RepeatedOutcomes int   `json:"repeatedOutcomes"`
	Lost             int   `json:"lost"` // but of a run that was cut short
	// Others is the share of the machine, 0 to 1, that other programs took.
	Others float64 `json:"othersShare"`
}

func newRow(broker string, c cell, who string, round int) row {
	return row{
		Benchmark: "compare", Broker: broker, Cell: c.name, Contender: who, Round: round,
		BankLatencyMS: figures.Milliseconds(c.latency), SlowMS: figures.Milliseconds(c.slow),
		Partitions: c.partitions, Keys: c.keys, Zipf: c.zipf, InFlight: c.inFlight, TLS: c.tls, Processes: c.processes, Rate: c.rate,
	}
}

// String is a measurement for people who watch.
func (r row) String() string {
	if r.Rate > 0 {
		return fmt.Sprintf("%s, round %d, %s: p50 %.2f ms, p99 %.2f ms, %.0f µs, lost %d, others %.0f %%",
			r.Cell, r.Round, r.Contender, r.P50MS, r.P99MS, r.CPUSeconds*1000, r.Lost, 100*r.Others)
	}
	return fmt.Sprintf("%s, round %d, %s: %.0f/s, %.1f µs, %.0f allocations, others %.0f %%",
		r.Cell, r.Round, r.Contender, r.PerSecond, r.CPUSeconds*1000, r.Allocations, 100*r.Others)
}

// violations are the calls out of order.
func (r row) violations() int64 { return r.Overlaps + r.Backward }

// twice is what was done a second time.
func (r row) twice() int64 { return r.RepeatedCalls }

// behind says that a contender could not keep up with the rate that it was offered.
func (r row) behind() bool { return r.Rate > 0 && (r.Lost > 0 || r.PerSecond < 0.9*float64(r.Rate)) }

// between fills in what happened from one mark to another.
func (r *row) between(a, b mark) {
	r.Commands, r.Seconds = b.answered-a.answered, b.at.Sub(a.at).Seconds()
	commands := max(float64(r.Commands), 1)
	r.PerSecond = float64(r.Commands) / max(r.Seconds, time.Microsecond.Seconds())
	r.CPUSeconds = (b.cpu - a.cpu).Seconds() * 1000 / commands
	r.Allocations = (b.allocations - a.allocations) / commands
	r.Others = b.usage.Others(a.usage)
}

// latency fills in how long commands took.
func (r *row) latency(latencies []time.Duration) {
	r.P50MS = figures.Milliseconds(figures.Quantile(latencies, 0.5))
	r.P99MS = figures.Milliseconds(figures.Quantile(latencies, 0.99))
	r.P999MS = figures.Milliseconds(figures.Quantile(latencies, 0.999))
}
