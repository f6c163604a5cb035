package topics_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

func TestNames(t *testing.T) {
	t.Parallel()
	c := topics.Config{Prefix: "test."}
	for _, n := range command.Names() {
		got, ok := c.CommandOf(c.Command(n))
		if !ok || got != n {
			t.Errorf("%s: got %q, %t", n, got, ok)
		}
		if _, ok := c.CommandOf(c.Result(n)); ok {
			t.Errorf("%s is no command topic", c.Result(n))
		}
		if _, ok := c.CommandOf(string(n)); ok {
			t.Errorf("%s lacks the prefix", n)
		}
	}
	if got := c.Result(command.CustomerCreate); got != "test.customer.create.result" {
		t.Errorf("got %s", got)
	}
	if c.DeadLetter() != "test.bank.dead-letter" || c.Attempts() != "test.bank.attempts" {
		t.Errorf("got %s and %s", c.DeadLetter(), c.Attempts())
	}
}

func TestSpecs(t *testing.T) {
	t.Parallel()
	specs := map[string]kafka.TopicSpec{}
	c := topics.Config{}.WithDefaults()
	for _, s := range c.Specs() {
		specs[s.Name] = s
		if s.Configs["cleanup.policy"] != "delete" {
			t.Errorf("%s is not deleted by age", s.Name)
		}
	}
	if len(specs) != 17 {
		t.Errorf("want 7 commands, 7 results, dead letters, attempts and audit; got %d", len(specs))
	}
	for topic, want := range map[string]struct {
		partitions int32
		retention  string
	}{
		"customer.create": {12, "604800000"}, "customer.create.result": {12, "2592000000"},
		"bank.dead-letter": {3, "604800000"}, "bank.attempts": {12, "604800000"},
		"bank.audit": {1, "31536000000"},
	} {
		if s := specs[topic]; s.Partitions != want.partitions || s.Configs["retention.ms"] != want.retention {
			t.Errorf("%s: got %d partitions, %s ms", topic, s.Partitions, s.Configs["retention.ms"])
		}
	}
	// A dead letter holds its command whole and adds headers.
	if specs["bank.dead-letter"].Configs["max.message.bytes"] <= specs["customer.create"].Configs["max.message.bytes"] {
		t.Error("a dead letter must be allowed more bytes than a command")
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := (topics.Config{}).WithDefaults().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	err := topics.Config{
		Prefix: "no spaces", Partitions: -1, DeadLetterPartitions: -1, ReplicationFactor: -1, MaxCommandBytes: 1,
		Retention: topics.Retention{Commands: time.Second, Results: -1, DeadLetters: 1, Attempts: 1},
	}.Validate()
	for _, key := range []string{
		"prefix", "partitions", "dead_letter_partitions", "replication_factor", "max_command_bytes",
		"retention.commands", "retention.results", "retention.dead_letters", "retention.attempts",
	} {
		if err == nil || !strings.Contains("\n"+err.Error(), "\n"+key+": want") {
			t.Errorf("want a fault of %s in %v", key, err)
		}
	}
	err = topics.Config{Retention: topics.Retention{Commands: 31 * 24 * time.Hour}}.WithDefaults().Validate()
	for _, key := range []string{"retention.results", "retention.attempts"} {
		if err == nil || !strings.Contains(err.Error(), key+": want at least retention.commands") {
			t.Errorf("want a fault of %s, which may be gone before its commands, in %v", key, err)
		}
	}
	if kept := (topics.Config{Retention: topics.Retention{DeadLetters: 90 * 24 * time.Hour}}).WithDefaults().Retention; kept.Results < kept.DeadLetters {
		t.Errorf("a letter outlives its outcome: %+v", kept)
	}
	equal := topics.Retention{Commands: time.Hour, Results: time.Hour, Attempts: time.Hour}
	if err := (topics.Config{Retention: equal}).WithDefaults().Validate(); err != nil {
		t.Errorf("equal retentions: %v", err)
	}
	if err := (topics.Config{Prefix: strings.Repeat("a", 249)}).WithDefaults().Validate(); err == nil {
		t.Error("want a prefix refused that leaves no room for the names")
	}
}

type cluster map[string]int32

func (c cluster) DescribeTopics(_ context.Context, names ...string) (map[string]kafka.TopicSpec, error) {
	if c == nil {
		return nil, errors.New("away")
	}
	found := map[string]kafka.TopicSpec{}
	for _, n := range names {
		if partitions, ok := c[n]; ok {
			found[n] = kafka.TopicSpec{Name: n, Partitions: partitions}
		}
	}
	return found, nil
}

func whole(c topics.Config) cluster {
	all := cluster{}
	for _, s := range c.Specs() {
		all[s.Name] = s.Partitions
	}
	return all
}

func TestCheck(t *testing.T) {
	t.Parallel()
	c := topics.Config{Prefix: "p."}.WithDefaults()
	if err := topics.Check(t.Context(), whole(c), c); err != nil {
		t.Errorf("as it should be: %v", err)
	}
	equal := whole(c)
	for name := range equal {
		equal[name] = 5 // another number than configured is fine, if it is one number
	}
	if err := topics.Check(t.Context(), equal, c); err != nil {
		t.Errorf("equal counts: %v", err)
	}
	if err := topics.Check(t.Context(), cluster(nil), c); err == nil || !strings.Contains(err.Error(), "checking topics: away") {
		t.Errorf("want the cluster's error, got %v", err)
	}
}

func TestCheckSaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	c := topics.Config{}.WithDefaults()
	broken := whole(c)
	delete(broken, "customer.update")
	delete(broken, "bank.dead-letter")
	broken["loan.income.submit.result"] = 6
	err := topics.Check(t.Context(), broken, c)
	var missing *topics.MissingError
	if !errors.As(err, &missing) {
		t.Fatalf("want a MissingError, got %v", err)
	}
	if d := cmp.Diff([]string{"customer.update", "bank.dead-letter"}, missing.Topics); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if _, ok := errors.AsType[*topics.PartitionsError](err); !ok {
		t.Fatalf("want a PartitionsError, got %v", err)
	}
	for _, want := range []string{
		"customer.update, bank.dead-letter", "processor topics apply", "6 in loan.income.submit.result; 12 in bank.attempts",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
}

func TestWhatIsAcknowledgedStandsOnTwoBrokers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  topics.Config
		want string
	}{
		{topics.Config{}, ""},
		{topics.Config{ReplicationFactor: 1}, ""},
		{topics.Config{ReplicationFactor: 3}, "2"},
		{topics.Config{ReplicationFactor: 5, MinInsyncReplicas: 3}, "3"},
		{topics.Config{MinInsyncReplicas: 2}, "2"},
	} {
		for _, s := range c.cfg.WithDefaults().Specs() {
			if got := s.Configs["min.insync.replicas"]; got != c.want {
				t.Errorf("%+v: %s has %q, want %q", c.cfg, s.Name, got, c.want)
			}
		}
	}
	for _, c := range []topics.Config{{ReplicationFactor: 3, MinInsyncReplicas: 4}, {MinInsyncReplicas: -1}} {
		if err := c.WithDefaults().Validate(); err == nil || !strings.Contains(err.Error(), "min_insync_replicas") {
			t.Errorf("%+v: want the key named, got %v", c, err)
		}
	}
}
