package codec

import (
	"context"
	"crypto/sha1" //nolint:gosec // a UUID of version 5 is made with it
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

// EncodeOutcome writes a result event with its current schema.
func (c *Codec) EncodeOutcome(o *command.Outcome) ([]byte, error) {
	event, ok := c.results[o.Command]
	if !ok {
		return nil, errors.New("encoding outcome: not a command's")
	}
	if o.Result != nil && o.Result.Name() != o.Command {
		return nil, fmt.Errorf("encoding outcome of %s: the payload is of %s", o.Command, o.Result.Name())
	}
	return event.encode(func(w walker) { outcomeFields(w, o) })
}

// DecodeOutcome reads a result event of a command in either Avro encoding. Its
// error is a *command.DecodeError; any other is the registry's absence.
func (c *Codec) DecodeOutcome(ctx context.Context, name command.Name, b []byte) (*command.Outcome, error) {
	var (
		t     *avroType
		datum []byte
		err   error
		topic = schemas.ResultTopic(string(name))
	)
	switch frameOf(b) {
	case frameSingle:
		t, datum, err = c.singleObject(topic, b)
	case frameConfluent:
		t, datum, err = c.confluent(ctx, topic, b)
	default:
		err = undecodable("", "the result is in no Avro encoding: want C3 01 and a fingerprint (single-object), or 00 and a schema id (Confluent)")
	}
	if err != nil {
		return nil, err
	}
	o := &command.Outcome{Command: name}
	if t.readBinary(datum, func(w walker) { outcomeFields(w, o) }) && checkOutcome(name, o) == nil {
		return o, nil
	}
	return referenceOutcome(name, t, datum)
}

func referenceOutcome(name command.Name, t *avroType, datum []byte) (*command.Outcome, error) {
	values, err := t.decode(datum)
	if err != nil {
		return nil, undecodable("", err.Error())
	}
	return readOutcome(name, values)
}

func readOutcome(name command.Name, values map[string]any) (*command.Outcome, error) {
	o := &command.Outcome{Command: name}
	first := read(values, func(w walker) { outcomeFields(w, o) })
	if first == nil {
		first = checkOutcome(name, o)
	}
	if first != nil {
		return nil, undecodable(first.field, first.reason)
	}
	return o, nil
}

// checkOutcome finds what must agree, and puts the id in its canonical form.
func checkOutcome(name command.Name, o *command.Outcome) *fault {
	id, err := command.ParseID(o.CommandID)
	switch {
	case err != nil:
		return &fault{field: "commandId", reason: err.Error()}
	case o.Command != name:
		return &fault{field: "command", reason: "is not the topic's"}
	}
	o.CommandID = id
	return nil
}

// OutcomeJSON writes a result event in plain JSON, for people: the event itself,
// what the bank gave included. It is not for logs.
func OutcomeJSON(o *command.Outcome) ([]byte, error) {
	return json.Marshal(write(func(w walker) { outcomeFields(w, o) }))
}

// eventSpace is the name space of event ids.
var eventSpace = uuid.MustParse("0b7d9c0e-5f0a-5d7e-8a53-6f2f6c1f7a10")

// EventID returns the id of a result event, derived from what makes it one, so
// that the same event published twice is recognised. It is a UUID, version 5: what
// uuid.NewSHA1 makes of "id/revision", less its garbage.
func EventID(commandID string, revision int32) string {
	text := append(make([]byte, 0, 64), eventSpace[:]...)
	text = append(text, commandID...)
	text = strconv.AppendInt(append(text, '/'), int64(revision), 10)
	sum := sha1.Sum(text) //nolint:gosec // RFC 9562 has it; nothing hangs on its strength
	id := uuid.UUID(sum[:16])
	id[6] = id[6]&0x0f | 5<<4
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}
