package command

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the code table of the README")

// TestReadmeListsEveryCode holds the README's table of codes to the source.
func TestReadmeListsEveryCode(t *testing.T) {
	const (
		path  = "../../README.md"
		begin = "go test ./internal/command -update` -->\n"
		end   = "<!-- /codes -->"
	)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no code table: want it between %q and %q", path, begin, end)
	}
	want := head + begin + codesAsMarkdown() + end + tail
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Errorf("%s is not up to date: run go test ./internal/command -update", path)
	}
}

func codesAsMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| code | category | seen with | meaning |\n| --- | --- | --- | --- |\n")
	for _, c := range Codes() {
		statuses := make([]string, len(c.Statuses))
		for i, s := range c.Statuses {
			statuses[i] = "`" + string(s) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Code, c.Category, strings.Join(statuses, " "), c.Meaning)
	}
	b.WriteString("\n")
	return b.String()
}
