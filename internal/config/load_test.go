package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/consumers"
	"bankprocessor/internal/topics"
)

// whole has every required key.
const whole = `
kafka:
  brokers: ["127.0.0.1:9092"]
banks:
  interapi:
    http: {base_url: "http://127.0.0.1:1"}
    subscription_key: {file: /nowhere}
    app_key: {env: APP_KEY}
    user_code: 'DOMAIN\user'
  loanapi:
    http: {base_url: "http://127.0.0.1:1"}
    token: {client_id: c, client_secret: {file: /nowhere}}
`

func load(t *testing.T, text string, environ ...string) (config.Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(file, environ)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	c, err := load(t, whole+"intake: {session_timeout: 12s}\n", "PROCESSOR_TOPICS_PREFIX=test.", "PROCESSOR_LOG_LEVEL=debug")
	if err != nil {
		t.Fatal(err)
	}
	if c.Topics.Prefix != "test." || c.Log.Level != "debug" {
		t.Errorf("want the variables to win, got %q and %q", c.Topics.Prefix, c.Log.Level)
	}
	if c.Intake.DrainTimeout != 4*time.Second {
		t.Errorf("want defaults that follow what is set, got %s", c.Intake.DrainTimeout)
	}
	if c.Banks.InterAPI.Tokened() {
		t.Error("want no token without a client id")
	}
}

func TestLoadFromTheEnvironmentAlone(t *testing.T) {
	t.Parallel()
	c, err := config.Load("", []string{
		"PROCESSOR_KAFKA_BROKERS=a.example.com:9092,b.example.com:9092",
		"PROCESSOR_BANKS_INTERAPI_HTTP_BASE_URL=https://interapi.example.com",
		"PROCESSOR_BANKS_INTERAPI_SUBSCRIPTION_KEY_ENV=SUBSCRIPTION_KEY",
		"PROCESSOR_BANKS_INTERAPI_APP_KEY_FILE=/run/secrets/app-key",
		`PROCESSOR_BANKS_INTERAPI_USER_CODE=DOMAIN\user`,
		"PROCESSOR_BANKS_INTERAPI_CUSTOMER_NUMBERS=SOLEN=955807",
		"PROCESSOR_BANKS_LOANAPI_HTTP_BASE_URL=https://loans.example.com",
		"PROCESSOR_BANKS_LOANAPI_TOKEN_CLIENT_ID=c",
		"PROCESSOR_BANKS_LOANAPI_TOKEN_CLIENT_SECRET_FILE=/run/secrets/s",
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Kafka.Brokers) != 2 || c.Banks.InterAPI.CustomerNumbers["SOLEN"] != 955807 {
		t.Errorf("got %v and %v", c.Kafka.Brokers, c.Banks.InterAPI.CustomerNumbers)
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t, `
kafka:
  brokers: ["nonsense"]
  client_idd: x
topics:
  partitions: -2
intake:
  session_timeout: 30
  bulkheads: {dbs.invoice.upsert: 0, nothing: 5}
processing:
  settle: []
banks:
  interapi:
    http:
      base_url: ftp://x
      timeout: -1s
    app_key: canary
    subscription_key: {file: /nowhere, env: BOTH}
    customer_numbers: {SOLEN: 0}
    dbs_write: {failure_ratio: 2}
log: {level: loud}
`, "PROCESSOR_ADMIN_ADDRESS=nowhere", "PROCESSOR_NOPE=1")
	var faults *config.Faults
	if !errors.As(err, &faults) || !config.IsFault(err) {
		t.Fatalf("want *Faults, got %v", err)
	}
	for _, want := range []string{
		"line 3: kafka.brokers[0]: want host:port",
		`line 4: kafka.client_idd: unknown key; did you mean "kafka.client_id"?`,
		"line 6: topics.partitions: want at least 1",
		"line 8: intake.session_timeout: want a duration",
		"line 9: intake.bulkheads.dbs.invoice.upsert: want at least 1",
		"line 9: intake.bulkheads.nothing: want one of the seven commands",
		"line 11: processing.settle: want at least one wait",
		"line 15: banks.interapi.http.base_url: want https://host",
		"line 16: banks.interapi.http.timeout: want a positive duration",
		"line 17: banks.interapi.app_key: a secret must not stand in the configuration",
		"line 18: banks.interapi.subscription_key: want file or env, not both",
		"line 19: banks.interapi.customer_numbers.SOLEN: want",
		"line 20: banks.interapi.dbs_write.failure_ratio: want more than 0, at most 1",
		"banks.interapi.user_code: want",
		"banks.loanapi.http.base_url: want",
		"banks.loanapi.token.client_id: want a value",
		"banks.loanapi.token.client_secret: want file or env",
		"line 21: log.level: want debug, info, warn or error",
		"admin.address: want host:port",
		"environment variable PROCESSOR_NOPE: no key has this variable",
	} {
		if !slices.ContainsFunc(strings.Split(err.Error(), "\n"), func(line string) bool {
			return strings.HasPrefix(strings.TrimSpace(line), want)
		}) {
			t.Errorf("want a line that begins with %q", want)
		}
	}
	if strings.Contains(err.Error(), "canary") {
		t.Error("a secret got into the error")
	}
	if strings.Count(err.Error(), "banks.interapi.app_key") != 1 {
		t.Error("want each fault once")
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestNoFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), nil)
	if !errors.Is(err, os.ErrNotExist) || config.IsFault(err) {
		t.Errorf("want the file system's error, got %v", err)
	}
}

