package deadletters

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
)

// session is what an order writes through, from begin to end.
type session struct {
	desk    *Desk
	batcher writer
}

// writer stores what a session writes; *producers.Batcher is one.
type writer interface {
	producers.Writer
	Stop(ctx context.Context) error
}

// begin opens a session, which the caller ends, for writing to the audit and to these
// topics. A permission that is missing is told here: a write would wait for it.
func (d *Desk) begin(ctx context.Context, topics ...string) (*session, error) {
	if err := d.permitted(ctx, append(topics, d.Topics.Audit())); err != nil {
		return nil, err
	}
	b, err := producers.NewBatcher(producers.Config{}, d.Kafka, producers.NopObserver{}, d.Logger)
	if err != nil {
		return nil, err
	}
	b.Start(context.WithoutCancel(ctx))
	return &session{desk: d, batcher: d.through(b)}, nil
}

// permitted looks whether we may write to the topics.
func (d *Desk) permitted(ctx context.Context, topics []string) error {
	var wanted []kafka.Permission
	for _, name := range topics {
		wanted = append(wanted, kafka.Permission{Operation: kafka.Write, Resource: kafka.TopicResource, Name: name})
	}
	missing, err := d.Kafka.MissingPermissions(ctx, wanted)
	if err != nil {
		return fmt.Errorf("looking at what is permitted: %w", err)
	}
	if len(missing) == 0 {
		return nil
	}
	var grants []string
	for _, p := range missing {
		grants = append(grants, p.String())
	}
	return refused("not permitted: grant %s to the operators' principal (docs/kafka-security.md)", strings.Join(grants, ", "))
}

// ending bounds how long the end of a session waits for what is under way.
const ending = 10 * time.Second

func (s *session) end() {
	ctx, cancel := context.WithTimeout(context.Background(), ending)
	defer cancel()
	if err := s.batcher.Stop(ctx); err != nil {
		s.desk.Logger.Warn("what was written to kafka at the end may not be stored", "error", err)
	}
}

// write stores an audit record and returns its offset.
func (s *session) write(ctx context.Context, l *producers.Letter, a *command.AuditRecord) (int64, error) {
	value, err := s.desk.Codec.EncodeAudit(a)
	if err != nil {
		return -1, fmt.Errorf("encoding the audit: %w", err)
	}
	tp := s.desk.auditLog()
	// Nobody waits for a topic that is not there.
	if _, err := s.desk.rangeOf(ctx, tp); err != nil {
		return -1, fmt.Errorf("writing to the audit: %w", err)
	}
	at, err := s.batcher.Produce(ctx, kafka.Record{Topic: tp.Topic, Partition: tp.Partition, Key: []byte(subjectOf(l)), Value: value})
	if err != nil {
		return -1, fmt.Errorf("writing to the audit: %w", err)
	}
	return at, nil
}

// moment is now, as exact as an event keeps it: what is published a second time is the
// same.
func (d *Desk) moment() time.Time { return d.Now().UTC().Truncate(time.Millisecond) }

// record is what all audit records about a letter have in common.
func (d *Desk) record(what command.AuditAction, l *producers.Letter, by Operator, why string) command.AuditRecord {
	name, _ := d.Topics.CommandOf(l.Topic)
	return command.AuditRecord{
		Action: what, At: d.moment(), Actor: by.Name, Tool: by.Tool, Why: why,
		CommandID: l.CommandID, Command: name, Letter: l.Address(), Original: l.Place(),
	}
}

// claim stores what is intended, be it begun or taken over, and returns once it is seen
// to count. Else somebody was faster, and the error is a *RefusedError.
func (s *session) claim(ctx context.Context, l *producers.Letter, a *command.AuditRecord) error {
	at, err := s.write(ctx, l, a)
	if err != nil {
		return err
	}
	if err := s.desk.catchUpTo(ctx, at); err != nil {
		return err
	}
	if k := s.desk.journal.account(l); k.pending == nil || k.pending.intended.ID != a.ID || k.pending.holder.Job != a.Job {
		return refused("somebody else was faster: look at it again with: processor dlq show %s", l.Address())
	}
	return nil
}

// done stores that what was intended has been done, at target.
func (s *session) done(ctx context.Context, l *producers.Letter, intended command.AuditRecord, target string) error {
	intended.Phase, intended.Target, intended.At = command.AuditDone, target, s.desk.moment()
	_, err := s.write(ctx, l, &intended)
	return err
}

func refused(format string, args ...any) *RefusedError {
	return &RefusedError{Reason: fmt.Sprintf(format, args...)}
}

// maxWords bounds what a person may put into the audit, in bytes.
const maxWords = 500

var errNobody = errors.New("nobody is named who does this")

// checkWords holds what a person writes into the audit to its rules: somebody is named,
// there is a reason, and nothing tells of another person.
func checkWords(by Operator, why, reference string) error {
	switch {
	case by.Name == "" || by.Tool == "":
		return errNobody
	case strings.TrimSpace(why) == "":
		return refused("a reason is missing: say in a few words why")
	case len(why) > maxWords || len(reference) > maxWords || len(by.Name) > maxWords:
		return refused("the reason, the reference or the name is too long: at most %d bytes", maxWords)
	}
	for what, words := range map[string]string{"reason": why, "bank's reference": reference, "operator's name": by.Name} {
		if command.ReferenceHoldsPersonalData(words) && !(what == "operator's name" && strings.Contains(words, "@")) {
			return refused("the %s holds what looks like an identity number, a phone number or an e-mail address: leave it out, the audit is kept for long", what)
		}
	}
	return nil
}
