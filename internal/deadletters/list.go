package deadletters

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/topics"
)

// List hands the letters that are there now and that f picks to emit, oldest first
// within a partition, until emit returns false. unreadable is for a record that is no
// dead letter, with nothing but the record in its entry's letter; it is handed out
// where f is the zero Filter.
func (d *Desk) List(ctx context.Context, f Filter, emit func(e Entry, unreadable error) bool) error {
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	return d.letters(ctx, func(l *producers.Letter, unreadable error) bool {
		if unreadable != nil {
			return f != (Filter{}) || emit(Entry{Letter: l, Standing: Standing{State: StateOpen}}, unreadable)
		}
		e := Entry{Letter: l, Standing: d.journal.account(l).standing}
		return !d.picks(f, e) || emit(e, nil)
	})
}

// letters reads every dead letter that is there now.
func (d *Desk) letters(ctx context.Context, emit func(l *producers.Letter, unreadable error) bool) error {
	w, err := downstream.OpenDeadLetters(ctx, d.Kafka, d.Topics)
	if missing, ok := errors.AsType[*kafka.UnknownTopicsError](err); ok {
		return &topics.MissingError{Topics: missing.Topics}
	}
	if err != nil {
		return err
	}
	return w.ReadToEnd(ctx, func(e downstream.Event) bool { return emit(read(e.Record)) })
}

func read(r kafka.Record) (*producers.Letter, error) {
	l, err := producers.ReadLetter(r)
	if err != nil {
		return &producers.Letter{Record: r}, err
	}
	return l, nil
}

func (d *Desk) picks(f Filter, e Entry) bool {
	l := e.Letter
	at := l.FailedAt
	if at.IsZero() {
		at = l.Record.Time
	}
	name, _ := d.Topics.CommandOf(l.Topic)
	return (f.Reason == "" || l.Reason == f.Reason) && (f.Code == "" || l.Code == f.Code) &&
		(f.Command == "" || name == f.Command) && (f.Key == "" || string(l.Record.Key) == f.Key) &&
		(f.KeyID == "" || l.KeyID == f.KeyID) && (f.State == "" || e.State == f.State) &&
		!at.Before(f.Since) && (f.Until.IsZero() || at.Before(f.Until))
}

// Find returns the letters that ref names, oldest first; none is no error.
func (d *Desk) Find(ctx context.Context, ref Ref) ([]Entry, error) {
	if err := d.catchUp(ctx); err != nil {
		return nil, err
	}
	if ref.CommandID == "" && ref.Place.Topic == d.Topics.DeadLetter() {
		return d.at(ctx, ref)
	}
	var found []Entry
	err := d.letters(ctx, func(l *producers.Letter, unreadable error) bool {
		if unreadable == nil && ref.names(l) {
			found = append(found, Entry{Letter: l, Standing: d.journal.account(l).standing})
		}
		return true
	})
	return found, err
}

// at reads the one letter at a place of the dead letters' own.
func (d *Desk) at(ctx context.Context, ref Ref) ([]Entry, error) {
	if there, err := d.has(ctx, ref.Place); err != nil || !there {
		return nil, err
	}
	log, err := d.rangeOf(ctx, ref.Place)
	if err != nil || ref.Offset < log.First || ref.Offset >= log.Next {
		return nil, err
	}
	var found []Entry
	var foreign error
	_, err = d.scan(ctx, ref.Place, ref.Offset, ref.Offset+1, func(r kafka.Record) bool {
		l, unreadable := read(r)
		if unreadable != nil {
			foreign = fmt.Errorf("%s is no dead letter: %w", ref, unreadable)
			return false
		}
		found = append(found, Entry{Letter: l, Standing: d.journal.account(l).standing})
		return false
	})
	return found, errors.Join(err, foreign)
}

func (r Ref) names(l *producers.Letter) bool {
	if r.CommandID != "" {
		return strings.EqualFold(l.CommandID, r.CommandID)
	}
	if l.Topic == r.Place.Topic {
		return l.Partition == r.Place.Partition && l.Offset == r.Offset
	}
	return l.Record.Topic == r.Place.Topic && l.Record.Partition == r.Place.Partition && l.Record.Offset == r.Offset
}

// String is how the ref is written: a command's id, or a place.
func (r Ref) String() string {
	if r.CommandID != "" {
		return r.CommandID
	}
	return place(r.Place, r.Offset)
}
