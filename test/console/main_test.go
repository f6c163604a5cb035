package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// programTime bounds one program, the browser's start included.
const programTime = 2 * time.Minute

// browser is what drives pages.
type browser struct {
	modules, chromium, pictures string
}

// tools finds or installs what drives a browser. In CI what is missing is a failure.
func tools(t *testing.T) browser {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("CI") != "" {
		missing = t.Fatalf
	}
	b := browser{}
	var err error
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if b.chromium, err = exec.LookPath(name); err == nil {
			break
		}
	}
	if err != nil {
		missing("no Chromium is installed: apt-get install chromium")
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing("no Node.js is installed: apt-get install nodejs npm")
	}
	var errs bytes.Buffer
	install := exec.CommandContext(t.Context(), "./install.sh")
	install.Stderr = &errs
	out, err := install.Output()
	if err != nil {
		missing("what drives the browser cannot be installed: %v: %s", err, errs.String())
	}
	b.modules = strings.TrimSpace(string(out))
	if b.pictures, err = filepath.Abs("../../out/console"); err != nil {
		t.Fatal(err)
	}
	return b
}

// report is what a program says at its end.
type report struct {
	Failures []string
	Facts    json.RawMessage
}

// run runs a program with its orders and fails the test for whatever it found.
func (b browser) run(t *testing.T, program string, orders map[string]any) json.RawMessage {
	t.Helper()
	orders["chromium"], orders["pictures"] = b.chromium, b.pictures
	input, err := json.Marshal(orders)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), programTime)
	defer cancel()
	c := exec.CommandContext(ctx, "node", program)
	c.Env = append(os.Environ(), "NODE_PATH="+b.modules)
	c.Stdin = bytes.NewReader(input)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	var r report
	if failed := json.Unmarshal(out, &r); err != nil || failed != nil {
		t.Fatalf("%s: %v\n%s", program, errors.Join(err, failed), errs.String())
	}
	for _, f := range r.Failures {
		t.Errorf("%s: %s", program, f)
	}
	return r.Facts
}
