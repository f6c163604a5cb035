// Package process runs the programs of a benchmark, each in a process of its own,
// and says what they cost: a contender that shares a process with its driver, its
// bank or its broker cannot be measured apart from them.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process is a program that runs. Its output goes to a file.
type Process struct {
	name  string
	cmd   *exec.Cmd
	log   string
	ended chan struct{} // closed when it has
	err   error         // how, once ended
}

// Start starts a program with its output in dir/name.log.
func Start(dir, name, program string, arguments ...string) (*Process, error) {
	p := &Process{name: name, log: filepath.Join(dir, name+".log"), ended: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	defer func() { _ = out.Close() }() // the process has its own
	p.cmd = exec.Command(program, arguments...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	// In a group of its own: a Ctrl-C is the benchmark's, which stops the rest.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

var errEnded = errors.New("it has ended")

// Await waits until the output has a line with that prefix and returns the rest of
// the line.
func (p *Process) Await(ctx context.Context, prefix string) (string, error) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		for line := range strings.Lines(p.Output()) {
			if rest, found := strings.CutPrefix(line, prefix); found && strings.HasSuffix(rest, "\n") {
				return strings.TrimSpace(rest), nil
			}
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("waiting for %s: %w", p.name, context.Cause(ctx))
		case <-p.ended:
			return "", fmt.Errorf("waiting for %s: %w:\n%s", p.name, errEnded, p.Output())
		case <-ticker.C:
		}
	}
}

// Output is all that it has written so far.
func (p *Process) Output() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Alive is an error with its output when it has ended.
func (p *Process) Alive() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s: %w (%w):\n%s", p.name, errEnded, p.err, p.Output())
	default:
		return nil
	}
}

// Wait waits for its end; one that fails, or outlives ctx, is an error with its
// output.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.ended:
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("waiting for %s: %w", p.name, context.Cause(ctx)), p.Stop(0))
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w:\n%s", p.name, p.err, p.Output())
	}
	return nil
}

// Stop ends it in good order within patience, else by force, which is an error.
func (p *Process) Stop(patience time.Duration) error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // one that has ended needs none
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.ended:
		return nil
	case <-timer.C:
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	return fmt.Errorf("%s did not stop within %s:\n%s", p.name, patience, p.Output())
}

// PID is its process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// ticksPerSecond is USER_HZ, which is 100 on every Linux.
const ticksPerSecond = 100

// CPU is the processor time that the process has used, in user and kernel mode, to
// the hundredth of a second.
func (p *Process) CPU() (time.Duration, error) { return cpuOf(p.PID()) }

var errStat = errors.New("not what /proc has")

// cpuTicks reads utime and stime: the 12th and 13th fields behind the program's
// name, which may itself have spaces and brackets.
func cpuTicks(stat []byte) (int64, error) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, errStat
	}
	user, err := strconv.ParseInt(string(fields[11]), 10, 64)
	if err != nil {
		return 0, errStat
	}
	system, err := strconv.ParseInt(string(fields[12]), 10, 64)
	if err != nil {
		return 0, errStat
	}
	return user + system, nil
}

// PeakRSS is the most memory that the process has had resident, in bytes.
func (p *Process) PeakRSS() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, fmt.Errorf("reading the memory of %s: %w", p.name, err)
	}
	for line := range strings.Lines(string(text)) {
		if size, found := strings.CutPrefix(line, "VmHWM:"); found {
			kib, err := strconv.ParseInt(strings.Fields(size)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("reading the memory of %s: no VmHWM", p.name)
}
