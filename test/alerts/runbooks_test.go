package alerts

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	legendLabel = regexp.MustCompile(`\{\{([a-z_]+)\}\}`)
	usedLabel   = regexp.MustCompile(`\$labels\.([a-z_]+)`)
	block       = regexp.MustCompile("(?s)```promql\n(.*?)```")
	metricName  = regexp.MustCompile(`\bprocessor[_:][a-z_0-9:]+`)
)

// sections are what every runbook says, in this order.
var sections = []string{"## What it means", "## How to see it", "## What to do", "## What not to do", "## When it goes away", "## How to undo"}

// Every alert is whole: a severity, words, and a runbook that says all that an
// operator needs; and every runbook has its alert.
func TestEveryAlertHasItsRunbook(t *testing.T) {
	t.Parallel()
	alerts, _, err := LoadRules(root)
	must(t, err)
	index, err := fs.ReadFile(root, runbooksDir+"/README.md")
	must(t, err)
	names := map[string]bool{}
	for _, a := range alerts {
		if names[a.Alert] {
			t.Errorf("%s: there are two", a.Alert)
		}
		names[a.Alert] = true
		file := path.Join(runbooksDir, a.Alert+".md")
		if got := a.Annotations["runbook_url"]; got != file {
			t.Errorf("%s: runbook_url is %q, want %q", a.Alert, got, file)
		}
		severity := a.Labels["severity"]
		if severity != "page" && severity != "ticket" || a.Annotations["summary"] == "" || a.Annotations["description"] == "" {
			t.Errorf("%s: severity %q, %q", a.Alert, severity, a.Annotations)
		}
		row := fmt.Sprintf("| [%s](%s.md) | %s | ", a.Alert, a.Alert, severity)
		if !strings.Contains(string(index), row) {
			t.Errorf("%s/README.md has no row %q", runbooksDir, row)
		}
		text, err := fs.ReadFile(root, file)
		if err != nil {
			t.Error(err)
			continue
		}
		book := string(text)
		if !strings.HasPrefix(book, "# "+a.Alert+"\n") || !strings.Contains(book, "severity **"+severity+"**") {
			t.Errorf("%s: want the alert's name and severity at its head", file)
		}
		from := 0
		for _, s := range sections {
			at := strings.Index(book[from:], "\n"+s+"\n")
			if at < 0 {
				t.Errorf("%s: there is no %q after the section before", file, s)
				continue
			}
			from += at + len(s)
		}
	}
	books, err := fs.Glob(root, runbooksDir+"/*.md")
	must(t, err)
	for _, book := range books {
		if name := strings.TrimSuffix(path.Base(book), ".md"); name != "README" && !names[name] {
			t.Errorf("%s: there is no such alert", book)
		}
	}
}

// The queries of the runbooks are as good as those of the rules.
func TestRunbooksQueryWhatThereIs(t *testing.T) {
	t.Parallel()
	known := knownSeries(t)
	for _, e := range runbookQueries(t) {
		for _, wrong := range judge(known, e.text) {
			t.Errorf("%s: %s: %s", e.where, e.text, wrong)
		}
	}
	books, err := fs.Glob(root, runbooksDir+"/*.md")
	must(t, err)
	for _, book := range books {
		text, err := fs.ReadFile(root, book)
		must(t, err)
		for _, name := range metricName.FindAllString(string(text), -1) {
			if _, ok := known[strings.TrimRight(name, ":")]; !ok {
				t.Errorf("%s: there is no %s", book, name)
			}
		}
	}
}

// runbookQueries are the lines of the runbooks' promql blocks.
func runbookQueries(t *testing.T) (all []expression) {
	t.Helper()
	books, err := fs.Glob(root, runbooksDir+"/*.md")
	must(t, err)
	for _, book := range books {
		text, err := fs.ReadFile(root, book)
		must(t, err)
		for _, m := range block.FindAllStringSubmatch(string(text), -1) {
			for line := range strings.Lines(m[1]) {
				all = append(all, expression{book, strings.TrimSpace(line)})
			}
		}
	}
	if len(all) < 20 {
		t.Errorf("found %d queries in runbooks", len(all))
	}
	return all
}

// What an alert says of itself is made of labels that it can have.
func TestAlertsSayWhatTheyKnow(t *testing.T) {
	t.Parallel()
	known := knownSeries(t)
	alerts, _, err := LoadRules(root)
	must(t, err)
	for _, a := range alerts {
		q := Read(a.Expr)
		can := slices.Concat(q.Grouping, q.Made)
		if len(q.Grouping) == 0 || !strings.Contains(a.Expr, " by (") { // the series' own
			for _, s := range q.Selectors {
				can = append(can, known[s.Name].labels...)
			}
		}
		for _, m := range usedLabel.FindAllStringSubmatch(fmt.Sprint(a.Annotations), -1) {
			if !slices.Contains(can, m[1]) {
				t.Errorf("%s says %s, which it does not have", a.Alert, m[1])
			}
		}
	}
}

// The dashboard leads to runbooks that exist, and to every one of them.
func TestTheDashboardLeadsToEveryRunbook(t *testing.T) {
	t.Parallel()
	alerts, _, err := LoadRules(root)
	must(t, err)
	b, err := LoadBoard(root)
	must(t, err)
	led := map[string]bool{}
	for _, row := range b.Rows {
		for _, p := range row.Panels {
			for _, name := range p.Runbooks {
				led[name] = true
			}
		}
	}
	for _, a := range alerts {
		if !led[a.Alert] {
			t.Errorf("no panel leads to %s", a.Alert)
		}
		delete(led, a.Alert)
	}
	for name := range led {
		t.Errorf("a panel leads to %s, which is no alert", name)
	}
}
