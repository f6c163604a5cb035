package chaos

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/topics"
)

// settings are what the processors' configurations are made of. Sessions, calls and
// waits are short, so that what takes a minute in production takes seconds; how they
// stand to each other is as it must be: the lease is the session less a call, and the
// first wait before a look-up is longer than the bank is late.
type settings struct {
	Brokers   []string
	Topics    topics.Config
	Group     string
	BankURL   string
	Secrets   string
	Name      string
	Commit    time.Duration
	Window    int
	Drain     time.Duration
	Partition int32
}

var configuration = template.Must(template.New("").Funcs(template.FuncMap{"join": func(all []string) string { return `"` + strings.Join(all, `", "`) + `"` }}).Parse(`
kafka: {brokers: [{{join .Brokers}}], client_id: {{.Name}}, dial_timeout: 1s, request_timeout: 3s, metadata_ttl: 1s}
topics: {prefix: {{.Topics.Prefix}}, partitions: {{.Topics.Partitions}}, replication_factor: 3}
intake:
  group: {{.Group}}
  session_timeout: 2s
  rebalance_timeout: 4s
  heartbeat_interval: 300ms
  drain_timeout: {{.Drain}}
  lease: 1300ms
  commit_interval: {{.Commit}}
  retry_max: 500ms
output: {ack_timeout: 2s, backoff_max: 500ms}
processing:
  backoff_initial: 50ms
  backoff_max: 1s
  settle: [400ms, 600ms, 1200ms]
  publish_grace: 500ms
history: {window: {{.Window}}}
banks:
  interapi:
    http: {base_url: "{{.BankURL}}", timeout: 600ms, dial_timeout: 400ms}
    subscription_key: {file: {{.Secrets}}/subscription-key}
    app_key: {file: {{.Secrets}}/app-key}
    user_code: 'CHAOS\processor'
    customer_numbers: {SOLEN: 955807}
    customer: {open_for: 1s, pause_initial: 1s, pause_max: 2s}
    dbs_write: {open_for: 1s, pause_initial: 1s, pause_max: 2s}
    dbs_read: {open_for: 1s, pause_initial: 1s, pause_max: 2s}
  loanapi:
    http: {base_url: "{{.BankURL}}", timeout: 600ms, dial_timeout: 400ms}
    token: {client_id: sim-client, client_secret: {file: {{.Secrets}}/client-secret}}
    loan: {open_for: 1s, pause_initial: 1s, pause_max: 2s}
    token_calls: {open_for: 1s, pause_initial: 1s, pause_max: 2s}
admin: {address: "127.0.0.1:0"}
log: {level: info, format: text}
`))

// writeSecrets puts what the bank wants to see into a directory.
func writeSecrets(t *testing.T, dir string) {
	t.Helper()
	for name, secret := range map[string]string{
		"subscription-key": banksim.DefaultSubscriptionKey, "app-key": banksim.DefaultAppKey, "client-secret": banksim.DefaultClientSecret,
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600))
	}
}

// write writes a configuration and returns its path.
func (s settings) write(t *testing.T, dir string) string {
	t.Helper()
	var text bytes.Buffer
	must(t, configuration.Execute(&text, s))
	path := filepath.Join(dir, s.Name+".yaml")
	must(t, os.WriteFile(path, text.Bytes(), 0o600))
	return path
}

// member is a processor that is started again whenever it has been ended.
type member struct {
	name    string
	program string
	env     []string
	config  string
	log     string
	now     *process // nil before the first start
	// fell counts how often it has ended by itself.
	fell int
}

func (m *member) running() bool { return m.now != nil && m.now.running() }

// start starts it if it does not run.
func (m *member) start() error {
	if m.running() {
		return nil
	}
	var err error
	m.now, err = start(m.log, m.env, m.program, "run", "--config", m.config)
	return err
}

// fleet are the processors of one run.
type fleet []*member

func newFleet(t *testing.T, dir string, s settings, size int) fleet {
	t.Helper()
	writeSecrets(t, dir)
	s.Secrets = dir
	var all fleet
	for n := range size {
		s.Name = fmt.Sprintf("chaos-%d", n+1)
		m := &member{name: s.Name, program: programs.plain, config: s.write(t, dir), log: filepath.Join(dir, s.Name+".log")}
		all = append(all, m)
	}
	check(t, all[0].config)
	t.Cleanup(func() {
		for _, m := range all {
			if m.running() {
				m.now.kill()
			}
		}
		if t.Failed() {
			for _, m := range all {
				t.Logf("the end of the log of %s:\n%s", m.name, tail(m.log, 20))
			}
		}
	})
	return all
}

// stop ends them all in good order.
func (f fleet) stop(t *testing.T) {
	t.Helper()
	for _, m := range f {
		if m.running() {
			if err := m.now.stop(15 * time.Second); err != nil {
				t.Errorf("stopping %s: %v", m.name, err)
			}
		}
	}
}

// check has the program say what is wrong with a configuration. Brokers that have just
// started may still move the group's coordinator about.
func check(t *testing.T, config string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		out, err := exec.CommandContext(ctx, programs.plain, "check", "--config", config).CombinedOutput()
		if err == nil {
			return
		}
		if wait(ctx, time.Second) != nil {
			t.Fatalf("checking the configuration: %v:\n%s", err, out)
		}
	}
}
