package world

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/schemas"
)

// Sent is a command that was published.
type Sent struct {
	// Name is what a story calls it.
	Name string
	// ID is "" where not even that can be read.
	ID string
	// JSON is the command as upstream has written it, in JSON.
	JSON []byte
	// Record is where it stands.
	Record kafka.Record
}

// Place is where the record stands, as the command line takes it.
func (s Sent) Place() string {
	return fmt.Sprintf("%s/%d@%d", s.Record.Topic, s.Record.Partition, s.Record.Offset)
}

// Fields are a command's, in plain JSON.
type Fields map[string]any

// Send publishes the published example of a command with these fields changed.
func (w *World) Send(called string, name command.Name, fields Fields) Sent {
	w.T.Helper()
	all := Fields{}
	d := json.NewDecoder(strings.NewReader(schemas.Example(string(name))))
	d.UseNumber()
	w.must(d.Decode(&all))
	maps.Copy(all, fields)
	text, err := json.Marshal(all)
	w.must(err)
	drafter := w.drafter
	_, named := fields["commandId"]
	drafter.NewIDs = !named
	draft, err := drafter.FromJSON(name, text)
	w.must(err)
	text, err = codec.CommandJSON(draft.Command)
	w.must(err)
	sent := Sent{Name: called, ID: draft.Command.ID, JSON: text, Record: w.publish(draft.Record)}
	if !named { // else it is another's
		w.Call(sent.ID, called)
	}
	return sent
}

// SendRaw publishes bytes as a command, with a key.
func (w *World) SendRaw(called string, name command.Name, key, value string) Sent {
	w.T.Helper()
	r := kafka.Record{Topic: w.Topics.Command(name), Key: []byte(key), Value: []byte(value)}
	sent := Sent{Name: called, Record: w.publish(r)}
	w.Call(sent.Place(), called)
	return sent
}

// Call gives something a name by which transcripts know it: a command's id, or a place.
func (w *World) Call(id, name string) {
	w.Lock()
	defer w.Unlock()
	w.names[id] = name
}

// NameOf is what a command's id or a place is called, or itself.
func (w *World) NameOf(id string) string {
	w.Lock()
	defer w.Unlock()
	if name := w.names[id]; name != "" {
		return name
	}
	return id
}

func (w *World) publish(r kafka.Record) kafka.Record {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(w.T.Context(), patience)
	defer cancel()
	stored, err := w.sender.Send(ctx, r)
	w.must(err)
	return stored[0]
}

// Outcome waits for the outcome of a command's revision.
func (w *World) Outcome(id string, revision int32) *command.Outcome {
	w.T.Helper()
	var o *command.Outcome
	if !w.Until(patience, func() bool {
		if got := w.outcomes[Life{id, revision}]; len(got) > 0 {
			o = got[0].Outcome
		}
		return o != nil
	}) {
		w.T.Fatalf("%s: no outcome of revision %d; the processors logged:\n%s", w.NameOf(id), revision, w.Log.Tail(20))
	}
	return o
}

// Outcomes are all events of a command's revision so far: one, and the same again where
// it was published twice.
func (w *World) Outcomes(id string, revision int32) []downstream.Event {
	w.Lock()
	defer w.Unlock()
	return w.outcomes[Life{id, revision}]
}

// Letter waits for the dead letter of a record and returns its own place.
func (w *World) Letter(s Sent) string { return w.LetterOf(s.Place()) }

// LetterOf is Letter by the record's place.
func (w *World) LetterOf(place string) string {
	w.T.Helper()
	var found string
	if !w.Until(patience, func() bool {
		for _, e := range w.letters[place] {
			found = fmt.Sprintf("%s/%d@%d", e.Record.Topic, e.Record.Partition, e.Record.Offset)
		}
		return found != ""
	}) {
		w.T.Fatalf("no dead letter of %s; the processors logged:\n%s", place, w.Log.Tail(20))
	}
	return found
}

// Records are all that stand in a topic now, partition by partition.
func (w *World) Records(topic string) []kafka.Record {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(w.T.Context(), patience)
	defer cancel()
	leaders, err := w.Client.Leaders(ctx, topic)
	w.must(err)
	var all []kafka.Record
	for p := range len(leaders) {
		all = append(all, w.recordsOf(ctx, kafka.TopicPartition{Topic: topic, Partition: int32(p)})...)
	}
	return all
}

func (w *World) recordsOf(ctx context.Context, tp kafka.TopicPartition) (all []kafka.Record) {
	w.T.Helper()
	ranges, err := w.Client.LogRange(ctx, []kafka.TopicPartition{tp})
	w.must(err)
	for next := ranges[tp].First; next < ranges[tp].Next; {
		fetched, err := w.Client.Fetch(ctx, []kafka.FetchPartition{{TopicPartition: tp, Offset: next, MaxBytes: 1 << 20}}, 100*time.Millisecond, 1<<20)
		w.must(err)
		w.must(fetched[0].Err)
		all, next = append(all, fetched[0].Records...), fetched[0].Next
	}
	return all
}

// Replays are the records of a letter's command that were published again: those of its
// topic that say so of the letter.
func (w *World) Replays(topic, letter string) (all []kafka.Record) {
	w.T.Helper()
	for _, r := range w.Records(topic) {
		for _, h := range r.Headers {
			if h.Key == command.HeaderReplayOf && string(h.Value) == letter {
				all = append(all, r)
			}
		}
	}
	return all
}

// Audit is what stands in the audit now, in order.
func (w *World) Audit() []command.AuditRecord {
	w.T.Helper()
	var all []command.AuditRecord
	for _, r := range w.Records(w.Topics.Audit()) {
		a, err := w.Events.DecodeAudit(r.Value)
		w.must(err)
		all = append(all, *a)
	}
	return all
}

// Raw is the value of a command that was sent in JSON.
func (w *World) Raw(s Sent) string { return string(s.Record.Value) }
