package examples

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/test/capture"
	"bankprocessor/test/containers"
)

// program is a subscriber as a user starts it.
type program struct {
	w       *world
	name    string
	command []string
	group   string
	store   string
	log     *capture.Text
	running *exec.Cmd
}

func (w *world) goSubscriber() *program {
	w.t.Helper()
	binary := filepath.Join(w.t.TempDir(), "subscriber-go")
	build := exec.CommandContext(w.t.Context(), "go", "build", "-o", binary, "../../examples/subscriber-go")
	if out, err := build.CombinedOutput(); err != nil {
		w.t.Fatalf("building: %v\n%s", err, out)
	}
	return w.newProgram("subscriber-go", binary)
}

func (w *world) javaSubscriber() *program {
	w.t.Helper()
	java := containers.NeedProgram(w.t, "java")
	containers.NeedProgram(w.t, "javac")
	containers.NeedProgram(w.t, "mvn")
	var faults bytes.Buffer
	build := exec.CommandContext(w.t.Context(), "../../examples/subscriber-java/build.sh")
	build.Stderr = &faults
	classpath, err := build.Output()
	if err != nil {
		w.t.Fatalf("building: %v\n%s", err, &faults)
	}
	return w.newProgram("subscriber-java", java, "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-cp", strings.TrimSpace(string(classpath)), "Subscriber")
}

func (w *world) newProgram(name string, command ...string) *program {
	p := &program{w: w, name: name, group: "examples." + name, log: &capture.Text{},
		store: filepath.Join(w.t.TempDir(), "outcomes.ndjson")}
	p.command = append(command, "--brokers", strings.Join(w.brokers, ","), "--group", p.group, "--prefix", w.names.Prefix,
		"--schemas", w.schemas, "--registry", w.registry, "--store", p.store)
	w.t.Cleanup(func() {
		if p.running != nil {
			p.kill()
		}
	})
	return p
}

func (p *program) start() {
	p.w.t.Helper()
	p.running = exec.Command(p.command[0], p.command[1:]...)
	p.running.Stdout, p.running.Stderr = p.log, p.log
	must(p.w.t, p.running.Start())
}

// kill is kill -9.
func (p *program) kill() {
	_ = p.running.Process.Kill()
	_ = p.running.Wait()
	p.running = nil
}

// stop is what a supervisor does, and must end well.
func (p *program) stop() {
	p.w.t.Helper()
	must(p.w.t, p.running.Process.Signal(syscall.SIGTERM))
	err := p.running.Wait()
	p.running = nil
	// A JVM that is asked to end says so, whatever its main method does.
	if code := exitCode(err); code != 0 && code != 128+int(syscall.SIGTERM) {
		p.w.t.Errorf("%s: %v\n%s", p.name, err, p.log.Tail(20))
	}
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}

// booked is what stands in the store: the last line of each command. Each event must
// stand there once, and a command's revisions must rise.
func (p *program) booked() booked {
	p.w.t.Helper()
	text, err := os.ReadFile(p.store)
	must(p.w.t, err)
	found := booked{}
	for line := range strings.Lines(string(text)) {
		var o struct {
			state
			CommandID string `json:"command_id"`
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			p.w.t.Fatalf("%s: a line of the store: %v", p.name, err)
		}
		if before, again := found[o.CommandID]; again && before.Revision >= o.Revision {
			p.w.t.Errorf("%s: %s was booked with revision %d after %d", p.name, o.CommandID, o.Revision, before.Revision)
		}
		found[o.CommandID] = o.state
	}
	return found
}

func (p *program) tearStore() {
	p.w.t.Helper()
	file, err := os.OpenFile(p.store, os.O_APPEND|os.O_WRONLY, 0o600)
	must(p.w.t, err)
	_, err = file.WriteString(`{"command_id":"of a line that was being wri`)
	must(p.w.t, err)
	must(p.w.t, file.Close())
}

// Both programs take the same stream, are killed and get all of it again, and end in
// the state that the contract for subscribers leads to.
func TestSubscribersEndInTheSameState(t *testing.T) {
	w := openWorld(t)
	s := newStream(w)
	programs := []*program{w.goSubscriber(), w.javaSubscriber()}

	w.publish(s.everyKind()...)
	w.publish(s.revisions()...)
	for _, p := range programs {
		p.start()
	}
	for _, p := range programs {
		p.log.Await(t, "applied") // in the middle, more or less
		p.kill()
		p.tearStore()
		w.rewind(p.group)
	}
	w.publish(s.odd()...)
	w.publish(s.evolution()...)
	for _, p := range programs {
		p.start()
	}
	for _, p := range programs {
		w.committed(p.group, p.log)
		p.stop()
		if diff := cmp.Diff(s.want, p.booked()); diff != "" {
			t.Errorf("%s has booked (-want +got):\n%s", p.name, diff)
		}
	}

	// All of it once more changes nothing, and is told as what it is.
	for _, p := range programs {
		before, lines := p.booked(), size(t, p.store)
		w.rewind(p.group)
		p.start()
		w.committed(p.group, p.log)
		p.stop()
		if diff := cmp.Diff(before, p.booked()); diff != "" || size(t, p.store) != lines {
			t.Errorf("%s has booked what it had already:\n%s", p.name, diff)
		}
		for _, word := range []string{"duplicate", "late", "not an outcome: left out"} {
			if !strings.Contains(p.log.String(), word) {
				t.Errorf("%s says nowhere %q", p.name, word)
			}
		}
		if strings.Contains(p.log.String(), secret) || strings.Contains(text(t, p.store), secret) {
			t.Errorf("%s has written down what the bank said", p.name)
		}
	}
}

// A registry that does not answer has said nothing: the outcome is not booked without
// its value, and comes again.
func TestSubscribersAwaitTheRegistry(t *testing.T) {
	w := openWorld(t)
	s := newStream(w)
	w.publish(s.evolution()...)
	there := w.registry
	for _, p := range []*program{w.goSubscriber(), w.javaSubscriber()} {
		at := slices.Index(p.command, there)
		p.command[at] = "http://127.0.0.1:1"
		p.start()
		err := p.running.Wait()
		p.running = nil
		if exitCode(err) != 1 || !strings.Contains(p.log.String(), "registry") {
			t.Errorf("%s without a registry: %v\n%s", p.name, err, p.log.Tail(20))
		}
		for id := range p.booked() {
			if p.booked()[id].Unread {
				t.Errorf("%s has booked an outcome unread because the registry was away", p.name)
			}
		}
		p.command[at] = there
		w.leave(p.group)
		p.start()
		w.committed(p.group, p.log)
		p.stop()
		if diff := cmp.Diff(s.want, p.booked()); diff != "" {
			t.Errorf("%s has booked (-want +got):\n%s", p.name, diff)
		}
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.Size()
}

func text(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	return string(content)
}
