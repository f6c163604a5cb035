package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"bankprocessor/bench/figures"
)

// gate is what the processor may not fall behind, in ratios to the ceiling. It was
// measured by the program that reads it.
type gate struct {
	// Throughput and CPU are the processor's ratios when they were recorded.
	Throughput float64 `json:"throughput"`
	CPU        float64 `json:"cpu"`
	// Margin is by how much of them they may be worse: 0.15 for 15 %.
	Margin float64 `json:"margin"`
}

func readGate(file string) (g gate, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return g, fmt.Errorf("reading the gate: %w", err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		return g, fmt.Errorf("reading the gate: %w", err)
	}
	if g.Throughput <= 0 || g.CPU <= 0 || g.Margin <= 0 || g.Margin >= 1 {
		return g, errors.New("reading the gate: throughput and cpu are positive, margin is between 0 and 1")
	}
	return g, nil
}

var errGate = errors.New("the processor has become slower")

// check prints both ratios and is an error when one is worse than the gate lets it.
func (g gate) check(out io.Writer, r report) error {
	c := quick().name
	ceiling, ours := r.rows.of(c, nameCeiling), r.rows.of(c, nameProcessor)
	fast, cheap := ours.against(ceiling, perSecond), ours.against(ceiling, cpuSeconds)
	least, most := g.Throughput*(1-g.Margin), g.CPU*(1+g.Margin)
	fmt.Fprintf(out, "\ngate, to the ceiling: throughput %s, at least %s; CPU %s, at most %s\n",
		fast, figures.Number(least), cheap, figures.Number(most))
	var errs []error
	if !(fast.Median >= least) { // NaN, too, is none
		errs = append(errs, fmt.Errorf("%w: throughput is %s of the ceiling's", errGate, figures.Number(fast.Median)))
	}
	if !(cheap.Median <= most) {
		errs = append(errs, fmt.Errorf("%w: its CPU time is %s times the ceiling's", errGate, figures.Number(cheap.Median)))
	}
	return errors.Join(errs...)
}
