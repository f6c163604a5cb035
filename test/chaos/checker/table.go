package checker

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"bankprocessor/internal/command"
)

// Row is one run in the table.
type Row struct {
	Name       string
	Report     *Report
	Recoveries []time.Duration // ascending
	Faults     []Count         // the same kinds in every row
}

// Count is how often something was done.
type Count struct {
	What  string
	Times int
}

// Table is the verdicts of several runs, for a person: what must be 0 first, then what
// is only counted.
func Table(rows []Row) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(name string, cell func(Row) string) {
		cells := []string{name}
		for _, r := range rows {
			cells = append(cells, cell(r))
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")+"\t")
	}
	number := func(name string, of func(*Report) int) {
		line(name, func(r Row) string { return fmt.Sprint(of(r.Report)) })
	}
	line("", func(r Row) string { return r.Name })
	number("commands", func(r *Report) int { return r.Commands })
	number("published again", func(r *Report) int { return r.PublishedAgain })
	for _, kind := range Kinds() {
		number("! "+string(kind), func(r *Report) int { return len(r.Of(kind)) })
	}
	for _, status := range command.Statuses() {
		number(string(status), func(r *Report) int { return r.Outcomes[status] })
	}
	for _, name := range command.Names() {
		if !name.ReadOnly() {
			number("... "+string(name), func(r *Report) int { return r.InDoubt[name] })
		}
	}
	number("outcomes on the wire again", func(r *Report) int { return r.Repeated })
	number("... with other moments", func(r *Report) int { return r.SaidAnew })
	number("dead letters", func(r *Report) int { return r.Letters })
	number("... again", func(r *Report) int { return r.LettersAgain })
	number("calls at the bank", func(r *Report) int { return r.Calls })
	number("... repeated", func(r *Report) int { return r.CallsAgain })
	number("attempts", func(r *Report) int { return r.Attempts })
	number("... withdrawn", func(r *Report) int { return r.Withdrawn })
	line("outcomes per second", func(r Row) string {
		if r.Report.Took == 0 {
			return "-"
		}
		return fmt.Sprintf("%.0f", float64(r.Report.Commands)/r.Report.Took.Seconds())
	})
	line("recovery, median", func(r Row) string { return quantile(r.Recoveries, 2) })
	line("recovery, longest", func(r Row) string { return quantile(r.Recoveries, 1) })
	if len(rows) > 0 {
		for i, f := range rows[0].Faults {
			line(f.What, func(r Row) string { return fmt.Sprint(r.Faults[i].Times) })
		}
	}
	_ = w.Flush() // a strings.Builder takes everything
	return text.String()
}

// quantile is the last of the first nth.
func quantile(ascending []time.Duration, nth int) string {
	if len(ascending) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f s", ascending[(len(ascending)-1)/nth].Seconds())
}

// Complaint is what a person needs of a report that found something: the first few
// violations of each kind, with the whole trail of their commands. "" when nothing is
// wrong.
func (r *Report) Complaint(few int) string {
	var text strings.Builder
	for _, kind := range Kinds() {
		of := r.Of(kind)
		if len(of) == 0 {
			continue
		}
		fmt.Fprintf(&text, "%d %s\n", len(of), kind)
		for _, v := range of[:min(few, len(of))] {
			fmt.Fprintf(&text, "- %s\n", v.Text)
			if v.CommandID != "" {
				text.WriteString(r.Trail(v.CommandID))
			}
		}
	}
	return text.String()
}
