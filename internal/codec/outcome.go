package codec

import (
	"context"
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
	if newResult(o.Command) == nil {
		return nil, errors.New("encoding outcome: not a command's")
	}
	if o.Result != nil && o.Result.Name() != o.Command {
		return nil, fmt.Errorf("encoding outcome of %s: the payload is of %s", o.Command, o.Result.Name())
	}
	return c.encode(schemas.ResultTopic(string(o.Command)), write(func(w walker) { outcomeFields(w, o) }))
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
	values, err := t.decode(datum)
	if err != nil {
		return nil, undecodable("", err.Error())
	}
	return readOutcome(name, values)
}

func readOutcome(name command.Name, values map[string]any) (*command.Outcome, error) {
	o := &command.Outcome{Command: name}
	first := read(values, func(w walker) { outcomeFields(w, o) })
	switch id, err := command.ParseID(o.CommandID); {
	case first != nil:
	case err != nil:
		first = &fault{field: "commandId", reason: err.Error()}
	case o.Command != name:
		first = &fault{field: "command", reason: "is not the topic's"}
	default:
		o.CommandID = id
		return o, nil
	}
	return nil, undecodable(first.field, first.reason)
}

// OutcomeJSON writes a result event in plain JSON, for people: the event itself,
// what the bank gave included. It is not for logs.
func OutcomeJSON(o *command.Outcome) ([]byte, error) {
	return json.Marshal(write(func(w walker) { outcomeFields(w, o) }))
}

// eventSpace is the name space of event ids.
var eventSpace = uuid.MustParse("0b7d9c0e-5f0a-5d7e-8a53-6f2f6c1f7a10")

// EventID returns the id of a result event, derived from what makes it one, so
// that the same event published twice is recognised. It is a UUID, version 5.
func EventID(commandID string, revision int32) string {
	return uuid.NewSHA1(eventSpace, []byte(commandID+"/"+strconv.Itoa(int(revision)))).String()
}
