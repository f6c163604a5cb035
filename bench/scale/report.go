package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"bankprocessor/bench/figures"
)

// report writes what was measured, the model, and the first wall.
func report(out io.Writer, p plan, m measured) error {
	all := walls(p, m)
	handOver, crash := changes(p, m)
	if p.output == outputJSON {
		encoder := json.NewEncoder(out)
		for _, w := range all {
			if err := encoder.Encode(row{"wall", w}); err != nil {
				return err
			}
		}
		for _, r := range []row{{"measured", m}, {"handOver", handOver}, {"crash", crash}, {"first", all[0]}} {
			if err := encoder.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	fmt.Fprintf(out, "One of %d processors: %d partitions, %.0f commands/s, a bank of %s.\n\n",
		p.processors, m.ProcessorShare, m.PerSecond, p.bank)
	measuredTable := figures.Table{Columns: []string{"measured", "value"}}
	for _, line := range m.lines() {
		measuredTable.Add(line...)
	}
	if _, err := measuredTable.WriteTo(out); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nOn paper: %d partitions, %d processors, %d brokers, %s commands/s.\n\n",
		p.partitions, p.processors, p.brokers, amount(float64(p.rate)))
	model := figures.Table{Columns: []string{"what", "load", "limit", "unit", "share", "comes of", "is moved by"}}
	for _, w := range all {
		model.Add(w.cells()...)
	}
	if _, err := model.WriteTo(out); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nWhen the group changes every partition moves:")
	fmt.Fprintln(out)
	moves := figures.Table{Columns: []string{"change", "without owner, s", "commands that wait", "worked off in, s", "read of the past", "at the brokers, s"}}
	moves.Add(handOver.cells("a member leaves in good order")...)
	moves.Add(crash.cells("a member is killed")...)
	if _, err := moves.WriteTo(out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s", firsts(all))
	return err
}

// firsts names the first wall and, where that is a setting, the first that is none.
func firsts(all []wall) string {
	text := fmt.Sprintf("The first wall: %s, at %.0f %% of the limit.\n", all[0].Name, 100*all[0].Share)
	behind := slices.IndexFunc(all, func(w wall) bool { return !w.Setting })
	if behind > 0 {
		text += fmt.Sprintf("That is a setting. The first that is none: %s, at %.0f %%.\n", all[behind].Name, 100*all[behind].Share)
	}
	return text
}

// row is one line of the machine-readable output.
type row struct {
	Kind string `json:"kind"`
	Row  any    `json:"row"`
}

func (c change) cells(name string) []string {
	catchUp := "never"
	if c.CatchUpMs >= 0 {
		catchUp = figures.Number(c.CatchUpMs / 1000)
	}
	return []string{
		name, figures.Number(c.QuietMs / 1000), amount(c.Waiting), catchUp,
		amount(c.PastBytes) + "B", figures.Number(c.PastReadMs / 1000),
	}
}

func (m measured) lines() [][]string {
	n := func(v float64) string { return figures.Number(v) }
	return [][]string{
		{"CPU of this experiment, wake-ups included, µs a command", n(m.CPUMicros)},
		{"objects allocated a command", n(m.Allocations)},
		{"commands under way at most", fmt.Sprint(m.InFlight)},
		{"heap, bytes", amount(float64(m.HeapBytes))},
		{"fetches a second", n(m.FetchesPer)},
		{"commits a second, positions in them", n(m.CommitsPer) + ", " + n(m.PositionsPer)},
		{"metadata of a position, bytes: mean, most", n(m.MetadataBytes) + ", " + fmt.Sprint(m.MetadataMost)},
		{"heartbeats a second, of ours", n(m.HeartbeatsPer)},
		{"bytes of a command, its attempt, its outcome", fmt.Sprintf("%d, %d, %d", m.CommandBytes, m.AttemptBytes, m.OutcomeBytes)},
		{"left in good order: a moved partition was without owner, ms", n(m.HandOver.QuietMs)},
		{"a partition that stayed, ms", n(m.HandOver.StayedMs)},
		{"its past: records, bytes, ms at most", fmt.Sprintf("%d, %d, %s", m.HandOver.PastRecords, m.HandOver.PastBytes, n(m.HandOver.TakeoverMs))},
		{"killed, once it was missed: a partition was without owner, ms", n(m.Crash.QuietMs)},
		{"its past: records, bytes, ms at most", fmt.Sprintf("%d, %d, %s", m.Crash.PastRecords, m.Crash.PastBytes, n(m.Crash.TakeoverMs))},
		{"outcomes twice, missing", fmt.Sprintf("%d, %d", m.OutcomesTwice, m.OutcomesLost)},
	}
}
