package main

import (
	"encoding/json"
	"fmt"
	"io"

	"bankprocessor/bench/figures"
)

func (r *runner) report(out io.Writer) error {
	if r.plan.output == outputJSON {
		return printRows(out, r.rows)
	}
	return printTables(out, r.plan, r.rows)
}

func printRows(out io.Writer, rows []row) error {
	encoder := json.NewEncoder(out)
	for _, r := range rows {
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("printing a row: %w", err)
		}
	}
	return nil
}

func printTables(out io.Writer, p plan, rows []row) error {
	table := figures.Table{Columns: []string{"cell", "contender", "commands/s", "to the ceiling", "CPU s per 1,000", "to the ceiling", "allocations", "peak MB", "out of order"}}
	for _, c := range p.cells {
		for _, who := range c.contenders {
			perSecond := func(r row) float64 { return r.PerSecond }
			cpu := func(r row) float64 { return r.CPUSeconds }
			get := func(who string, f func(row) float64) (values []float64) {
				for _, r := range rows {
					if r.Cell == c.name && r.Contender == who {
						values = append(values, f(r))
					}
				}
				return values
			}
			median := func(f func(row) float64) string { return figures.Number(figures.Median(get(who, f))) }
			table.Add(c.name, who, median(perSecond), figures.Compare(get(who, perSecond), get(nameCeiling, perSecond)).String(),
				median(cpu), figures.Compare(get(who, cpu), get(nameCeiling, cpu)).String(),
				median(func(r row) float64 { return r.Allocations }),
				median(func(r row) float64 { return float64(r.PeakRSS) / (1 << 20) }),
				median(func(r row) float64 { return float64(r.violations()) }))
		}
	}
	_, err := table.WriteTo(out)
	return err
}
