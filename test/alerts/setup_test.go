package alerts

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/telemetry"
)

var (
	root   = os.DirFS("../..")
	update = flag.Bool("update", false, "make the dashboard's JSON of its source")
)

// target are the labels that Prometheus itself puts on what it scrapes.
var target = []string{"namespace", "job", "instance"}

// series is what may be read under a name.
type series struct {
	typ    string // counter, gauge, histogram or record; of a histogram's three, counter
	labels []string
	metric telemetry.Metric // of our own
}

// knownSeries are all names that there are: our metrics, those of the Go runtime and of the
// process, what Prometheus makes, and what the rules record.
func knownSeries(t *testing.T) map[string]series {
	t.Helper()
	known := map[string]series{
		"up":     {typ: "gauge", labels: target},
		"ALERTS": {typ: "gauge", labels: nil}, // see labelsOf
	}
	for _, m := range telemetry.Catalog() {
		labels := slices.Concat(m.Labels, target)
		if m.Type != "histogram" {
			known[m.Name] = series{m.Type, labels, m}
			continue
		}
		for _, name := range m.Names() { // the bare name is a native histogram's
			known[name] = series{"counter", labels, m}
		}
		known[m.Name] = series{"histogram", labels, m}
		known[m.Name+"_bucket"] = series{"counter", append(slices.Clone(labels), "le"), m}
	}
	families, err := telemetry.NewMetrics("v0").Gather()
	must(t, err)
	for _, f := range families {
		if name := f.GetName(); !strings.HasPrefix(name, "processor_") {
			typ := strings.ToLower(f.GetType().String())
			if typ == "summary" {
				known[name+"_sum"], known[name+"_count"] = series{"counter", target, telemetry.Metric{}}, series{"counter", target, telemetry.Metric{}}
			}
			known[name] = series{typ, append(slices.Clone(target), "quantile"), telemetry.Metric{}}
		}
	}
	alerts, records, err := LoadRules(root)
	must(t, err)
	for _, r := range records {
		known[r.Record] = series{typ: "record", labels: outermost(r.Expr)}
	}
	every := map[string]bool{"alertname": true, "alertstate": true, "severity": true}
	for _, a := range alerts {
		for _, label := range Read(a.Expr).Grouping {
			every[label] = true
		}
	}
	known["ALERTS"] = series{typ: "gauge", labels: slices.Concat(slices.Collect(maps.Keys(every)), target)}
	return known
}

// outermost are the labels that a recorded expression keeps: what its first
// aggregation groups by.
func outermost(expr string) []string {
	inside, _, _ := strings.Cut(strings.TrimPrefix(expr, "sum by ("), ")")
	return strings.Split(inside, ", ")
}

// expression is one that stands somewhere.
type expression struct{ where, text string }

// expressions are all there are: the rules', and the dashboard's with its variables.
func expressions(t *testing.T) (rules, board []expression) {
	t.Helper()
	alerts, records, err := LoadRules(root)
	must(t, err)
	for _, r := range append(alerts, records...) {
		rules = append(rules, expression{r.Alert + r.Record, r.Expr})
	}
	b, err := LoadBoard(root)
	must(t, err)
	for _, row := range b.Rows {
		for _, p := range row.Panels {
			for i := range p.Queries {
				legend, expr := p.Query(i)
				board = append(board, expression{"dashboard, " + p.Title + ", " + legend, expr})
			}
		}
	}
	if len(rules) < 30 || len(board) < 60 {
		t.Fatalf("found %d rules and %d queries", len(rules), len(board))
	}
	return rules, board
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
