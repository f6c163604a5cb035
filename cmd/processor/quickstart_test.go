package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is a block of code on a page.
type block struct{ kind, text string }

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

func blocksOf(t *testing.T, page string) []block {
	t.Helper()
	var all []block
	for _, m := range fence.FindAllStringSubmatch(text(t, page), -1) {
		all = append(all, block{m[1], m[2]})
	}
	return all
}

// What differs from run to run is one and the same thing, and so is any white space.
var passing = []struct {
	found *regexp.Regexp
	same  string
}{
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`), "MOMENT"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d\b`), "TIME"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDRESS"},
	{regexp.MustCompile(`processor_console_[\w-]+`), "TOKEN"},
}

func steady(line string) string {
	for _, p := range passing {
		line = p.found.ReplaceAllString(line, p.same)
	}
	return strings.Join(strings.Fields(line), " ")
}

// wantShown fails for every line that the page shows and the output does not have.
func wantShown(t *testing.T, after, shown, printed string) {
	t.Helper()
	has := map[string]bool{}
	for line := range strings.Lines(printed) {
		has[steady(line)] = true
	}
	for line := range strings.Lines(shown) {
		if !has[steady(line)] {
			t.Errorf("the page shows %q after\n%s\nbut that prints\n%s", strings.TrimSpace(line), after, printed)
		}
	}
}

// Every command line of the quick start runs, in their order and in one shell, and
// prints what the page shows.
func TestTheQuickStartWorks(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil && os.Getenv("CI") == "" {
		t.Skip("the page wants curl")
	}
	dev := begin(t, "", nil, "dev", "--kafka-port", "0", "--bank-port", "0", "--admin", "127.0.0.1:0")
	announced := dev.out.Await(t, "Ctrl-C ends it.\n")
	brokers, bank, admin := lineAfter(announced, "broker  "), lineAfter(announced, "bank    "), lineAfter(announced, "admin   ")
	here := strings.NewReplacer("127.0.0.1:9092", brokers, "http://127.0.0.1:8080", bank, "http://127.0.0.1:9464/", admin)

	const border = "\n@@ block "
	var script strings.Builder
	var commands, shown []string // by block of commands
	for _, b := range blocksOf(t, "../../docs/quick-start.md") {
		switch b.kind {
		case "sh":
			commands, shown = append(commands, b.text), append(shown, "")
			run := here.Replace(b.text)
			if b.text == "processor dev\n" {
				run = ":\n" // it runs already
			}
			script.WriteString("printf '" + strings.ReplaceAll(border, "\n", `\n`) + `\n'` + "\n" + run)
		case "text":
			shown[len(shown)-1] = b.text
		}
	}
	work, bin := t.TempDir(), t.TempDir()
	root, err := filepath.Abs("../..")
	must(t, err)
	must(t, os.Symlink(filepath.Join(root, "schemas"), filepath.Join(work, "schemas"))) // nothing is written to the project
	install := "go() { if [ \"$1\" = install ]; then command go -C " + root + " install ./cmd/processor; else command go \"$@\"; fi; }\n"
	out := bash(t, work, []string{"GOBIN=" + bin, "GOFLAGS=-buildvcs=false"}, install+"PATH="+bin+":$PATH\n"+script.String())
	printed := strings.Split(out, border)[1:]
	if len(printed) != len(commands) || len(commands) < 9 {
		t.Fatalf("%d blocks were printed of %d:\n%s", len(printed), len(commands), out)
	}
	if _, err := os.Stat(filepath.Join(bin, "processor")); err != nil {
		t.Error(err)
	}
	for i := range commands {
		if commands[i] == "processor dev\n" {
			printed[i] = announced
		}
		wantShown(t, commands[i], shown[i], printed[i])
	}
	metrics := text(t, filepath.Join(work, "metrics.txt"))
	wantAll(t, metrics, "processor_")
}

// lineAfter is the rest of the line that begins so.
func lineAfter(text, head string) string {
	_, rest, _ := strings.Cut(text, head)
	line, _, _ := strings.Cut(rest, "\n")
	return line
}
