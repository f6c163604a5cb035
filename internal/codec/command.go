package codec

import (
	"encoding/binary"

	"bankprocessor/internal/command"
)

// decodeCommand takes the fast path and, where that says no, the one of reference,
// which finds out why not.
func decodeCommand(name command.Name, t *avroType, datum []byte) (*command.Command, error) {
	if c := (&command.Command{Payload: newPayload(name)}); c.Payload != nil {
		if t.readBinary(datum, func(w walker) { commandFields(w, c) }) && checkCommand(c) == nil {
			return c, nil
		}
	}
	return referenceCommand(name, t, datum)
}

func referenceCommand(name command.Name, t *avroType, datum []byte) (*command.Command, error) {
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
	if first == nil {
		first = checkCommand(c)
	}
	if first != nil {
		refusal := undecodable(first.field, first.reason)
		refusal.CommandID, _ = command.ParseID(c.ID)
		refusal.CorrelationID = c.CorrelationID
		return nil, refusal
	}
	return c, nil
}

// checkCommand finds what the envelope must have, and puts the id in its canonical
// form.
func checkCommand(c *command.Command) *fault {
	id, err := command.ParseID(c.ID)
	switch {
	case c.ID == "":
		return &fault{field: "commandId", reason: "is required"}
	case err != nil:
		return &fault{field: "commandId", reason: err.Error()}
	case c.IssuedAt.IsZero():
		return &fault{field: "issuedAt", reason: "is required"}
	}
	c.ID = id
	return nil
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
	return c.commands[cmd.Name()].encode(func(w walker) { commandFields(w, cmd) })
}
