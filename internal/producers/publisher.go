package producers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// Writer stores records; *Batcher is one.
type Writer interface {
	Produce(ctx context.Context, r kafka.Record) (offset int64, err error)
	Partitions(ctx context.Context, topic string) (int32, error)
}

// Encoder writes the value of a result event; *codec.Codec is one.
type Encoder interface {
	EncodeOutcome(o *command.Outcome) ([]byte, error)
	EncodeAttempt(a *command.Attempt) ([]byte, error)
	EncodeAudit(a *command.AuditRecord) ([]byte, error)
}

// Names says what the topics are called, which never changes.
type Names interface {
	Result(n command.Name) string
	DeadLetter() string
	Attempts() string
	Audit() string
}

// Encryptor seals the values of dead letters; *sealing.Sealer is one.
type Encryptor interface {
	// Encrypt seals a value, so that it opens with the same context alone, and
	// names the scheme and the key that a reader needs.
	Encrypt(value, context []byte) (sealed []byte, scheme, keyID string, err error)
}

// Publisher makes attempts, outcomes and dead letters durable.
type Publisher struct {
	writer    Writer
	encoder   Encoder
	names     Names
	kinds     map[command.Name]kind
	attempts  string // topic
	source    []byte
	encryptor Encryptor // nil leaves dead letters in clear
	observer  Observer
	log       *slog.Logger
}

// PublisherConfig is what a Publisher needs beside its Writer.
type PublisherConfig struct {
	Encoder Encoder
	Names   Names
	// Source is the ce_source of every event: a URI reference that names the
	// processor.
	Source string // default /bank-processor
	// Encryptor may be nil.
	Encryptor Encryptor
	Observer  Observer
	Log       *slog.Logger
}

// NewPublisher returns a Publisher that writes through w.
func NewPublisher(w Writer, cfg PublisherConfig) *Publisher {
	if cfg.Source == "" {
		cfg.Source = "/bank-processor"
	}
	kinds := map[command.Name]kind{}
	for _, n := range command.Names() {
		kinds[n] = newKind(cfg.Names, n)
	}
	return &Publisher{
		writer: w, encoder: cfg.Encoder, names: cfg.Names, kinds: kinds, attempts: cfg.Names.Attempts(),
		source: []byte(cfg.Source), encryptor: cfg.Encryptor, observer: cfg.Observer, log: cfg.Log,
	}
}

// Outcome stores the outcome of the command in m on the partition with the
// command's own index, under the command's key, and returns its offset once it is
// acknowledged with acks=all.
//
// A result that the broker refuses as too large is stored without its payload:
// status and code stay true, and ce_resultomitted holds the size that did not
// fit. The payload of a query can be asked for again in smaller parts.
//
// What came of a replay stands in the audit before its event does.
func (p *Publisher) Outcome(ctx context.Context, m *command.Message, o *command.Outcome) (offset int64, err error) {
	if revision, _ := m.Revision(); revision > command.FirstRevision {
		if err := p.replayed(ctx, m, o); err != nil {
			return -1, err
		}
	}
	record, err := p.outcome(m, o)
	if err != nil {
		return -1, err
	}
	offset, err = p.writer.Produce(ctx, record)
	if kafka.Class(err) == kafka.ClassTooLarge && o.Result != nil {
		p.observer.Omitted(record.Topic)
		p.log.Error("result is too large for its topic, storing it without its payload",
			"command", o.Command, "command_id", o.CommandID, "bytes", len(record.Value), "topic", record.Topic)
		size := strconv.Itoa(len(record.Value))
		bare := *o
		bare.Result = nil
		if record, err = p.outcome(m, &bare); err != nil {
			return -1, err
		}
		record.Headers = append(record.Headers, header("ce_resultomitted", size))
		offset, err = p.writer.Produce(ctx, record)
	}
	if err != nil {
		return -1, fmt.Errorf("storing outcome of command %s: %w", o.CommandID, err)
	}
	return offset, nil
}

// Attempt stores the attempt, or its withdrawal, on the partition with the command's
// own index, under the command's key, and returns its offset once it is acknowledged
// with acks=all.
func (p *Publisher) Attempt(ctx context.Context, m *command.Message, a *command.Attempt) (offset int64, err error) {
	value, err := p.encoder.EncodeAttempt(a)
	if err != nil {
		return -1, fmt.Errorf("encoding attempt at command %s: %w", a.CommandID, err)
	}
	record := kafka.Record{Topic: p.attempts, Partition: m.Partition, Key: m.Key, Value: value}
	if revision := m.Header(command.HeaderReplayRevision); revision != nil {
		record.Headers = []kafka.Header{{Key: command.HeaderReplayRevision, Value: revision}}
	}
	offset, err = p.writer.Produce(ctx, record)
	if err != nil {
		return -1, fmt.Errorf("storing attempt at command %s: %w", a.CommandID, err)
	}
	return offset, nil
}

func (p *Publisher) outcome(m *command.Message, o *command.Outcome) (kafka.Record, error) {
	value, err := p.encoder.EncodeOutcome(o)
	if err != nil {
		return kafka.Record{}, fmt.Errorf("encoding outcome of command %s: %w", o.CommandID, err)
	}
	k, known := p.kinds[o.Command]
	if !known {
		k = newKind(p.names, o.Command)
	}
	return kafka.Record{Topic: k.topic, Partition: m.Partition, Key: m.Key, Value: value, Headers: p.headers(k, m, o)}, nil
}

// DeadLetter stores the record that the command came in, byte for byte, with what
// is wrong with it, and returns once it is acknowledged with acks=all.
//
// A dead letter that the broker refuses as too large is stored without its
// value, and failing that without its own headers too; what is missing is told in
// headers. Nothing is lost: the original stays in its topic, which is named.
func (p *Publisher) DeadLetter(ctx context.Context, d *command.DeadLetter) error {
	topic := p.names.DeadLetter()
	n, err := p.writer.Partitions(ctx, topic)
	if err != nil {
		return fmt.Errorf("storing dead letter: %w", err)
	}
	if n < 1 {
		return errors.New("storing dead letter: " + topic + " has no partitions")
	}
	record := kafka.Record{Topic: topic, Partition: d.Message.Partition % n, Key: d.Message.Key}
	for _, keep := range []kept{everything, noValue, noHeaders} {
		if record.Value, record.Headers, err = p.deadLetter(d, keep); err != nil {
			return err
		}
		if _, err = p.writer.Produce(ctx, record); kafka.Class(err) != kafka.ClassTooLarge {
			break
		}
		p.observer.Omitted(topic)
		p.log.Error("dead letter is too large for its topic",
			"command", d.Message.Name, "command_id", d.CommandID, "bytes", len(d.Message.Value), "topic", topic,
			"original_topic", d.Message.Topic, "original_partition", d.Message.Partition, "original_offset", d.Message.Offset)
	}
	if err != nil {
		return fmt.Errorf("storing dead letter of %s/%d at %d: %w",
			d.Message.Topic, d.Message.Partition, d.Message.Offset, err)
	}
	return nil
}

func header(key, value string) kafka.Header { return kafka.Header{Key: key, Value: []byte(value)} }
