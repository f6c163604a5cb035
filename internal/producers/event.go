package producers

import (
	"strconv"
	"time"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// ContentType is the media type of a result's value: Avro binary, framed as the
// event's schema documents.
const ContentType = "application/avro"

// EventType is the ce_type of a command's result events.
func EventType(n command.Name) string { return "bank." + string(n) + ".result.v1" }

// kind is what all result events of one command have in common.
type kind struct {
	topic     string
	eventType []byte
}

func newKind(names Names, n command.Name) kind {
	return kind{topic: names.Result(n), eventType: []byte(EventType(n))}
}

// Values that all events share. Nobody writes to a record's bytes.
var (
	specVersion = []byte("1.0")
	contentType = []byte(ContentType)
)

// event is what a result event's record takes beside its value, in one piece: as many
// headers as there may be, and their texts.
type event struct {
	list  [14]kafka.Header
	texts [248]byte // mostly enough
}

// headers follow the CloudEvents Kafka binding, binary mode. The extensions let a
// subscriber route without decoding.
func (p *Publisher) headers(k kind, m *command.Message, o *command.Outcome) []kafka.Header {
	e := &event{}
	text := lines{e.texts[:0]}
	headers := append(e.list[:0],
		kafka.Header{Key: "ce_specversion", Value: specVersion},
		kafka.Header{Key: "ce_id", Value: text.of(codec.EventID(o.CommandID, o.Revision))},
		kafka.Header{Key: "ce_type", Value: k.eventType},
		kafka.Header{Key: "ce_source", Value: p.source},
		kafka.Header{Key: "ce_time", Value: text.moment(o.CompletedAt)},
		kafka.Header{Key: command.HeaderSubject, Value: text.of(o.CommandID)},
		kafka.Header{Key: command.HeaderCommandOffset, Value: text.number(m.Offset)},
		kafka.Header{Key: "content-type", Value: contentType},
		kafka.Header{Key: "ce_status", Value: text.of(string(o.Status))},
		kafka.Header{Key: "ce_code", Value: text.of(string(o.Code))},
		kafka.Header{Key: command.HeaderRevision, Value: text.number(int64(o.Revision))},
	)
	if m.Traceparent != "" {
		return appendTraced(headers, m, text.of(m.Traceparent))
	}
	return appendTrace(headers, m)
}

// lines lays values behind each other. What does not fit goes elsewhere, and what
// was returned before stays good.
type lines struct{ b []byte }

func (t *lines) since(start int) []byte { return t.b[start:len(t.b):len(t.b)] }

func (t *lines) of(s string) []byte {
	start := len(t.b)
	t.b = append(t.b, s...)
	return t.since(start)
}

func (t *lines) number(n int64) []byte {
	start := len(t.b)
	t.b = strconv.AppendInt(t.b, n, 10)
	return t.since(start)
}

func (t *lines) moment(m time.Time) []byte {
	start := len(t.b)
	t.b = m.UTC().AppendFormat(t.b, time.RFC3339Nano)
	return t.since(start)
}
