package deadletters

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
)

// skew is how far the clocks of two processors may be apart: a letter is written by
// one, and where that dies at once, its outcome by another.
const skew = 5 * time.Minute

// outcomeKey is what a result event is one of.
type outcomeKey struct {
	id       string
	revision int32
}

// hasOutcome says whether a letter's command has an outcome of its own.
func hasOutcome(l *producers.Letter) bool { return subjectOf(l) == l.CommandID }

// outcomes finds the outcomes that go with the letters in the result topics, by
// headers. What is not found is not in the answer: the command is under way, or the
// outcome is older than its topic keeps.
//
// A letter stands before its outcome, and so each partition is read from the oldest
// letter's time on until that one's is found, and again from the next that is missing.
func (d *Desk) outcomes(ctx context.Context, letters []*producers.Letter) (map[outcomeKey]*command.Outcome, error) {
	found := map[outcomeKey]*command.Outcome{}
	for tp, wanted := range d.byResult(letters) {
		there, err := d.has(ctx, tp)
		if err == nil && there {
			err = d.outcomesOf(ctx, tp, wanted, found)
		}
		if err != nil {
			return nil, fmt.Errorf("looking up outcomes: %w", err)
		}
	}
	return found, nil
}

// byResult groups the letters by where their outcomes stand, oldest first.
func (d *Desk) byResult(letters []*producers.Letter) map[kafka.TopicPartition][]*producers.Letter {
	all := map[kafka.TopicPartition][]*producers.Letter{}
	for _, l := range letters {
		name, ok := d.Topics.CommandOf(l.Topic)
		if !ok || !hasOutcome(l) {
			continue
		}
		tp := kafka.TopicPartition{Topic: d.Topics.Result(name), Partition: l.Partition}
		all[tp] = append(all[tp], l)
	}
	for _, some := range all {
		slices.SortFunc(some, func(a, b *producers.Letter) int { return written(a).Compare(written(b)) })
	}
	return all
}

// written is the earliest moment at which a letter may have been written.
func written(l *producers.Letter) time.Time {
	if l.FailedAt.IsZero() || l.Record.Time.Before(l.FailedAt) {
		return l.Record.Time
	}
	return l.FailedAt
}

func (d *Desk) outcomesOf(ctx context.Context, tp kafka.TopicPartition, letters []*producers.Letter, found map[outcomeKey]*command.Outcome) error {
	log, err := d.rangeOf(ctx, tp)
	if err != nil {
		return err
	}
	missing := map[outcomeKey]bool{}
	for _, l := range letters {
		missing[outcomeKey{l.CommandID, l.Revision}] = true
	}
	name, _ := d.Topics.CommandOf(letters[0].Topic)
	at := log.First
	for _, l := range letters {
		key := outcomeKey{l.CommandID, l.Revision}
		if !missing[key] {
			continue
		}
		from, err := d.since(ctx, tp, written(l).Add(-skew), log)
		if err != nil {
			return err
		}
		at, err = d.scan(ctx, tp, max(at, from), log.Next, func(r kafka.Record) bool {
			if k, ok := keyOf(&r); ok && missing[k] {
				if o, err := d.Codec.DecodeOutcome(ctx, name, r.Value); err == nil {
					found[k] = o
					delete(missing, k)
				} else {
					d.Logger.Error("an outcome cannot be read", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "error", err)
				}
			}
			return missing[key]
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keyOf reads whose outcome a record is off its headers.
func keyOf(r *kafka.Record) (k outcomeKey, ok bool) {
	var subject, revision []byte
	for _, h := range r.Headers {
		switch h.Key {
		case command.HeaderSubject:
			subject = h.Value
		case command.HeaderRevision:
			revision = h.Value
		}
	}
	k.id = string(subject)
	k.revision, ok = command.ParseRevision(revision, command.FirstRevision)
	return k, ok
}

// doubtful says that a command of that status may have been applied.
func doubtful(s command.Status) bool { return s == command.InDoubt || s == command.Pending }

// attemptsOf finds the attempts at a letter's command and revision that stand. They are
// looked for before the letter's own time, for as long as attemptsSince.
func (d *Desk) attemptsOf(ctx context.Context, l *producers.Letter) ([]command.Attempt, error) {
	tp := kafka.TopicPartition{Topic: d.Topics.Attempts(), Partition: l.Partition}
	if there, err := d.has(ctx, tp); err != nil || !there {
		return nil, err
	}
	log, err := d.rangeOf(ctx, tp)
	if err != nil {
		return nil, fmt.Errorf("looking up attempts: %w", err)
	}
	from, err := d.since(ctx, tp, written(l).Add(-attemptsSince), log)
	if err != nil {
		return nil, fmt.Errorf("looking up attempts: %w", err)
	}
	to, err := d.since(ctx, tp, written(l).Add(skew), log)
	if err != nil {
		return nil, fmt.Errorf("looking up attempts: %w", err)
	}
	var made []command.Attempt
	_, err = d.scan(ctx, tp, from, min(to, from+attemptsRead), func(r kafka.Record) bool {
		if string(r.Key) != string(l.Record.Key) {
			return true
		}
		revision, ok := command.ParseRevision(lastHeader(r.Headers, command.HeaderReplayRevision), command.FirstRevision+1)
		a, err := d.Codec.DecodeAttempt(r.Value)
		if !ok || err != nil || a.CommandID != l.CommandID || revision != l.Revision {
			return true
		}
		made = slices.DeleteFunc(made, func(b command.Attempt) bool { return b.ChannelRequestID == a.ChannelRequestID })
		if !a.Withdrawn {
			made = append(made, *a)
		}
		return true
	})
	if err != nil {
		return made, fmt.Errorf("looking up attempts: %w", err)
	}
	return made, nil
}

const (
	// attemptsSince bounds how long a command is expected to have been under way, and
	// attemptsRead how many records are read for one letter.
	attemptsSince = time.Hour
	attemptsRead  = 2_000_000
)

func lastHeader(headers []kafka.Header, name string) []byte {
	for _, h := range slices.Backward(headers) {
		if h.Key == name {
			return h.Value
		}
	}
	return nil
}
