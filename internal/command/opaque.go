package command

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
)

// Opaque, embedded first in a payload or a result, keeps the whole of it out of
// print: under every verb, in logs and in every text encoding the value is
// "***", the numbers and codes that are not Private themselves included.
// Events are written field by field by internal/codec, which does not ask it.
type Opaque struct{}

// Format masks the value under every verb.
func (Opaque) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, masked) }

// LogValue masks the value in logs.
func (Opaque) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText masks the value in JSON, YAML and every other text encoding.
func (Opaque) MarshalText() ([]byte, error) { return []byte(masked), nil }

// String names the command and its id, the only parts of it that are fit to be
// seen: a correlation id is upstream's own and may hold anything.
func (c Command) String() string {
	if c.Payload == nil {
		return "command " + c.ID
	}
	return string(c.Payload.Name()) + " " + c.ID
}

// Format writes String under every verb.
func (c Command) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, c.String()) }

// LogValue logs String.
func (c Command) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText writes String: a Command is not an event, internal/codec makes those.
func (c Command) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// String says where the record stands: topic, partition, offset. Its key, value
// and headers are upstream's bytes and are never printed.
func (m Message) String() string {
	return m.Topic + "/" + strconv.Itoa(int(m.Partition)) + "@" + strconv.FormatInt(m.Offset, 10)
}

// Format writes String under every verb.
func (m Message) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, m.String()) }

// LogValue logs String.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.String()) }

// MarshalText writes String.
func (m Message) MarshalText() ([]byte, error) { return []byte(m.String()), nil }
