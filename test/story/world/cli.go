package world

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The operator's files.
const (
	publicKeyset  = "dlq-public.json"
	privateKeyset = "dlq-private.json"
	digestKey     = "dlq-digest.key"
)

// Build compiles the command line into dir.
func Build(dir string) (program string, err error) {
	program = filepath.Join(dir, "processor")
	out, err := exec.Command("go", "build", "-o", program, "bankprocessor/cmd/processor").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the command line: %w: %s", err, out)
	}
	return program, nil
}

// equip gives the operator a configuration, and the keys where letters are sealed.
func (w *World) equip() {
	w.T.Helper()
	if w.options.Program == "" {
		return
	}
	w.Config = w.File("processor.yaml")
	text := fmt.Sprintf("kafka: {brokers: [%q]}\ntopics: {partitions: %d, replication_factor: 1}\n", w.Box.Brokers()[0], w.Topics.Partitions)
	if w.options.Sealed {
		text += fmt.Sprintf("dead_letters:\n  encryption: {private_keyset_file: %q}\n  digest_key: {file: %q}\n", w.File(privateKeyset), w.File(digestKey))
		w.must(os.WriteFile(w.File(digestKey), []byte("a key for digests, made up\n"), 0o600))
	}
	w.must(os.WriteFile(w.Config, []byte(text), 0o600))
	if w.options.Sealed {
		w.Run("", "dlq", "keys", "create", "--private", w.File(privateKeyset), "--public", w.File(publicKeyset)).OK()
	}
}

// Ran is a command line that has ended.
type Ran struct {
	Args      []string
	Code      int // -1 for one that was killed
	Out, Errs string

	world *World
}

// OK fails the test unless it ended well, and returns what it has printed.
func (r Ran) OK() string { return r.Exit(0) }

// Exit fails the test unless it ended with that code.
func (r Ran) Exit(code int) string {
	r.world.T.Helper()
	if r.Code != code {
		r.world.T.Fatalf("processor %s: exit %d, want %d\n%s%s", strings.Join(r.Args, " "), r.Code, code, r.Out, r.Errs)
	}
	return r.Out
}

// Says fails the test for every text that is in neither output.
func (r Ran) Says(texts ...string) Ran {
	r.world.T.Helper()
	for _, want := range texts {
		if !strings.Contains(r.Out+r.Errs, want) {
			r.world.T.Errorf("processor %s: want %q in\n%s%s", strings.Join(r.Args, " "), want, r.Out, r.Errs)
		}
	}
	return r
}

// Lines reads NDJSON.
func (r Ran) Lines() (all []map[string]any) {
	r.world.T.Helper()
	d := json.NewDecoder(strings.NewReader(r.Out))
	for {
		line := map[string]any{}
		err := d.Decode(&line)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			r.world.T.Fatalf("processor %s: %v\n%s", strings.Join(r.Args, " "), err, r.Out)
		}
		all = append(all, line)
	}
}

// DLQ runs a command of `processor dlq` with the operator's configuration.
func (w *World) DLQ(operator string, args ...string) Ran {
	w.T.Helper()
	return w.Run(operator, w.dlq(args)...)
}

func (w *World) dlq(args []string) []string {
	return append(append([]string{"dlq"}, args...), "--config", w.Config)
}

// Run runs the command line to its end.
func (w *World) Run(operator string, args ...string) Ran {
	w.T.Helper()
	return w.Start(operator, args...).Wait()
}

// StartDLQ is DLQ without waiting for the end.
func (w *World) StartDLQ(operator string, args ...string) *Process {
	w.T.Helper()
	return w.Start(operator, w.dlq(args)...)
}

// Process is a command line that runs.
type Process struct {
	world     *World
	cmd       *exec.Cmd
	args      []string
	out, errs output
	ended     chan struct{} // closed when it has
}

// output is what a process has printed so far; lines has a value for every line.
type output struct {
	text  bytes.Buffer
	lines chan struct{}
}

// maxLines bounds how many lines of a process can be waited for.
const maxLines = 10_000

func (o *output) Write(p []byte) (int, error) {
	for range bytes.Count(p, []byte("\n")) {
		select {
		case o.lines <- struct{}{}:
		default: // nobody waits for so many
		}
	}
	return o.text.Write(p)
}

// Start starts the command line as an operator. It is killed at the end of the test, if
// it still runs.
func (w *World) Start(operator string, args ...string) *Process {
	w.T.Helper()
	p := &Process{world: w, cmd: exec.Command(w.options.Program, args...), args: args, ended: make(chan struct{})}
	p.out.lines, p.errs.lines = make(chan struct{}, maxLines), make(chan struct{}, maxLines)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.errs
	p.cmd.Env = append(os.Environ(), "PROCESSOR_OPERATOR="+operator)
	w.must(p.cmd.Start())
	go func() {
		_ = p.cmd.Wait() // its exit code says it
		close(p.ended)
	}()
	w.T.Cleanup(p.Kill)
	return p
}

// Kill ends it as kill -9 does, and waits for that.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // one that has ended needs none
	<-p.ended
}

// Interrupt is Ctrl-C.
func (p *Process) Interrupt() { p.world.must(p.cmd.Process.Signal(syscall.SIGINT)) }

// Printed waits until it has printed so many lines, or has ended.
func (p *Process) Printed(lines int) {
	p.world.T.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for range lines {
		select {
		case <-p.out.lines:
		case <-p.ended:
			return
		case <-timer.C:
			p.world.T.Fatalf("processor %s prints no %d lines", strings.Join(p.args, " "), lines)
		}
	}
}

// Wait waits for its end.
func (p *Process) Wait() Ran {
	p.world.T.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case <-p.ended:
	case <-ctx.Done():
		p.Kill()
		p.world.T.Errorf("processor %s does not end", strings.Join(p.args, " "))
	}
	r := Ran{Args: p.args, Code: p.cmd.ProcessState.ExitCode(), Out: p.out.text.String(), Errs: p.errs.text.String(), world: p.world}
	p.world.Lock()
	defer p.world.Unlock()
	p.world.said = append(p.world.said, r)
	return r
}

// Said are all command lines that have ended and were waited for.
func (w *World) Said() []Ran {
	w.Lock()
	defer w.Unlock()
	return slices.Clone(w.said)
}
