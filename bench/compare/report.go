package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"

	"bankprocessor/bench/figures"
)

// report is tables of what was measured.
type report struct {
	cells []cell
	rows  rows
	plan  plan
}

// newReport takes the cells and contenders of which there are rows.
func newReport(p plan, found rows) report {
	r := report{rows: found, plan: p}
	for _, c := range cells() {
		c.contenders = slices.DeleteFunc(everybody(), func(who string) bool { return len(found.of(c.name, who)) == 0 })
		if len(c.contenders) > 0 {
			r.cells = append(r.cells, c)
		}
	}
	return r
}

// write writes Markdown.
func (r report) write(out io.Writer) error {
	if len(r.rows) == 0 {
		return nil
	}
	rounds := slices.Max(r.rows.values(func(r row) float64 { return float64(r.Round) }))
	fmt.Fprintf(out, "%s and everything else on %d processors, of which other programs took %.0f %% (up to %.0f %%); medians of %.0f rounds in turn, "+
		"ratios of the same round (lowest to highest); %d keys, and up to %d calls in flight (%d at 50 ms) unless said.\n",
		r.rows[0].Broker, runtime.NumCPU(), figures.Median(r.rows.values(othersShare)), slices.Max(r.rows.values(othersShare)), rounds,
		usualKeys, usualInFlight(5*ms), usualInFlight(50*ms))
	for _, t := range []struct {
		kind  kind
		title string
		table func([]cell) figures.Table
	}{
		{throughput, "A backlog worked off", r.throughput},
		{pace, "Fixed rates, whatever has become of the commands before", r.latency},
		{headOfLine, "One key in 1,000 takes the bank 2 s: latency of the others", r.pairs("p99 ms", "p99 ms with slow keys", p99)},
		{scaling, "One processor, and two of one group", r.pairs("commands/s of one", "of two", perSecond)},
	} {
		cells := slices.DeleteFunc(slices.Clone(r.cells), func(c cell) bool { return c.kind != t.kind })
		if len(cells) == 0 {
			continue
		}
		fmt.Fprintf(out, "\n**%s**\n\n", t.title)
		table := t.table(cells)
		if _, err := table.WriteTo(out); err != nil {
			return err
		}
	}
	return r.legend(out)
}

func (r report) throughput(cells []cell) figures.Table {
	t := figures.Table{Columns: []string{
		"", "contender", "commands/s", "to the ceiling's", "CPU s per 1,000", "to the ceiling's", "allocations", "peak MB", "out of order", "called twice",
	}}
	for _, c := range cells {
		ceiling := r.rows.of(c.name, nameCeiling)
		for i, who := range c.contenders {
			rows := r.rows.of(c.name, who)
			t.Add(first(i, c.name), who, rows.median(perSecond), ratio(rows.against(ceiling, perSecond)),
				rows.median(cpuSeconds), ratio(rows.against(ceiling, cpuSeconds)), rows.median(allocated), rows.median(megabytes),
				rows.total(row.violations), rows.total(row.twice))
		}
	}
	return t
}

func (r report) latency(cells []cell) figures.Table {
	t := figures.Table{Columns: []string{
		"", "contender", "p50 ms", "p99", "p99.9", "p50 but for the bank", "p99 but for the bank", "p99 to the ceiling's", "CPU s per 1,000", "to the ceiling's", "",
	}}
	for _, c := range cells {
		ceiling := r.rows.of(c.name, nameCeiling)
		bank := figures.Milliseconds(c.latency)
		for i, who := range c.contenders {
			rows, behind := r.rows.of(c.name, who), ""
			if slices.ContainsFunc(rows, row.behind) {
				behind = "falls behind"
			}
			t.Add(first(i, c.name), who, rows.median(p50), rows.median(p99), rows.median(p999),
				rows.median(func(r row) float64 { return r.P50MS - bank }), rows.median(func(r row) float64 { return r.P99MS - bank }),
				ratio(rows.against(ceiling, p99)), rows.median(cpuSeconds), ratio(rows.against(ceiling, cpuSeconds)), behind)
		}
	}
	return t
}

// pairs compares cells with their base.
func (r report) pairs(without, with string, f figure) func([]cell) figures.Table {
	return func(cells []cell) figures.Table {
		t := figures.Table{Columns: []string{"", "contender", without, with, "ratio", ""}}
		for _, c := range cells {
			if c.base == "" {
				continue
			}
			for i, who := range c.contenders {
				changed, base, behind := r.rows.of(c.name, who), r.rows.of(c.base, who), ""
				if slices.ContainsFunc(base, row.behind) {
					behind = "falls behind without them"
				}
				t.Add(first(i, c.base), who, base.median(f), changed.median(f), ratio(changed.against(base, f)), behind)
			}
		}
		return t
	}
}

// legend says who the contenders are.
func (r report) legend(out io.Writer) error {
	var text strings.Builder
	text.WriteString("\n")
	for _, who := range contenders() {
		if slices.ContainsFunc(r.cells, func(c cell) bool { return slices.Contains(c.contenders, who.name) }) {
			fmt.Fprintf(&text, "- `%s`: %s.\n", who.name, who.legend)
		}
	}
	for _, what := range r.plan.missing {
		fmt.Fprintf(&text, "- Not measured: %s.\n", what)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// first is a cell's name in its first line alone.
func first(line int, name string) string {
	if line > 0 {
		return ""
	}
	return name
}

func ratio(r figures.Ratio) string {
	if math.IsNaN(r.Median) { // nothing to compare with
		return "-"
	}
	return r.String()
}