func TestIntakeReadsEveryCommandTopic(t *testing.T) {
	t.Parallel()
	in := config.Intake{Bulkheads: map[command.Name]int{command.DBSInvoiceUpsert: 7}}.WithDefaults()
	cfg := in.For(topics.Config{Prefix: "p."})
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"p.dbs.invoice.upsert": 7, "p.customer.create": cfg.TopicInFlight}
	for topic, inFlight := range want {
		if !slices.Contains(cfg.Topics, consumers.Topic{Name: topic, MaxInFlight: inFlight}) {
			t.Errorf("want %s with %d in flight in %v", topic, inFlight, cfg.Topics)
		}
	}
	if len(cfg.Topics) != len(command.Names()) {
		t.Errorf("want seven topics, got %v", cfg.Topics)
	}
}

func TestLoadSomeSections(t *testing.T) {
	t.Parallel()
	c, err := config.Load("", []string{"PROCESSOR_KAFKA_BROKERS=127.0.0.1:9092"}, "kafka", "topics")
	if err != nil || len(c.Kafka.Brokers) != 1 {
		t.Errorf("want the banks left alone, got %v", err)
	}
	if _, err := config.Load("", nil, "kafka"); err == nil || !strings.Contains(err.Error(), "kafka.brokers") {
		t.Errorf("want kafka checked, got %v", err)
	}
	if _, err := config.Load("", []string{"PROCESSOR_NOPE=1"}, "topics"); err == nil {
		t.Error("want unknown variables refused all the same")
	}
}

func TestTimeoutsThatLoseACallAreRefused(t *testing.T) {
	t.Parallel()
	_, err := load(t, whole+`
intake: {session_timeout: 30s, lease: 25s, rebalance_timeout: 24s, drain_timeout: 10s}
`)
	for _, want := range []string{"intake.rebalance_timeout: want more than drain_timeout", "intake.lease: want at most session_timeout less"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
	c, err := load(t, whole+`
intake: {session_timeout: 20s}
`)
	if err != nil || c.Intake.Lease != 10*time.Second {
		t.Errorf("lease %v, %v: want the session less the longest bank call", c.Intake.Lease, err)
	}
}

// The switch per command: a list, an empty one, a variable, and names that are none.
func TestAttemptsAreSwitchedPerCommand(t *testing.T) {
	t.Parallel()
	all := []string{"customer.create", "customer.update", "customer.complete", "dbs.invoice.upsert", "loan.income.submit"}
	for name, tt := range map[string]struct {
		text, variable string
		want           []string
	}{
		"left out":      {"", "", all},
		"one":           {"processing: {attempts: [dbs.invoice.upsert]}", "", []string{"dbs.invoice.upsert"}},
		"none":          {"processing: {attempts: []}", "", []string{}},
		"by a variable": {"", "dbs.invoice.upsert, loan.income.submit", all[3:]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var environment []string
			if tt.variable != "" {
				environment = append(environment, "PROCESSOR_PROCESSING_ATTEMPTS="+tt.variable)
			}
			c, err := load(t, whole+"\n"+tt.text+"\n", environment...)
			if err != nil || !slices.Equal(c.Processing.Attempts, tt.want) {
				t.Errorf("attempts %q, %v; want %q", c.Processing.Attempts, err, tt.want)
			}
		})
	}
	_, err := load(t, whole+"\nprocessing: {attempts: [dbs.limit.query]}\nhistory: {window: -1}\n")
	for _, want := range []string{
		"processing.attempts: want none but " + strings.Join(all, ", ") + `, not "dbs.limit.query"`,
		"history.window: want 1 to 1,000,000 commands",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
}
