package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"bankprocessor/bench/figures"
)

// rows are measurements of one broker.
type rows []row

// readRows reads what --output json has printed.
func readRows(file string) (found rows, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading rows: %w", err)
	}
	defer func() { _ = f.Close() }()
	for decoder := json.NewDecoder(f); ; {
		var r row
		switch err := decoder.Decode(&r); {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("reading rows of %s: %w", file, err)
		}
		found = append(found, r)
	}
}

// of are a contender's rows in a cell, in order of rounds.
func (all rows) of(cell, who string) (found rows) {
	for _, r := range all {
		if r.Cell == cell && r.Contender == who {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b row) int { return a.Round - b.Round })
	return found
}

// figure is a number of a row.
type figure func(row) float64

func perSecond(r row) float64   { return r.PerSecond }
func cpuSeconds(r row) float64  { return r.CPUSeconds }
func p50(r row) float64         { return r.P50MS }
func p99(r row) float64         { return r.P99MS }
func p999(r row) float64        { return r.P999MS }
func allocated(r row) float64   { return r.Allocations }
func megabytes(r row) float64   { return float64(r.PeakRSS) / (1 << 20) }
func othersShare(r row) float64 { return 100 * r.Others }

func (all rows) values(f figure) []float64 {
	values := make([]float64, 0, len(all))
	for _, r := range all {
		values = append(values, f(r))
	}
	return values
}

// median is a figure's, as the table has it; "-" where there is none.
func (all rows) median(f figure) string {
	values := all.values(f)
	if len(values) == 0 || slices.Max(values) == 0 {
		return "-"
	}
	return figures.Number(figures.Median(values))
}

// total adds up what should not be there at all.
func (all rows) total(f func(row) int64) string {
	sum := int64(0)
	for _, r := range all {
		sum += f(r)
	}
	return fmt.Sprint(sum)
}

// against compares round by round; rounds that one of the two has not are left out.
func (all rows) against(other rows, f figure) figures.Ratio {
	var mine, theirs []float64
	for _, r := range all {
		for _, o := range other {
			if o.Round == r.Round {
				mine, theirs = append(mine, f(r)), append(theirs, f(o))
			}
		}
	}
	return figures.Compare(mine, theirs)
}
