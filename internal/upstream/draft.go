package upstream

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

// Draft is a command that is ready to be sent, or nearly.
type Draft struct {
	Command *command.Command
	// Violations are the local checks that the command fails: the processor
	// will refuse it for them.
	Violations command.Violations
	// Record has everything but its partition.
	Record kafka.Record
}

// TooLargeError says that a command's value has more bytes than the topics
// configuration allows.
type TooLargeError struct{ Bytes, Max int }

// Error names both sizes.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the command has %d bytes, more than topics.max_command_bytes allows (%d)", e.Bytes, e.Max)
}

// Drafter makes drafts. Now and Rules judge them as the processor will.
type Drafter struct {
	Codec  *codec.Codec
	Topics topics.Config
	// Rules returns what Payload.Validate needs, for the present moment.
	Rules func(now time.Time) command.Rules
	Now   func() time.Time
	// NewIDs gives every command a new id and moment, whatever it says.
	NewIDs bool
	// JSON leaves commands in plain JSON instead of encoding them in Avro.
	JSON bool
}

// FromJSON makes a draft of a command in plain JSON. A missing commandId or
// issuedAt is filled in. The error is a *command.DecodeError when the JSON is
// not the command's, and a *TooLargeError.
func (d Drafter) FromJSON(name command.Name, text []byte) (Draft, error) {
	now := d.Now()
	if err := d.fits(text); err != nil {
		return Draft{}, err
	}
	text, err := complete(text, now)
	if err != nil {
		return Draft{}, err
	}
	c, err := d.Codec.CommandFromJSON(name, text)
	if err != nil {
		return Draft{}, err
	}
	if d.NewIDs {
		c.ID, c.IssuedAt = uuid.NewString(), now
		text = renamed(text, c)
	}
	draft := Draft{Command: c, Violations: c.Payload.Validate(d.Rules(now))}
	value, media := text, "application/json"
	if avro, err := d.Codec.EncodeCommand(c); err == nil && !d.JSON {
		value, media = avro, "application/avro"
	} else if err != nil && len(draft.Violations) == 0 {
		return Draft{}, fmt.Errorf("encoding command: %w", err)
	} // a command that lacks required fields can be told in JSON alone
	if err := d.fits(value); err != nil {
		return Draft{}, err
	}
	draft.Record = kafka.Record{
		Topic: d.Topics.Command(name), Key: []byte(c.Payload.OrderingKey()), Value: value,
		Headers: headers(c, media),
	}
	return draft, nil
}

func (d Drafter) fits(value []byte) error {
	if limit := int(d.Topics.MaxCommandBytes); len(value) > limit {
		return &TooLargeError{Bytes: len(value), Max: limit}
	}
	return nil
}

// complete puts a commandId and an issuedAt into an object that lacks them. It
// leaves the rest as it stands, so that the codec judges what was written.
func complete(text []byte, now time.Time) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil || fields == nil {
		return nil, errors.New("want one JSON object per command")
	}
	var missing []byte
	for _, f := range []struct{ name, value string }{
		{"commandId", uuid.NewString()}, {"issuedAt", now.UTC().Format(time.RFC3339Nano)},
	} {
		if _, has := fields[f.name]; !has {
			missing = fmt.Appendf(missing, "%q:%q,", f.name, f.value)
		}
	}
	if missing == nil {
		return text, nil
	}
	if len(fields) == 0 {
		missing = bytes.TrimSuffix(missing, []byte(","))
	}
	open := bytes.IndexByte(text, '{') + 1
	return append(append(bytes.Clone(text[:open]), missing...), text[open:]...), nil
}

// renamed puts the command's id and moment into its text.
func renamed(text []byte, c *command.Command) []byte {
	fields := map[string]json.RawMessage{}
	_ = json.Unmarshal(text, &fields) // it has been read before
	fields["commandId"] = json.RawMessage(strconv.Quote(c.ID))
	fields["issuedAt"] = json.RawMessage(strconv.Quote(c.IssuedAt.UTC().Format(time.RFC3339Nano)))
	text, _ = json.Marshal(fields)
	return text
}

// headers follow the CloudEvents Kafka binding, binary mode, and begin a W3C
// trace.
func headers(c *command.Command, media string) []kafka.Header {
	h := func(key, value string) kafka.Header { return kafka.Header{Key: key, Value: []byte(value)} }
	return []kafka.Header{
		h("ce_specversion", "1.0"),
		h("ce_id", c.ID),
		h("ce_type", "bank."+string(c.Name())+".v1"),
		h("ce_source", "/processor/send"),
		h("ce_time", c.IssuedAt.UTC().Format(time.RFC3339Nano)),
		h("content-type", media),
		h("traceparent", traceparent()),
	}
}

func traceparent() string {
	var ids [24]byte
	_, _ = rand.Read(ids[:]) // never fails
	return "00-" + hex.EncodeToString(ids[:16]) + "-" + hex.EncodeToString(ids[16:]) + "-01"
}
