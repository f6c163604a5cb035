package codec

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

// DefaultMaxBytes is how large a command's value may be unless Options says
// otherwise; the largest of the seven, customer.update, takes about 2 KiB.
const DefaultMaxBytes = 1 << 20

// Options are a codec's seams. The zero value is of use.
type Options struct {
	// Registry resolves Confluent-framed commands; without one they are refused.
	Registry Registry
	// Framer frames what is written; nil means SingleObject.
	Framer Framer
	// MaxBytes bounds a command's value; 0 means DefaultMaxBytes.
	MaxBytes int
}

// Codec reads commands and writes outcomes. It is safe for concurrent use.
type Codec struct {
	catalog  *catalog
	registry Registry
	maxBytes int

	commands map[command.Name]*event
	results  map[command.Name]*event
	attempts *event
	audit    *event

	mu      sync.Mutex
	writers map[int32]writerSchema // by registry id
}

// writerSchema is a registry's schema, or why it is of no use.
type writerSchema struct {
	avro  *avroType
	fault error
}

// New returns a codec over the embedded schemas.
func New(o Options) (*Codec, error) {
	if o.MaxBytes < 0 {
		return nil, errors.New("codec: MaxBytes must not be negative")
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Framer == nil {
		o.Framer = SingleObject{}
	}
	c, err := embedded()
	if err != nil {
		return nil, err
	}
	codec := &Codec{
		catalog: c, registry: o.Registry, maxBytes: o.MaxBytes,
		commands: make(map[command.Name]*event), results: make(map[command.Name]*event),
		writers: make(map[int32]writerSchema),
	}
	on := func(topic string) *event { return &event{topic: topic, avro: c.current[topic], framer: o.Framer} }
	for _, name := range command.Names() {
		codec.commands[name] = on(string(name))
		codec.results[name] = on(schemas.ResultTopic(string(name)))
	}
	codec.attempts, codec.audit = on(schemas.AttemptsTopic), on(schemas.AuditTopic)
	return codec, nil
}

func undecodable(field, reason string) *command.DecodeError {
	return &command.DecodeError{Code: command.CodeCommandUndecodable, Field: field, Reason: reason}
}

// Decode reads a command of any of the three encodings. It returns a
// *command.DecodeError for bytes that no retry can read; any other error is the
// registry's absence.
func (c *Codec) Decode(ctx context.Context, m *command.Message) (*command.Command, error) {
	switch {
	case m.Value == nil:
		return nil, undecodable("", "the record is a tombstone: a command needs a value")
	case len(m.Value) == 0:
		return nil, undecodable("", "the value is empty: a command needs a value")
	case len(m.Value) > c.maxBytes:
		return nil, undecodable("", fmt.Sprintf("the value has %d bytes, over the limit of %d: send a command, not a document", len(m.Value), c.maxBytes))
	}
	switch frameOf(m.Value) {
	case frameJSON:
		return c.CommandFromJSON(m.Name, m.Value)
	case frameSingle:
		t, datum, err := c.singleObject(string(m.Name), m.Value)
		if err != nil {
			return nil, err
		}
		return decodeCommand(m.Name, t, datum)
	case frameConfluent:
		t, datum, err := c.confluent(ctx, string(m.Name), m.Value)
		if err != nil {
			return nil, err
		}
		return decodeCommand(m.Name, t, datum)
	}
	return nil, undecodable("", "the first bytes are of no known encoding: want 00 and a schema id (Confluent), C3 01 and a fingerprint (Avro single-object), or { (JSON)")
}

// CommandFromJSON reads a command in plain JSON: names as in the schema, amounts
// as numbers or strings, days as yyyy-mm-dd, moments in RFC 3339. Its error is a
// *command.DecodeError.
func (c *Codec) CommandFromJSON(name command.Name, b []byte) (*command.Command, error) {
	if len(b) > c.maxBytes {
		return nil, undecodable("", fmt.Sprintf("the JSON has %d bytes, over the limit of %d", len(b), c.maxBytes))
	}
	values, err := parseJSON(b)
	if err == nil {
		return readCommand(name, values)
	}
	refusal := undecodable("", err.Error())
	if twice := new(jsonError); errors.As(err, &twice) && twice.field != "" {
		refusal = c.twice(twice.field)
		delete(values, twice.field)
	}
	refusal.CommandID, refusal.CorrelationID = identify(values)
	return nil, refusal
}

// twice names a duplicate field only when it is one of ours: a key is input, too.
func (c *Codec) twice(field string) *command.DecodeError {
	if !c.catalog.fieldNames[field] {
		return undecodable("", "a field stands twice")
	}
	return undecodable(field, "stands twice")
}

// singleObject finds the schema by the fingerprint and checks that it is the
// topic's.
func (c *Codec) singleObject(topic string, b []byte) (*avroType, []byte, error) {
	if len(b) < singleHeader {
		return nil, nil, undecodable("", "the value ends inside its single-object header")
	}
	fingerprint := binary.LittleEndian.Uint64(b[2:singleHeader])
	entry, ok := c.catalog.byFingerprint[fingerprint]
	if !ok {
		return nil, nil, undecodable("", fmt.Sprintf("no schema with the fingerprint %016x is known to this version: write with a schema of this release, or upgrade the processor first", fingerprint))
	}
	datum := b[singleHeader:]
	if entry.topic != topic {
		return nil, nil, mismatch(entry.topic, leadingID(entry.avro, datum))
	}
	return entry.avro, datum, nil
}

func (c *Codec) confluent(ctx context.Context, topic string, b []byte) (*avroType, []byte, error) {
	if len(b) < confluentHeader {
		return nil, nil, undecodable("", "the value ends inside its Confluent header")
	}
	if c.registry == nil {
		return nil, nil, undecodable("", "the value names a schema of a registry, and no schema registry is configured")
	}
	id := int32(binary.BigEndian.Uint32(b[1:confluentHeader]))
	t, err := c.writer(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	datum := b[confluentHeader:]
	if of, ours := c.catalog.byRecord[t.name]; ours && of != topic {
		return nil, nil, mismatch(of, leadingID(t, datum))
	}
	return t, datum, nil
}

// writer returns the compiled schema of a registry id. A schema never changes
// under its id, so it is asked for once, of use or not.
func (c *Codec) writer(ctx context.Context, id int32) (*avroType, error) {
	c.mu.Lock()
	w, known := c.writers[id]
	c.mu.Unlock()
	if !known {
		var text string
		err := ErrUnknownSchema
		if id >= 0 { // others no registry gives out: some take the question for a wrong path
			text, err = c.registry.WriterSchema(ctx, id)
		}
		if errors.Is(err, ErrUnknownSchema) {
			return nil, undecodable("", fmt.Sprintf("the schema registry has no schema with the id %d", id))
		}
		unusable, ok := errors.AsType[*SchemaError](err)
		switch {
		case ok:
			w.fault = unusable
		case err != nil:
			return nil, fmt.Errorf("asking the schema registry for schema %d: %w", id, err)
		default:
			if w.avro, w.fault = compile(text); w.fault == nil {
				w.avro = c.catalog.known(w.avro)
			}
		}
		if !ok || !unusable.Incomplete {
			c.mu.Lock()
			c.writers[id] = w
			c.mu.Unlock()
		}
	}
	if w.fault != nil {
		return nil, undecodable("", fmt.Sprintf("schema %d of the registry: %v", id, w.fault))
	}
	return w.avro, nil
}

func mismatch(of, commandID string) *command.DecodeError {
	return &command.DecodeError{
		CommandID: commandID,
		Code:      command.CodeCommandSchemaMismatch,
		Reason:    "the value is written with the schema of " + of + ": publish it to that topic",
	}
}
