package alerts

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"bankprocessor/internal/command"
	"bankprocessor/internal/telemetry"
)

// overCounters are the functions that mean something over counters alone.
var overCounters = []string{"rate", "irate", "increase", "resets"}

// Every series that a rule or the dashboard reads exists, with the labels and the
// values that it is asked for, and as what it is.
func TestEveryQueryReadsWhatThereIs(t *testing.T) {
	t.Parallel()
	known := knownSeries(t)
	rules, board := expressions(t)
	read := map[string]bool{}
	for _, e := range append(rules, board...) {
		for _, wrong := range judge(known, e.text) {
			t.Errorf("%s: %s", e.where, wrong)
		}
		for _, s := range Read(e.text).Selectors {
			read[strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(s.Name, "_bucket"), "_sum"), "_count")] = true
		}
	}
	for name, s := range known {
		if s.metric.Name == name && !read[name] {
			t.Errorf("nobody looks at %s", name)
		}
		if s.typ == "record" && !read[name] {
			t.Errorf("%s is recorded for nobody", name)
		}
	}
}

// judge says what is wrong with an expression.
func judge(known map[string]series, expr string) (wrong []string) {
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	q := Read(expr)
	if len(q.Selectors) == 0 {
		complain("reads nothing")
	}
	labels := slices.Clone(q.Made)
	for _, s := range q.Selectors {
		is, ok := known[s.Name]
		if !ok {
			complain("there is no %s", s.Name)
			continue
		}
		labels = append(labels, is.labels...)
		counter := is.typ == "counter"
		switch {
		case is.typ == "histogram":
			complain("%s is a histogram: want its _bucket, _sum or _count", s.Name)
		case slices.Contains(overCounters, s.Within) && !counter:
			complain("%s of %s, which is a %s", s.Within, s.Name, is.typ)
		case slices.Contains([]string{"deriv", "delta", "avg_over_time", "max_over_time", "min_over_time"}, s.Within) && counter:
			complain("%s of %s, which is a counter", s.Within, s.Name)
		}
		for _, m := range s.Matchers {
			if !slices.Contains(is.labels, m.Label) {
				complain("%s has no label %s", s.Name, m.Label)
				continue
			}
			for _, v := range m.Values() {
				if !possible(is, m.Label, v) {
					complain("%s is never %q of %s", m.Label, v, s.Name)
				}
			}
		}
	}
	for _, label := range q.Grouping {
		if !slices.Contains(labels, label) {
			complain("nothing in it has the label %s", label)
		}
	}
	if strings.Contains(expr, "histogram_quantile") && !slices.Contains(q.Grouping, "le") {
		complain("a quantile of buckets that are not told apart by le")
	}
	return wrong
}

// possible says whether a label can have a value, as far as that is bounded.
func possible(s series, label, value string) bool {
	switch {
	case strings.HasPrefix(value, "$"): // Grafana's
		return true
	case label == "code":
		return command.Known(command.Code(value))
	case label == "status":
		return slices.Contains([]command.Status{
			command.Succeeded, command.Partial, command.Pending, command.Rejected, command.Failed, command.InDoubt,
		}, command.Status(value))
	case label == "le":
		bound, err := strconv.ParseFloat(strings.ReplaceAll(value, "[.]", "."), 64)
		return err == nil && slices.Contains(s.metric.Buckets, bound)
	case s.metric.Name == "": // a record, or not ours
		return true
	}
	all := s.metric.Values(label)
	return !strings.Contains(all, "`") || strings.Contains(all, "`"+value+"`")
}

// Each way in which a query can be wrong is noticed.
func TestWrongQueriesAreNoticed(t *testing.T) {
	t.Parallel()
	known := knownSeries(t)
	for expr, want := range map[string]string{
		`rate(processor_commands_done_total[5m])`:                                                       "no processor_commands_done_total",
		`rate(processor_intake_lag_records[5m])`:                                                        "which is a gauge",
		`deriv(processor_attempts_total[5m])`:                                                           "which is a counter",
		`processor_bank_call_duration_seconds`:                                                          "want its _bucket",
		`processor_lease_held{topic="x"}`:                                                               "no label topic",
		`sum by (grop) (processor_bank_gate_shut)`:                                                      "the label grop",
		`processor_bank_gate_shut{reason="secret-refused"}`:                                             `never "secret-refused"`,
		`processor_bank_calls_total{code=~"bank.no_answer|bank.answerless"}`:                            `never "bank.answerless"`,
		`processor_commands_completed_total{status="DONE"}`:                                             `never "DONE"`,
		`processor_takeover_duration_seconds_bucket{le="7"}`:                                            `never "7"`,
		`histogram_quantile(0.5, sum by (job) (rate(processor_bank_call_duration_seconds_bucket[5m])))`: "told apart by le",
		`processor:intake_lag_records:sum{topic="x"}`:                                                   "no label topic",
		`vector(1)`: "reads nothing",
	} {
		if wrong := judge(known, expr); len(wrong) != 1 || !strings.Contains(wrong[0], want) {
			t.Errorf("%s: got %q, want %q", expr, wrong, want)
		}
	}
}

// A bucket's bound has one spelling in Prometheus' text and another in OpenMetrics.
func TestBoundsAreMatchedInBothSpellings(t *testing.T) {
	t.Parallel()
	rules, board := expressions(t)
	found := 0
	for _, e := range append(rules, board...) {
		for _, s := range Read(e.text).Selectors {
			for _, m := range s.Matchers {
				if m.Label != "le" {
					continue
				}
				found++
				bound := m.Values()[0]
				if !strings.Contains(bound, ".") && (!m.Matches(bound) || !m.Matches(bound+".0")) {
					t.Errorf("%s: %v misses a spelling", e.where, m)
				}
			}
		}
	}
	if found == 0 {
		t.Error("there is none: this test is for nothing")
	}
}

// The topics of all commands, and no other name, are told apart.
func TestLagKnowsEveryCommand(t *testing.T) {
	t.Parallel()
	_, records, err := LoadRules(root)
	must(t, err)
	for _, r := range records {
		if r.Record != "processor:intake_lag_records:sum" {
			continue
		}
		_, after, _ := strings.Cut(r.Expr, `".*?(`)
		listed, _, _ := strings.Cut(after, `)"`)
		var want []string
		for _, name := range command.Names() {
			want = append(want, strings.ReplaceAll(string(name), ".", `\\.`))
		}
		got := strings.Split(listed, "|")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		return
	}
	t.Fatal("the rule is gone")
}

// ofMetric says whether a metric of ours, or one of its series, has a label.
func ofMetric(name, label string) bool {
	for _, m := range telemetry.Catalog() {
		if slices.Contains(m.Names(), name) {
			return slices.Contains(m.Labels, label) || label == "le" && strings.HasSuffix(name, "_bucket")
		}
	}
	return false
}

// Who takes native histograms keeps classic ones beside them: the rules read those.
func TestTheComposeFilesPrometheusKeepsClassicHistograms(t *testing.T) {
	t.Parallel()
	var file struct {
		Jobs []struct {
			Name    string `yaml:"job_name"`
			Classic bool   `yaml:"always_scrape_classic_histograms"`
		} `yaml:"scrape_configs"`
	}
	text, err := fs.ReadFile(root, "deploy/compose/prometheus.yml")
	must(t, err)
	must(t, yaml.Unmarshal(text, &file))
	if len(file.Jobs) == 0 {
		t.Fatal("it scrapes nothing")
	}
	for _, job := range file.Jobs {
		if !job.Classic {
			t.Errorf("%s: want always_scrape_classic_histograms", job.Name)
		}
	}
}
