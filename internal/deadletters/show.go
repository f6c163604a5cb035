package deadletters

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/google/uuid"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
)

// View is a letter as it is shown.
type View struct {
	Entry Entry
	// Command is the command in JSON, masked unless revealed; nil where it cannot be
	// shown, and Note says why.
	Command []byte
	Note    string
	// Key and Headers are the original's; Key is nil where there was none.
	Key     *Blob
	Headers []NamedBlob
	// Attempts are those that stand in bank.attempts for the command and revision,
	// withdrawn ones left out.
	Attempts []command.Attempt
	// Outcomes are the command's, oldest first: the one that goes with the letter, nil
	// fields in it aside, and what replays and resolutions have come to since, of which
	// revision, status, code and moment are told.
	Outcomes []command.Outcome
	// Trail is what people have done about the letter's command, oldest first.
	Trail []command.AuditRecord
}

// Blob is bytes of upstream's: Bytes is their number, and Shown holds them where they
// may be seen, else it is nil.
type Blob struct {
	Bytes int
	Shown []byte
}

// NamedBlob is a header; Name is *** where it must not be seen.
type NamedBlob struct {
	Name string
	Blob
}

const masked = "***"

// ShowOptions say how much of a letter is shown.
type ShowOptions struct {
	// Reveal shows what may tell of a person, which is audited before: By and Why are
	// needed then.
	Reveal bool
	By     Operator
	Why    string
}

// Show returns what a letter holds, masked unless o says else. A value that should have
// opened and does not is an error; the rest of the view is good all the same.
func (d *Desk) Show(ctx context.Context, e Entry, o ShowOptions) (View, error) {
	if o.Reveal {
		if err := d.looked(ctx, command.AuditReveal, e.Letter, o.By, o.Why); err != nil {
			return View{}, err
		}
	}
	v, err := d.content(ctx, e, o.Reveal)
	return v, errors.Join(err, d.story(ctx, &v))
}

// Export returns the original's value, byte for byte, which is audited before.
func (d *Desk) Export(ctx context.Context, e Entry, by Operator, why string) ([]byte, error) {
	original, err := e.Letter.Original(d.Opener) // sealed, it is not for who has no key, wherever else it stands
	if errors.Is(err, producers.ErrOmitted) {
		original, err = d.original(ctx, e.Letter)
	}
	if err != nil {
		return nil, err
	}
	if err := d.looked(ctx, command.AuditExport, e.Letter, by, why); err != nil {
		return nil, err
	}
	return original.Value, nil
}

// looked puts into the audit that somebody is about to see what may tell of a person.
func (d *Desk) looked(ctx context.Context, what command.AuditAction, l *producers.Letter, by Operator, why string) error {
	if err := checkWords(by, why, ""); err != nil {
		return err
	}
	s, err := d.begin(ctx)
	if err != nil {
		return err
	}
	defer s.end()
	a := d.record(what, l, by, why)
	a.Phase, a.ID, a.Revision = command.AuditDone, uuid.NewString(), 0
	_, err = s.write(ctx, l, &a)
	return err
}

// content is what the letter itself holds.
func (d *Desk) content(ctx context.Context, e Entry, reveal bool) (View, error) {
	l := e.Letter
	v := View{Entry: e}
	if l.Record.Key != nil {
		key := blobOf(l.Record.Key, reveal || fit(l.Record.Key))
		v.Key = &key
	}
	for _, h := range l.Headers {
		name := h.Key
		if !reveal && !fit([]byte(name)) {
			name = masked
		}
		v.Headers = append(v.Headers, NamedBlob{name, blobOf(h.Value, reveal)})
	}
	original, err := l.Original(d.Opener)
	if err != nil {
		v.Note = err.Error()
		if errors.Is(err, producers.ErrOmitted) || errors.Is(err, producers.ErrSealed) && !reveal {
			return v, nil
		}
		return v, err
	}
	v.Command, v.Note = d.commandJSON(ctx, original, reveal)
	return v, nil
}

