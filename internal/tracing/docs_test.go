package tracing_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"bankprocessor/internal/tracing"
	"bankprocessor/test/pages"
)

var update = flag.Bool("update", false, "rewrite the attributes in docs/traces.md")

// The page's attributes are those of the spans.
func TestAttributesReference(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("\n| attribute | on | what it says |\n| --- | --- | --- |\n")
	for _, a := range tracing.Attributes() {
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", a.Key, a.On, a.Meaning)
	}
	table.WriteString("\n")
	pages.Hold(t, "../../docs/traces.md", "attributes", "go test ./internal/tracing -run TestAttributesReference -update", table.String(), *update)
}

// The tree on the page is the one that is drawn, but for what it says beside it.
func TestThePageDrawsTheTree(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/traces.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(tree) {
		drawn, _, _ := strings.Cut(strings.TrimRight(line, "\n"), " !")
		if !strings.Contains(string(text), "\n"+drawn+"  ") {
			t.Errorf("the page does not have %q", drawn)
		}
	}
}
