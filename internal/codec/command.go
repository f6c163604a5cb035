package codec

import (
	"encoding/binary"

	"bankprocessor/internal/command"
)

func decodeCommand(name command.Name, t *avroType, datum []byte) (*command.Command, error) {
	values, err := t.decode(datum)
	if err != nil {
		refusal := undecodable("", err.Error())
		refusal.CommandID = leadingID(t, datum)
		return nil, refusal
	}
	return readCommand(name, values)
}

// readCommand fills a command from its fields, whatever encoding they came in.
func readCommand(name command.Name, values map[string]any) (*command.Command, error) {
	c := &command.Command{Payload: newPayload(name)}
	if c.Payload == nil {
		return nil, undecodable("", "the topic is not a command's")
	}
	first := read(values, func(w walker) { commandFields(w, c) })
	id, err := command.ParseID(c.ID)
	switch {
	case first != nil:
	case c.ID == "":
		first = &fault{field: "commandId", reason: "is required"}
	case err != nil:
		first = &fault{field: "commandId", reason: err.Error()}
	case c.IssuedAt.IsZero():
		first = &fault{field: "issuedAt", reason: "is required"}
	}
	if first != nil {
		refusal := undecodable(first.field, first.reason)
		refusal.CommandID, refusal.CorrelationID = id, c.CorrelationID
		return nil, refusal
	}
	c.ID = id
	return c, nil
}

// identify reads what it can of a command's name.
func identify(values map[string]any) (id, correlation string) {
	id, _ = values["commandId"].(string)
	id, _ = command.ParseID(id)
	correlation, _ = values["correlationId"].(string)
	return id, correlation
}

// leadingID reads the command id off a datum that need not be whole: it is the
// first field of our schemas, so that a broken command can still be answered.
func leadingID(t *avroType, datum []byte) string {
	if len(t.fields) == 0 || t.fields[0].name != "commandId" || t.fields[0].schema.kind != "string" {
		return ""
	}
	size, n := binary.Varint(datum) // Avro's long
	if n <= 0 || size < 0 || size > int64(len(datum)-n) {
		return ""
	}
	id, _ := command.ParseID(string(datum[n : n+int(size)]))
	return id
}

// EncodeCommand writes a command with its current schema. A field that the
// schema requires and the payload lacks is an error that names it.
func (c *Codec) EncodeCommand(cmd *command.Command) ([]byte, error) {
	return c.encode(string(cmd.Name()), write(func(w walker) { commandFields(w, cmd) }))
}

func (c *Codec) encode(topic string, o object) ([]byte, error) {
	t := c.catalog.current[topic]
	header, err := c.framer.Header(topic, t.fingerprint())
	if err != nil {
		return nil, err
	}
	return t.encode(header, o)
}
