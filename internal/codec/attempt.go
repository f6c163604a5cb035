package codec

import (
	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

// EncodeAttempt writes an attempt record with its current schema.
func (c *Codec) EncodeAttempt(a *command.Attempt) ([]byte, error) {
	return c.encode(schemas.AttemptsTopic, write(func(w walker) { attemptFields(w, a) }))
}

// DecodeAttempt reads an attempt record in single-object encoding. Its error is a
// *command.DecodeError.
func (c *Codec) DecodeAttempt(b []byte) (*command.Attempt, error) {
	if frameOf(b) != frameSingle {
		return nil, undecodable("", "the attempt is not in Avro single-object encoding: want C3 01 and a fingerprint")
	}
	t, datum, err := c.singleObject(schemas.AttemptsTopic, b)
	if err != nil {
		return nil, err
	}
	values, err := t.decode(datum)
	if err != nil {
		return nil, undecodable("", err.Error())
	}
	a := &command.Attempt{}
	first := read(values, func(w walker) { attemptFields(w, a) })
	if _, err := command.ParseID(a.CommandID); first == nil && err != nil {
		first = &fault{field: "commandId", reason: err.Error()}
	}
	if first != nil {
		return nil, undecodable(first.field, first.reason)
	}
	return a, nil
}

func attemptFields(w walker, a *command.Attempt) {
	text(w, "commandId", &a.CommandID)
	text(w, "command", &a.Command)
	short(w, "attempt", &a.Number)
	text(w, "channelRequestId", &a.ChannelRequestID)
	text(w, "operation", &a.Operation)
	w.moment("startedAt", &a.StartedAt)
	short(w, "partition", &a.Partition)
	long(w, "offset", &a.Offset)
	w.flag("withdrawn", &a.Withdrawn)
}
