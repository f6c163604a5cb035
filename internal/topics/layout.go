package topics

import (
	"strconv"
	"strings"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/schemas"
)

// headroom is what a record's key and headers, and the batch around it, may add
// to its value.
const headroom = 64 << 10

// Command returns the topic that carries the command.
func (c Config) Command(n command.Name) string { return c.Prefix + string(n) }

// Result returns the topic of the command's outcomes.
func (c Config) Result(n command.Name) string { return c.Prefix + schemas.ResultTopic(string(n)) }

// DeadLetter returns the topic of the dead letters.
func (c Config) DeadLetter() string { return c.Prefix + schemas.DeadLetterTopic }

// Attempts returns the topic of the attempts.
func (c Config) Attempts() string { return c.Prefix + schemas.AttemptsTopic }

// Audit returns the topic of what people have done about dead letters.
func (c Config) Audit() string { return c.Prefix + schemas.AuditTopic }

// CommandOf returns the command that a topic carries; ok is false for any other
// topic.
func (c Config) CommandOf(topic string) (name command.Name, ok bool) {
	s, ours := strings.CutPrefix(topic, c.Prefix)
	if !ours {
		return "", false
	}
	return command.ParseName(s)
}

// Commands returns the seven command topics, in the order of command.Names.
func (c Config) Commands() []string {
	var all []string
	for _, n := range command.Names() {
		all = append(all, c.Command(n))
	}
	return all
}

// auditPartitions is one: its order decides who was first.
const auditPartitions = 1

// Specs returns how every topic should be: commands, results, dead letters,
// attempts, audit.
func (c Config) Specs() []kafka.TopicSpec {
	spec := func(name string, partitions int32, retention time.Duration, maxBytes int64) kafka.TopicSpec {
		s := kafka.TopicSpec{
			Name: name, Partitions: partitions, ReplicationFactor: c.ReplicationFactor,
			Configs: map[string]string{
				"cleanup.policy":    "delete",
				"retention.ms":      strconv.FormatInt(retention.Milliseconds(), 10),
				"max.message.bytes": strconv.FormatInt(maxBytes, 10),
			},
		}
		if c.MinInsyncReplicas > 0 {
			s.Configs["min.insync.replicas"] = strconv.Itoa(int(c.MinInsyncReplicas))
		}
		return s
	}
	commandBytes := int64(c.MaxCommandBytes) + headroom
	const ownBytes = 1<<20 + headroom
	var all []kafka.TopicSpec
	for _, n := range command.Names() {
		all = append(all, spec(c.Command(n), c.Partitions, c.Retention.Commands, commandBytes))
	}
	for _, n := range command.Names() {
		all = append(all, spec(c.Result(n), c.Partitions, c.Retention.Results, ownBytes))
	}
	return append(all,
		spec(c.DeadLetter(), c.DeadLetterPartitions, c.Retention.DeadLetters, commandBytes+headroom),
		spec(c.Attempts(), c.Partitions, c.Retention.Attempts, ownBytes),
		spec(c.Audit(), auditPartitions, c.Retention.Audit, ownBytes))
}

// names returns every topic, and coIndexed those whose partition counts must be
// equal.
func (c Config) names() (all, coIndexed []string) {
	for _, s := range c.Specs() {
		all = append(all, s.Name)
		if s.Name != c.DeadLetter() && s.Name != c.Audit() {
			coIndexed = append(coIndexed, s.Name)
		}
	}
	return all, coIndexed
}
