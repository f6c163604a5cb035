package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"bankprocessor/internal/console"
)

// What the command prints is what the console takes: the line as its file has it, with
// nothing of the token in it.
func TestATokenAndItsLine(t *testing.T) {
	t.Parallel()
	code, out, errs := execute(t, "", "console", "token", "alice", "--output", "json")
	if code != exitDone || errs != "" {
		t.Fatalf("exit %d, %s", code, errs)
	}
	var made struct{ Name, Token, Line string }
	must(t, json.Unmarshal([]byte(out), &made))
	secretPart := strings.TrimPrefix(made.Token, "processor_console_")
	if made.Name != "alice" || len(secretPart) != 43 || !strings.HasPrefix(made.Line, "alice sha256:") || strings.Contains(made.Line, secretPart) {
		t.Errorf("got %+v", made)
	}
	path := write(t, "# operators\n"+made.Line+"\n")
	if err := (console.Access{TokensFile: path}).Check(); err != nil {
		t.Errorf("the console does not take the line: %v", err)
	}
	if err := (console.Access{TokensFile: filepath.Join(filepath.Dir(path), "none")}).Check(); err == nil {
		t.Error("a file that is not there is taken")
	}
	_, again, _ := execute(t, "", "console", "token", "alice")
	if strings.Contains(again, secretPart) || !strings.Contains(again, "line   alice sha256:") {
		t.Errorf("want another token, and words around it: %s", again)
	}
	for _, name := range []string{"", "a b", "-x", strings.Repeat("a", 65), "a\n"} {
		if code, _, errs := execute(t, "", "console", "token", "--", name); code != exitUsage || !strings.Contains(errs, "want a name") {
			t.Errorf("%q: exit %d, %s", name, code, errs)
		}
	}
}
