package sandbox_test

import (
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func setup(t *testing.T, o sandbox.Options) (*sandbox.Sandbox, *kafka.Client) {
	t.Helper()
	s, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := kafka.New(kafka.Config{Brokers: s.Brokers()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return s, client
}

func TestTopicsAreAsTheyShouldBe(t *testing.T) {
	t.Parallel()
	cfg := topics.Config{Prefix: "s.", Partitions: 3}.WithDefaults()
	_, client := setup(t, sandbox.Options{Topics: cfg})
	if err := topics.Check(t.Context(), client, cfg); err != nil {
		t.Error(err)
	}
	cfg.ReplicationFactor = 1
	states, err := client.CompareTopics(t.Context(), cfg.Specs())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if !s.Exists || len(s.Differences) > 0 {
			t.Errorf("%s: exists %t, differs in %v", s.Wanted.Name, s.Exists, s.Differences)
		}
	}
}

func TestManyBrokers(t *testing.T) {
	t.Parallel()
	s, client := setup(t, sandbox.Options{Brokers: 3})
	if got := len(s.Brokers()); got != 3 {
		t.Errorf("%d brokers, want 3", got)
	}
	topic := topics.Config{}.WithDefaults().Command(command.DBSLimitQuery)
	if err := s.Cluster().MoveTopicPartition(topic, 0, 2); err != nil {
		t.Fatal(err)
	}
	leaders, err := client.Leaders(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	if got := leaders[kafka.TopicPartition{Topic: topic}]; got != 2 {
		t.Errorf("partition 0 is led by %d, want 2", got)
	}
}

func TestNoTopics(t *testing.T) {
	t.Parallel()
	cfg := topics.Config{}.WithDefaults()
	_, client := setup(t, sandbox.Options{NoTopics: true})
	if err := topics.Check(t.Context(), client, cfg); err == nil || !strings.Contains(err.Error(), "customer.create") {
		t.Errorf("want the topics missing, got %v", err)
	}
}

func TestBankAnswersAndEnds(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, sandbox.Options{})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(s.BankURL() + "/_sim/ledger")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("want 200, got %d", answer.StatusCode)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if answer, err := client.Get(s.BankURL() + "/_sim/ledger"); err == nil {
		_ = answer.Body.Close()
		t.Error("want no bank after Stop")
	}
}

func TestSecretsComeAndGo(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, sandbox.Options{Bank: banksim.Config{ClientSecret: "another"}})
	for file, want := range map[string]string{
		s.AppKeyFile(): banksim.DefaultAppKey, s.SubscriptionKeyFile(): banksim.DefaultSubscriptionKey,
		s.ClientSecretFile(): "another",
	} {
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", file, got, err)
		}
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.AppKeyFile()); !os.IsNotExist(err) {
		t.Errorf("want the secrets gone, got %v", err)
	}
}

func TestStartFailsWhole(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, err = sandbox.Start(t.Context(), sandbox.Options{BankPort: taken.Addr().(*net.TCPAddr).Port})
	if err == nil || !strings.Contains(err.Error(), "starting bank") {
		t.Errorf("want the bank's port refused, got %v", err)
	}
}

// A second sandbox on the first one's broker leaves it running.
func TestABrokerOfSomebodyElses(t *testing.T) {
	t.Parallel()
	owner, client := setup(t, sandbox.Options{NoTopics: true})
	cfg := topics.Config{Prefix: "guest.", Partitions: 1}.WithDefaults()
	guest, err := sandbox.Start(t.Context(), sandbox.Options{Kafka: owner.Brokers(), Topics: cfg})
	if err != nil {
		t.Fatal(err)
	}
	if guest.Cluster() != nil || guest.Brokers()[0] != owner.Brokers()[0] {
		t.Errorf("the guest has a broker of its own at %v", guest.Brokers())
	}
	if err := guest.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := topics.Check(t.Context(), client, cfg); err != nil {
		t.Error(err)
	}
}
