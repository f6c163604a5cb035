package cluster

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// table is the verdicts, for a person.
type table []verdict

// String is the table with its head.
func (t table) String() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	columns := []string{
		"fault", "commands", "meanwhile", "outcomes", "lost", "inversions", "again on the wire", "again at the bank",
		"first after return", "caught up", "silence, its partitions", "silence, others", "not ready",
	}
	_, _ = fmt.Fprintln(w, strings.Join(columns, "\t")+"\t")
	for _, v := range t {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t\n", v.scenario,
			v.commands, v.during, v.outcomes, v.lost, v.inversions, v.again, v.calls,
			seconds(v.first), seconds(v.caughtUp), seconds(v.ownSilence), seconds(v.others), seconds(v.unready))
	}
	_ = w.Flush() // a strings.Builder takes everything
	return text.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
