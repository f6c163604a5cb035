package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bankprocessor/test/containers"
)

const unit = root + "/deploy/systemd/bank-processor.service"

// systemd takes the unit as it stands, with the program where the package puts it, and
// finds little that could be taken from it still.
func TestSystemdTakesTheUnit(t *testing.T) {
	t.Parallel()
	analyze := containers.NeedProgram(t, "systemd-analyze")
	text := read(t, unit)
	const program = "/usr/bin/processor "
	if strings.Count(text, program) != 2 {
		t.Fatalf("the unit does not run %s twice", program)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "bank-processor.service")
	// Verified is what the program's path leads to.
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, program, build(t, "1.2.3")+" ")), 0o644); err != nil {
		t.Fatal(err)
	}
	if e := execute(t, "", analyze, "verify", "--man=no", file); e.code != 0 || strings.Contains(e.err, "bank-processor.service:") {
		t.Errorf("systemd-analyze verify: exit %d: %s%s", e.code, e.out, e.err)
	}
	// Tenths of ten: 1.5 of 10 at most.
	if e := execute(t, "", analyze, "security", "--offline=true", "--no-pager", "--threshold=15", file); e.code != 0 {
		t.Errorf("systemd-analyze security: %s%s", e.out, e.err)
	}
}

// A unit with a typo is noticed.
func TestSystemdRefusesATypo(t *testing.T) {
	t.Parallel()
	text := strings.Replace(read(t, unit), "ProtectSystem=", "ProtectSystems=", 1)
	text = strings.ReplaceAll(text, "/usr/bin/processor ", "/bin/true ")
	e := execute(t, "", containers.NeedProgram(t, "systemd-analyze"), "verify", "--man=no", written(t, "bank-processor.service", text))
	if !strings.Contains(e.err, "ProtectSystems") {
		t.Errorf("nothing is said: %s", e.err)
	}
}

// What the unit runs is a command line of the processor, and one that a configuration
// without faults passes.
func TestTheUnitRunsWhatThereIs(t *testing.T) {
	t.Parallel()
	processor := build(t, "1.2.3")
	for line := range strings.Lines(read(t, unit)) {
		name, command, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name != "ExecStartPre" && name != "ExecStart" {
			continue
		}
		args := strings.Fields(command)[1:]
		if args[len(args)-1] != "/etc/bank-processor/processor.yaml" {
			t.Errorf("%s does not name the package's configuration: %s", name, command)
		}
		args[len(args)-1] = "/etc/bank-processor/there-is-none.yaml"
		e := execute(t, "", processor, args...)
		if e.code != 2 || !strings.Contains(e.err, "there-is-none.yaml") {
			t.Errorf("%s: %q: exit %d: %s", name, command, e.code, e.err)
		}
	}
}