// story is what has become of the letter's command.
func (d *Desk) story(ctx context.Context, v *View) error {
	l := v.Entry.Letter
	name := subjectOf(l)
	err := d.Trail(ctx, func(a command.AuditRecord) bool {
		if a.CommandID != "" && a.CommandID == name || a.Original == l.Place() || a.Letter == l.Address() {
			v.Trail = append(v.Trail, a)
		}
		return true
	})
	if err != nil || !hasOutcome(l) {
		return err
	}
	found, err := d.outcomes(ctx, []*producers.Letter{l})
	if err != nil {
		return err
	}
	if o := found[outcomeKey{l.CommandID, l.Revision}]; o != nil {
		v.Outcomes = append(v.Outcomes, *o)
	}
	v.Outcomes = append(v.Outcomes, later(v.Trail, l.Revision)...)
	v.Attempts, err = d.attemptsOf(ctx, l)
	return err
}

// later are the outcomes beyond a revision, as the audit tells them.
func later(trail []command.AuditRecord, revision int32) []command.Outcome {
	var all []command.Outcome
	stated := map[string]command.AuditRecord{}
	for _, a := range trail {
		switch {
		case a.Revision <= revision:
		case a.Action == command.AuditResolve && a.Phase == command.AuditIntended:
			stated[a.ID] = a
		case a.Action == command.AuditResolve && a.Phase == command.AuditDone:
			all = append(all, outcomeOf(stated[a.ID]))
		case a.Phase == command.AuditOutcome:
			all = append(all, outcomeOf(a))
		}
	}
	return all
}

func outcomeOf(a command.AuditRecord) command.Outcome {
	return command.Outcome{
		CommandID: a.CommandID, Command: a.Command, Revision: a.Revision, Status: a.Status, Code: a.Code, CompletedAt: a.At,
	}
}

func blobOf(b []byte, shown bool) Blob {
	blob := Blob{Bytes: len(b)}
	if shown {
		blob.Shown = b
	}
	return blob
}

// fit says whether a key or name may be seen: the processor warns of those that
// may not, and cannot keep upstream from writing them.
func fit(b []byte) bool { return utf8.Valid(b) && !command.ReferenceHoldsPersonalData(string(b)) }

// commandJSON decodes the original, or says why it cannot be.
func (d *Desk) commandJSON(ctx context.Context, original kafka.Record, reveal bool) (text []byte, note string) {
	if original.Value == nil {
		return nil, "the original has no value: it is a tombstone"
	}
	c, err := d.decode(ctx, original)
	if errors.Is(err, errForeignTopic) {
		return nil, err.Error()
	}
	if err != nil {
		return nil, "the value cannot be decoded: " + err.Error()
	}
	write := codec.MaskedCommandJSON
	if reveal {
		write = codec.CommandJSON
	}
	if text, err = write(c); err != nil {
		return nil, "the command cannot be written: " + err.Error()
	}
	return text, ""
}

var errForeignTopic = errors.New("the original's topic is none of this configuration's commands (topics.prefix)")

func (d *Desk) decode(ctx context.Context, original kafka.Record) (*command.Command, error) {
	name, ok := d.Topics.CommandOf(original.Topic)
	if !ok {
		return nil, errForeignTopic
	}
	return d.Codec.Decode(ctx, &command.Message{Topic: original.Topic, Name: name, Key: original.Key, Value: original.Value})
}

// original is the record that the command came in: out of the letter, and where that
// holds it shut or not whole, from its own topic, as long as that keeps it.
func (d *Desk) original(ctx context.Context, l *producers.Letter) (kafka.Record, error) {
	r, err := l.Original(d.Opener)
	if err == nil || !errors.Is(err, producers.ErrSealed) && !errors.Is(err, producers.ErrOmitted) {
		return r, err
	}
	tp := kafka.TopicPartition{Topic: l.Topic, Partition: l.Partition}
	log, lost := d.rangeOf(ctx, tp)
	if lost != nil || l.Offset < log.First || l.Offset >= log.Next {
		return kafka.Record{}, fmt.Errorf("%w; its own topic does not keep it any more", err)
	}
	var kept *kafka.Record
	if _, lost = d.scan(ctx, tp, l.Offset, l.Offset+1, func(r kafka.Record) bool { kept = &r; return false }); lost != nil {
		return kafka.Record{}, lost
	}
	// A topic that was made anew has another record there.
	if kept == nil || string(kept.Key) != string(l.Record.Key) || !l.Time.IsZero() && kept.Time.UnixMilli() != l.Time.UnixMilli() {
		return kafka.Record{}, fmt.Errorf("%w; at its place stands another record now", err)
	}
	return *kept, nil
}
