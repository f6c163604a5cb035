package examples

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// blocks are a page's pieces of Go and Java.
var blocks = regexp.MustCompile("(?ms)^```(go|java)\n(.*?)^```$")

// What docs/subscribers.md quotes stands in the programs, line for line but for the
// depth of its indentation.
func TestThePageQuotesThePrograms(t *testing.T) {
	t.Parallel()
	programs := map[string]string{}
	for language, pattern := range map[string]string{"go": "subscriber-go/*.go", "java": "subscriber-java/*.java"} {
		files, err := filepath.Glob("../../examples/" + pattern)
		must(t, err)
		for _, file := range files {
			programs[language] += unindented(text(t, file))
		}
	}
	quoted := map[string]int{}
	for _, block := range blocks.FindAllStringSubmatch(text(t, "../../docs/subscribers.md"), -1) {
		quoted[block[1]]++
		if !strings.Contains(programs[block[1]], unindented(block[2])) {
			t.Errorf("no %s program has:\n%s", block[1], block[2])
		}
	}
	if quoted["go"] < 4 || quoted["java"] < 4 {
		t.Errorf("found %v", quoted)
	}
}

// unindented leaves out what begins each line, and aligns comments.
func unindented(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.Join(strings.Fields(line), " ") + "\n")
	}
	return b.String()
}
