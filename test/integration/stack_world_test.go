package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"
	tcnetwork "github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/registry"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/upstream"
	"bankprocessor/schemas"
	"bankprocessor/test/certs"
	"bankprocessor/test/containers"
)

// fields are a command in plain JSON.
type fields map[string]any

// stack is a network with a broker, a schema registry, a bank and a processor in it,
// and this host's upstream and downstream. All events are in Confluent's framing.
type stack struct {
	t         *testing.T
	network   *testcontainers.DockerNetwork
	image     string
	mounted   string // the directory of all that is mounted
	broker    *containers.Kafka
	registry  *containers.Registry
	processor testcontainers.Container

	events  *codec.Codec
	drafter upstream.Drafter
	sender  *upstream.Sender

	mu       sync.Mutex
	outcomes map[string][]*command.Outcome // by command id
	arrived  chan struct{}                 // closed and replaced at every event
}

// openStack starts everything; it ends with the test.
func openStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{t: t, outcomes: map[string][]*command.Outcome{}, arrived: make(chan struct{})}
	s.network = containers.NewNetwork(t)
	s.image = containers.BuildProcessor(t)
	s.broker = containers.StartKafka(t, containers.WithNetwork(s.network, "kafka"), containers.WithFixedPorts(),
		containers.WithEnv(map[string]string{"KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false"}))
	s.registry = containers.StartRegistryContainer(t, tcnetwork.WithNetwork([]string{"registry"}, s.network))
	s.mount()
	s.startBank()
	s.tool("topics", "apply", "--config", configFile)
	s.tool("schemas", "apply", "--config", configFile)
	s.tool("check", "--config", configFile)
	s.processor = s.startProcessor()
	s.openHost()
	return s
}

func (s *stack) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

const configFile = "/etc/processor/processor.yaml"

// mount writes what the containers are given: configuration, secrets, certificates.
func (s *stack) mount() {
	s.t.Helper()
	s.mounted = s.t.TempDir()
	roots := certs.New(s.t)
	bank, client := roots.Issue("bank", nil, "bank"), roots.Issue("processor", nil)
	company := banksim.DefaultWorld().Companies[0]
	const identity = "{ca_file: /etc/processor/ca.pem, cert_file: /etc/processor/client.pem, key_file: /etc/processor/client-key.pem}"
	for name, content := range map[string]string{
		"ca.pem": roots.PEM(), "bank.pem": bank.Cert, "bank-key.pem": bank.Key, "client.pem": client.Cert, "client-key.pem": client.Key,
		"app-key": banksim.DefaultAppKey, "subscription-key": banksim.DefaultSubscriptionKey, "client-secret": banksim.DefaultClientSecret,
		"processor.yaml": fmt.Sprintf(`
kafka: {brokers: ["%[1]s"]}
topics: {partitions: 4, dead_letter_partitions: 1}
registry: {urls: ["%[6]s"], results: confluent, allow_plaintext: true}
admin: {address: "0.0.0.0:9464"}
banks:
  interapi:
    http: {base_url: "https://bank:8443", tls: %[2]s}
    app_key: {file: /etc/processor/app-key}
    subscription_key: {file: /etc/processor/subscription-key}
    user_code: 'STACK\processor'
    customer_numbers: {%[3]s: %[4]d}
  loanapi:
    http: {base_url: "https://bank:8443", tls: %[2]s}
    token: {client_id: %[5]s, client_secret: {file: /etc/processor/client-secret}}
`, s.broker.InternalAddr(), identity, company.Code, company.CustomerNo, banksim.DefaultClientID, containers.RegistryURL("registry")),
	} {
		s.must(os.WriteFile(filepath.Join(s.mounted, name), []byte(content), 0o644))
	}
}

// run starts the processor's image as production should: nothing to write to, no
// capability, no way to more.
func (s *stack) run(alias string, command []string, opts ...testcontainers.ContainerCustomizer) testcontainers.Container {
	s.t.Helper()
	return containers.Run(s.t, s.image, append([]testcontainers.ContainerCustomizer{
		tcnetwork.WithNetwork([]string{alias}, s.network),
		testcontainers.WithCmd(command...),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			h.ReadonlyRootfs = true
			h.CapDrop = []string{"ALL"}
			h.SecurityOpt = []string{"no-new-privileges"}
			h.Binds = []string{s.mounted + ":/etc/processor:ro"}
		}),
	}, opts...)...)
}

func (s *stack) startBank() {
	s.t.Helper()
	s.run("bank", []string{
		"banksim", "--address", "0.0.0.0:8443", "--tls-cert", "/etc/processor/bank.pem",
		"--tls-key", "/etc/processor/bank-key.pem", "--tls-client-ca", "/etc/processor/ca.pem",
	}, testcontainers.WithWaitStrategy(wait.ForLog("bank simulator at")))
}

// tool runs one of the processor's commands, which must end well.
func (s *stack) tool(command ...string) {
	s.t.Helper()
	c := s.run("tool", command, testcontainers.WithWaitStrategy(wait.ForExit()))
	state, err := c.State(s.t.Context())
	s.must(err)
	if state.ExitCode != 0 {
		s.t.Fatalf("%q has ended with %d:\n%s", command, state.ExitCode, containers.LogTail(c))
	}
}

