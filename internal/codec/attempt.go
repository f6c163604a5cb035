package codec

import (
	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

// EncodeAttempt writes an attempt record with its current schema.
func (c *Codec) EncodeAttempt(a *command.Attempt) ([]byte, error) {
	return c.attempts.encode(func(w walker) { attemptFields(w, a) })
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
	a := &command.Attempt{}
	if t.readBinary(datum, func(w walker) { attemptFields(w, a) }) && checkAttempt(a) == nil {
		return a, nil
	}
	return referenceAttempt(t, datum)
}

func referenceAttempt(t *avroType, datum []byte) (*command.Attempt, error) {
	values, err := t.decode(datum)
	if err != nil {
		return nil, undecodable("", err.Error())
	}
	a := &command.Attempt{}
	first := read(values, func(w walker) { attemptFields(w, a) })
	if first == nil {
		first = checkAttempt(a)
	}
	if first != nil {
		return nil, undecodable(first.field, first.reason)
	}
	return a, nil
}

func checkAttempt(a *command.Attempt) *fault {
	if _, err := command.ParseID(a.CommandID); err != nil {
		return &fault{field: "commandId", reason: err.Error()}
	}
	return nil
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
