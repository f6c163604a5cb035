package downstream

import (
	"context"
	"slices"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

// Event is one record of a result topic or of the dead letters.
type Event struct {
	Record kafka.Record
	// Outcome is nil for a dead letter, and for a result that could not be read.
	Outcome *command.Outcome
	// Err says why a result could not be read.
	Err error
}

// DeadLetter says whether the event is a dead letter.
func (e Event) DeadLetter() bool { return e.Outcome == nil && e.Err == nil }

// Header returns the record's last header of that name, "" for none.
func (e Event) Header(name string) string {
	for _, h := range slices.Backward(e.Record.Headers) {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

// reader turns records into events.
type reader struct {
	codec  *codec.Codec
	byName map[string]command.Name // of the result topics
}

func newReader(c *codec.Codec, t topics.Config) reader {
	r := reader{codec: c, byName: map[string]command.Name{}}
	for _, n := range command.Names() {
		r.byName[t.Result(n)] = n
	}
	return r
}

func (r reader) event(ctx context.Context, record kafka.Record) Event {
	e := Event{Record: record}
	if name, isResult := r.byName[record.Topic]; isResult {
		e.Outcome, e.Err = r.codec.DecodeOutcome(ctx, name, record.Value)
	}
	return e
}
