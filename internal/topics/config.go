package topics

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

// Config is what the topics are called and how they should be.
type Config struct {
	// Prefix stands in front of every topic's name, as it is.
	Prefix string `yaml:"prefix"`
	// Partitions of the commands, the results and the attempts.
	Partitions int32 `yaml:"partitions"` // default 12
	// DeadLetterPartitions of the dead letters.
	DeadLetterPartitions int32 `yaml:"dead_letter_partitions"` // default 3
	// ReplicationFactor 0 leaves it to the cluster's default.
	ReplicationFactor int16 `yaml:"replication_factor"`
	// MinInsyncReplicas is how many replicas must have stored what is acknowledged
	// with acks=all. Kafka's own default is 1: an outcome would be gone with one
	// broker. 0 is 2 where ReplicationFactor is 3 or more, else the cluster's
	// default.
	MinInsyncReplicas int16 `yaml:"min_insync_replicas"`
	// MaxCommandBytes bounds a command's value. Its dead letter must hold it
	// whole, with headers, and the topic is made so.
	MaxCommandBytes int32     `yaml:"max_command_bytes"` // default 1 MiB
	Retention       Retention `yaml:"retention"`
}

// Retention is how long records stay (contract section 11.11).
type Retention struct {
	Commands    time.Duration `yaml:"commands"`     // default 7 days
	Results     time.Duration `yaml:"results"`      // default 30 days
	DeadLetters time.Duration `yaml:"dead_letters"` // default 7 days
	Attempts    time.Duration `yaml:"attempts"`     // default 7 days
	Audit       time.Duration `yaml:"audit"`        // default 365 days
}

const day = 24 * time.Hour

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	orDefault(&c.Partitions, 12)
	if c.ReplicationFactor >= 3 {
		orDefault(&c.MinInsyncReplicas, 2)
	}
	orDefault(&c.DeadLetterPartitions, 3)
	orDefault(&c.MaxCommandBytes, 1<<20)
	orDefault(&c.Retention.Commands, 7*day)
	orDefault(&c.Retention.DeadLetters, 7*day)
	// Nobody acts on a letter whose outcome is gone.
	orDefault(&c.Retention.Results, max(30*day, c.Retention.DeadLetters))
	orDefault(&c.Retention.Attempts, 7*day)
	orDefault(&c.Retention.Audit, max(365*day, c.Retention.DeadLetters))
	return c
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

var (
	legalPrefix = regexp.MustCompile(`^[A-Za-z0-9._-]*$`)
	longest     = len(schemas.ResultTopic(string(command.DBSInvoiceResultsQuery)))
)

// maxName is Kafka's bound on a topic's name.
const maxName = 249

// Validate returns every fault of a Config that has its defaults, joined.
func (c Config) Validate() error {
	var errs []error
	need := func(ok bool, key, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s: want %s", key, want))
		}
	}
	need(legalPrefix.MatchString(c.Prefix) && len(c.Prefix)+longest <= maxName,
		"prefix", fmt.Sprintf("letters, digits, dots, dashes and underscores, at most %d of them", maxName-longest))
	need(c.Partitions > 0, "partitions", "at least 1")
	need(c.DeadLetterPartitions > 0, "dead_letter_partitions", "at least 1")
	need(c.ReplicationFactor >= 0, "replication_factor", "1 or more, or 0 for the cluster's default")
	need(c.MinInsyncReplicas >= 0, "min_insync_replicas", "1 or more, or 0 for the default")
	need(c.ReplicationFactor == 0 || c.MinInsyncReplicas <= c.ReplicationFactor,
		"min_insync_replicas", "at most replication_factor, or nothing can be stored")
	need(c.MaxCommandBytes >= 1<<10 && c.MaxCommandBytes <= 64<<20, "max_command_bytes", "1KiB to 64MiB")
	for _, r := range []struct {
		key string
		age time.Duration
	}{
		{"commands", c.Retention.Commands}, {"results", c.Retention.Results},
		{"dead_letters", c.Retention.DeadLetters}, {"attempts", c.Retention.Attempts},
		{"audit", c.Retention.Audit},
	} {
		need(r.age >= time.Minute, "retention."+r.key, "at least a minute")
	}
	// A command that is still there may be taken over, and then it is looked up here.
	for _, r := range []struct {
		key string
		age time.Duration
	}{{"results", c.Retention.Results}, {"attempts", c.Retention.Attempts}} {
		need(r.age >= c.Retention.Commands, "retention."+r.key,
			"at least retention.commands: a command that outlives its outcome or its attempt is carried out again")
	}
	need(c.Retention.Audit >= c.Retention.DeadLetters, "retention.audit",
		"at least retention.dead_letters: it says what has been done about them")
	return errors.Join(errs...)
}
