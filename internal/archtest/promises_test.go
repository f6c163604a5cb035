package archtest

import (
	"regexp"
	"strings"
	"testing"
)

// What the suites judge by is on the pages, under the same name.
func TestWhatIsJudgedIsDocumented(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		source string
		named  *regexp.Regexp
		page   string
		row    string // where the name stands for %
	}{
		{"test/simulation/invariants_test.go", regexp.MustCompile(`invariant = "([^"]+)"`), "docs/one-outcome.md", "| `%` |"},
		{"test/chaos/checker/judge.go", regexp.MustCompile(`Kind = "([^"]+)"`), "docs/chaos.md", "| `! %` |"},
		{"internal/planted/doc.go", regexp.MustCompile(`Safeguard = "([^"]+)"`), "docs/chaos.md", "| `%` |"},
	} {
		names := tt.named.FindAllStringSubmatch(text(t, tt.source), -1)
		if len(names) < 5 {
			t.Errorf("found %d names in %s", len(names), tt.source)
		}
		page := text(t, tt.page)
		for _, name := range names {
			if row := strings.ReplaceAll(tt.row, "%", name[1]); !strings.Contains(page, "\n"+row) {
				t.Errorf("%s has no row %s, of which %s speaks", tt.page, row, tt.source)
			}
		}
	}
}
