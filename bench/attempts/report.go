package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"bankprocessor/bench/figures"
)

func printRows(out io.Writer, rows []row) error {
	encoder := json.NewEncoder(out)
	for _, r := range rows {
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("printing a row: %w", err)
		}
	}
	return nil
}

// figure is one column of the measurements that the table compares.
type figure struct {
	name  string
	of    func(row) float64
	paced bool // says something of rates alone, else of backlogs too
	burst bool // says something of backlogs
}

var compared = []figure{
	{name: "commands/s", of: func(r row) float64 { return r.PerSecond }, burst: true},
	{name: "p50 ms", of: func(r row) float64 { return r.P50MS }, paced: true},
	{name: "p99 ms", of: func(r row) float64 { return r.P99MS }, paced: true},
	{name: "p99.9 ms", of: func(r row) float64 { return r.P999MS }, paced: true},
	{name: "CPU s per 1,000", of: func(r row) float64 { return r.CPUSeconds }, paced: true, burst: true},
}

// printTable compares the contenders: medians over rounds, and the ratios of the
// rounds.
func printTable(out io.Writer, p plan, broker string, rows []row) error {
	var others []float64
	for _, r := range rows {
		others = append(others, 100*r.Others)
	}
	fmt.Fprintf(out, "%s and everything else on %d processors, of which other programs took %.0f %% (up to %.0f %%); %d rounds in turn; "+
		"%d keys, %d partitions, up to %d commands in flight; backlogs of %d commands, rates for %s.\n\n",
		broker, runtime.NumCPU(), figures.Median(others), slices.Max(others), p.rounds, p.keys, partitions, p.inFlight, p.backlog, p.paced)
	table := figures.Table{Columns: []string{"bank", "load", "", "without attempts", "with", "ratio (lowest to highest round)"}}
	for _, latency := range p.latencies {
		for _, rate := range append([]int{0}, p.rates...) {
			for _, f := range compared {
				if rate == 0 && !f.burst || rate > 0 && !f.paced {
					continue
				}
				without, with := f.values(rows, latency, rate, false), f.values(rows, latency, rate, true)
				load := "backlog"
				if rate > 0 {
					load = fmt.Sprintf("%d/s", rate)
				}
				table.Add(latency.String(), load, f.name, figures.Number(figures.Median(without)),
					figures.Number(figures.Median(with)), figures.Compare(with, without).String())
			}
		}
	}
	_, err := table.WriteTo(out)
	return err
}

// values are a figure's values in order of rounds.
func (f figure) values(rows []row, latency time.Duration, rate int, attempts bool) (values []float64) {
	for _, r := range rows {
		if r.BankLatencyMS == figures.Milliseconds(latency) && r.Rate == rate && r.Attempts == attempts {
			values = append(values, f.of(r))
		}
	}
	return values
}
