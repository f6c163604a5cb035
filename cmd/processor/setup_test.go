package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/app"
	"bankprocessor/internal/config"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/topics"
	"bankprocessor/test/capture"
)

// asProgram has this binary be the processor instead of its tests, for a shell to
// run.
const asProgram = "TEST_AS_PROCESSOR"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// bash runs a script in dir with the processor as a command and returns what it
// prints; a failure ends the test.
func bash(t *testing.T, dir string, environ []string, script string) string {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	must(t, err)
	wrapper := "#!/bin/sh\n" + asProgram + "=1 exec " + self + " \"$@\"\n"
	must(t, os.WriteFile(filepath.Join(bin, "processor"), []byte(wrapper), 0o700))
	c := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	c.Dir = dir
	c.Env = append(append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH")), environ...)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, &errs)
	}
	return string(out)
}

// ran is one run of the command line.
type ran struct {
	out, err *capture.Text
	stop     context.CancelFunc
	code     chan int
}

// begin runs the command line in the background; the test's end stops it.
func begin(t *testing.T, in string, environ []string, args ...string) *ran {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &ran{out: &capture.Text{}, err: &capture.Text{}, stop: cancel, code: make(chan int, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.code <- run(ctx, args, terminal{in: strings.NewReader(in), out: r.out, err: r.err, environ: environ})
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return r
}

// end waits for the run's exit code.
func (r *ran) end(t *testing.T) int {
	t.Helper()
	select {
	case code := <-r.code:
		return code
	case <-time.After(30 * time.Second):
		t.Fatalf("the command does not end:\n%s%s", r.out, r.err)
		return -1
	}
}

// execute runs the command line to its end.
func execute(t *testing.T, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	r := begin(t, in, nil, args...)
	code = r.end(t)
	return code, r.out.String(), r.err.String()
}

func startSandbox(t *testing.T, o sandbox.Options) (box *sandbox.Sandbox, brokers string) {
	t.Helper()
	if o.Topics.Partitions == 0 {
		o.Topics.Partitions = 2
	}
	box, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Stop(); err != nil {
			t.Error(err)
		}
	})
	return box, strings.Join(box.Brokers(), ",")
}

func startProcessor(t *testing.T, box *sandbox.Sandbox, c topics.Config) {
	t.Helper()
	startConfigured(t, app.SandboxConfig(box, c))
}

func startConfigured(t *testing.T, cfg config.Config) {
	t.Helper()
	a, err := app.New(cfg, app.Options{
		Logger: telemetry.NewLogger(t.Output(), telemetry.LogConfig{Level: "warn", Format: "text"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), a.StopTimeout())
		defer cancel()
		if err := a.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
}

// configFile writes a whole configuration for the sandbox.
func configFile(t *testing.T, box *sandbox.Sandbox, more string) string {
	t.Helper()
	c := app.SandboxConfig(box, topics.Config{})
	text := `
kafka:
  brokers: ["` + c.Kafka.Brokers[0] + `"]
topics: {partitions: 2, replication_factor: 1}
admin: {address: "127.0.0.1:0"}
banks:
  interapi:
    http: {base_url: "` + box.BankURL() + `"}
    subscription_key: {file: "` + box.SubscriptionKeyFile() + `"}
    app_key: {file: "` + box.AppKeyFile() + `"}
    user_code: 'SANDBOX\processor'
    customer_numbers: {SOLEN: 955807}
  loanapi:
    http: {base_url: "` + box.BankURL() + `"}
    token: {client_id: ` + c.Banks.LoanAPI.Token.ClientID + `, client_secret: {file: "` + box.ClientSecretFile() + `"}}
` + more
	return write(t, text)
}

func write(t *testing.T, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "processor.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// wantAll fails for every text that is not there.
func wantAll(t *testing.T, in string, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if !strings.Contains(in, want) {
			t.Errorf("want %q in:\n%s", want, in)
		}
	}
}