// startProcessor leaves the command to the image, and returns once it is ready.
func (s *stack) startProcessor() testcontainers.Container {
	s.t.Helper()
	return s.run("processor", nil, testcontainers.WithExposedPorts("9464/tcp"),
		testcontainers.WithWaitStrategy(wait.ForHTTP("/readyz").WithPort("9464/tcp").WithPollInterval(50*time.Millisecond)))
}

// runsForLittle looks at what the engine has made of it.
func (s *stack) runsForLittle() {
	s.t.Helper()
	inspected, err := s.processor.Inspect(s.t.Context())
	s.must(err)
	if got := inspected.Config.User; got != "65532:65532" {
		s.t.Errorf("the image's user is %q", got)
	}
	if !inspected.HostConfig.ReadonlyRootfs || !slices.Equal(inspected.HostConfig.CapDrop, []string{"ALL"}) {
		s.t.Error("the processor may write to its root, or has capabilities")
	}
}

// showLog hands a container's log to the search for personal data, which goes
// through the output of the tests.
func (s *stack) showLog(c testcontainers.Container) {
	logs, err := c.Logs(context.WithoutCancel(s.t.Context()))
	s.must(err)
	defer func() { _ = logs.Close() }()
	text, err := io.ReadAll(logs)
	s.must(err)
	s.t.Logf("%s", text)
}

// openHost connects this host's upstream and downstream.
func (s *stack) openHost() {
	s.t.Helper()
	client, err := kafka.New(kafka.Config{Brokers: []string{s.broker.Addr()}})
	s.must(err)
	s.t.Cleanup(client.Close)
	known, err := registry.New(registry.Config{URLs: []string{s.registry.URL}})
	s.must(err)
	s.t.Cleanup(known.Close)
	framer := registry.NewFramer(registry.Subjects(""))
	s.must(framer.Load(s.t.Context(), known))
	s.events, err = codec.New(codec.Options{Registry: known, Framer: framer})
	s.must(err)
	outer := context.WithoutCancel(s.t.Context())
	s.sender, err = upstream.NewSender(outer, client, slog.New(slog.DiscardHandler))
	s.must(err)
	s.t.Cleanup(func() { s.must(s.sender.Close(outer)) })
	names := topics.Config{}.WithDefaults()
	s.drafter = upstream.Drafter{
		Codec: s.events, Topics: names, Now: time.Now, NewIDs: true,
		Rules: func(now time.Time) command.Rules { return command.Rules{Now: now} },
	}
	watcher, err := downstream.Open(s.t.Context(), client, s.events, names, downstream.Options{FromBeginning: true})
	s.must(err)
	ctx, end := context.WithCancel(outer)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = watcher.Run(ctx, s.collect) // ends with ctx
	}()
	s.t.Cleanup(func() { end(); <-done })
}

func (s *stack) collect(e downstream.Event) bool {
	if e.Outcome != nil && e.Record.Value[0] == 0 { // Confluent's magic byte
		s.mu.Lock()
		defer s.mu.Unlock()
		s.outcomes[e.Outcome.CommandID] = append(s.outcomes[e.Outcome.CommandID], e.Outcome)
		close(s.arrived)
		s.arrived = make(chan struct{})
	}
	return true
}

// draft changes a command's published example.
func (s *stack) draft(name command.Name, edit func(fields)) upstream.Draft {
	s.t.Helper()
	f := fields{}
	d := json.NewDecoder(strings.NewReader(schemas.Example(string(name))))
	d.UseNumber()
	s.must(d.Decode(&f))
	if edit != nil {
		edit(f)
	}
	text, err := json.Marshal(f)
	s.must(err)
	draft, err := s.drafter.FromJSON(name, text)
	s.must(err)
	return draft
}

// send publishes a command and returns its id.
func (s *stack) send(name command.Name, edit func(fields)) string {
	s.t.Helper()
	draft := s.draft(name, edit)
	_, err := s.sender.Send(s.t.Context(), draft.Record)
	s.must(err)
	return draft.Command.ID
}

// sendMany publishes limit queries of several dealers and returns their ids.
func (s *stack) sendMany(n int) (ids []string) {
	s.t.Helper()
	var records []kafka.Record
	for range n {
		draft := s.draft(command.DBSLimitQuery, nil)
		ids, records = append(ids, draft.Command.ID), append(records, draft.Record)
	}
	_, err := s.sender.Send(s.t.Context(), records...)
	s.must(err)
	return ids
}

// outcome waits for a command's outcome.
func (s *stack) outcome(id string) *command.Outcome {
	s.t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		got, arrived := s.outcomes[id], s.arrived
		s.mu.Unlock()
		if len(got) > 0 {
			return got[0]
		}
		select {
		case <-arrived:
		case <-deadline.C:
			s.t.Fatalf("no outcome of %s", id)
		}
	}
}

func (s *stack) succeeds(name command.Name, edit func(fields)) {
	s.t.Helper()
	if o := s.outcome(s.send(name, edit)); o.Status != command.Succeeded {
		s.t.Errorf("%s is %s (%s)", name, o.Status, o.Code)
	}
}

func (s *stack) allSucceed(ids []string) {
	s.t.Helper()
	for _, id := range ids {
		if o := s.outcome(id); o.Status != command.Succeeded {
			s.t.Errorf("%s is %s (%s)", id, o.Status, o.Code)
		}
	}
}

// nothingTwice is asked once every command has its outcome.
func (s *stack) nothingTwice() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, all := range s.outcomes {
		if len(all) != 1 {
			s.t.Errorf("%s has %d outcomes", id, len(all))
		}
	}
}
