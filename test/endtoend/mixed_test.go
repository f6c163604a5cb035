package endtoend

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/test/capture"
)

// releaseBefore is the commit of the release that is upgraded from; RELEASE_BEFORE
// names another. It knows no revision but the first.
const releaseBefore = "d99f824a0ce050bf186d42008d634d86f9ef2cf7"

// buildReleaseBefore builds the program of that commit, beside this checkout. A shallow
// clone has it not, and skips; a whole one must have it.
func buildReleaseBefore(t *testing.T) string {
	t.Helper()
	commit := os.Getenv("RELEASE_BEFORE")
	if commit == "" {
		commit = releaseBefore
	}
	dir := t.TempDir()
	var source, faults bytes.Buffer
	archive := exec.CommandContext(t.Context(), "git", "archive", commit)
	archive.Dir, archive.Stdout, archive.Stderr = "../..", &source, &faults
	if err := archive.Run(); err != nil {
		shallow := exec.CommandContext(t.Context(), "git", "rev-parse", "--is-shallow-repository")
		shallow.Dir = "../.."
		if said, _ := shallow.Output(); os.Getenv("CI") != "" && strings.TrimSpace(string(said)) == "false" {
			t.Fatalf("NOT RUN: the history lacks %s: %v %s", commit, err, &faults)
		}
		t.Skipf("SKIPPED, AND SO NOT SHOWN: the history lacks %s: %v", commit, err)
	}
	unpack := exec.CommandContext(t.Context(), "tar", "-x", "-C", dir)
	unpack.Stdin = &source
	must(t, unpack.Run())
	program := filepath.Join(dir, "processor-before")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/processor")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", commit, err, out)
	}
	return program
}

// startProgram runs a processor of another build in this world, and returns what stops
// it in good order.
func (w *world) startProgram(program string) (stop func()) {
	w.t.Helper()
	log := &capture.Text{}
	cmd := exec.CommandContext(context.WithoutCancel(w.t.Context()), program, "run", "--config", w.configFile(w.box.BankURL()))
	cmd.Stdout, cmd.Stderr = log, log
	must(w.t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	over := false
	stop = func() {
		if over {
			return
		}
		over = true
		_ = cmd.Process.Signal(os.Interrupt)
		if err := <-ended; err != nil {
			w.t.Errorf("the processor of the release before: %v\n%s", err, log.Tail(30))
		}
	}
	w.t.Cleanup(stop)
	log.Await(w.t, "generation begins")
	return stop
}

// The release before and this one work side by side in one group, and either goes on
// where the other has stopped: upgrade, canary and rollback are restarts.
func TestTheReleaseBeforeWorksBesideThisOne(t *testing.T) {
	t.Parallel()
	program := buildReleaseBefore(t)
	w := openWorld(t, sandbox.Options{})
	w.watch()
	var ids []string
	some := func() {
		for range 20 {
			ids = append(ids, sendSome(w)...)
		}
	}
	some()
	stopBefore := w.startProgram(program)
	some()
	canary := w.processor(quickly)
	await(t, 20*time.Second, "partitions for both", func() bool {
		parts := len(canary.Intake().Partitions)
		return parts > 0 && parts < len(w.commandPartitions())
	})
	some()
	succeeds(w, ids...)

	must(t, stop(canary)) // the rollback
	some()
	succeeds(w, ids...)
	// What the release before does not know of it does not do: no replay.
	done := w.draft(command.DBSLimitQuery, nil)
	w.publish(done.Record)
	succeeds(w, done.Command.ID)
	replay := done.Record
	replay.Headers = append(replay.Headers, kafka.Header{Key: command.HeaderReplayRevision, Value: []byte("2")})
	w.after(w.publish(replay)[0])
	ids = append(ids, done.Command.ID)

	a := w.processor(quickly)
	stopBefore()
	some()
	succeeds(w, ids...)
	once(w, ids...)
	noLetters(w)
	for _, invoice := range w.bank.Ledger().Invoices {
		if n := invoice.Applied("I"); n != 1 {
			t.Errorf("invoice %s was recorded %d times", invoice.Number, n)
		}
	}
	must(t, stop(a))
}
