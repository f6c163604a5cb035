package deadletters

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
)

// verdicts are what a person may state.
var verdicts = map[command.Status]struct {
	code     command.Code
	category command.Category
}{
	command.Succeeded: {command.CodeOperatorConfirmed, command.CategoryOK},
	command.Rejected:  {command.CodeOperatorRejected, command.CategoryBusiness},
	command.Failed:    {command.CodeOperatorNotApplied, command.CategoryProtocol},
}

// Resolve publishes the outcome that r states, with the next revision. Its error is a
// *RefusedError where that must not be done. One that was interrupted is finished as it
// was intended, whatever r states.
func (d *Desk) Resolve(ctx context.Context, r Resolution) (Resolved, error) {
	return d.resolve(ctx, r, true)
}

// Preview says what Resolve would publish, and changes nothing.
func (d *Desk) Preview(ctx context.Context, r Resolution) (Resolved, error) {
	return d.resolve(ctx, r, false)
}

func (d *Desk) resolve(ctx context.Context, r Resolution, really bool) (Resolved, error) {
	if _, ok := verdicts[r.As]; !ok {
		return Resolved{}, refused("%q is no resolution: want SUCCEEDED, REJECTED or FAILED", r.As)
	}
	if really || r.Why != "" {
		if err := checkWords(r.By, r.Why, r.BankReference); err != nil {
			return Resolved{}, err
		}
	}
	e, prior, err := d.inDoubt(ctx, r)
	if err != nil {
		return Resolved{}, err
	}
	k := d.journal.account(e.Letter)
	done := Resolved{Entry: e}
	intended := d.statement(r, e.Letter, k)
	if k.pending != nil {
		intended, done.Resumed = k.pending.intended, true
	}
	done.Outcome, done.Revision = stated(intended, prior), intended.Revision
	if !really {
		return done, nil
	}
	return d.publish(ctx, done, intended)
}

// inDoubt finds the letter that a resolution is about and the outcome to be resolved.
func (d *Desk) inDoubt(ctx context.Context, r Resolution) (Entry, *command.Outcome, error) {
	found, err := d.Find(ctx, r.Ref)
	if err != nil {
		return Entry{}, nil, err
	}
	if len(found) == 0 {
		return Entry{}, nil, refused("there is no dead letter of %s: it may never have been one, or be older than the topic's retention", r.Ref)
	}
	found, _ = latest(found)
	if len(found) > 1 {
		return Entry{}, nil, refused("%s names letters of several commands: name one by its own place", r.Ref)
	}
	e := found[0]
	l := e.Letter
	if !hasOutcome(l) {
		return e, nil, refused("its command has no outcome of its own, and so nothing to resolve")
	}
	outcomes, err := d.outcomes(ctx, []*producers.Letter{l})
	if err != nil {
		return e, nil, err
	}
	prior := outcomes[outcomeKey{l.CommandID, l.Revision}]
	k := d.journal.account(l)
	switch {
	case prior == nil:
		err = refused("its outcome is not in %s: the processor may still be at it, look again later", d.resultOf(l))
	case k.pending != nil && k.pending.intended.Action != command.AuditResolve:
		err = refused("it was replayed by %s at %s as revision %d, which has no outcome yet: wait for that",
			k.pending.intended.Actor, moment(k.pending.intended.At), k.pending.intended.Revision)
	case k.pending != nil && !k.pending.free(r.By.Name, d.Now()):
		err = refused("%s is at it since %s: look again in a minute", k.pending.holder.Actor, moment(k.pending.holder.At))
	case k.pending != nil:
	case k.resolved() && r.Correct:
		if r.As == k.standing.Status {
			err = refused("it is resolved as %s already", r.As)
		}
	case k.resolved():
		err = refused("it was resolved as %s as revision %d by %s: should that be wrong, state what is right with --correct",
			k.standing.Status, k.last.intended.Revision, k.last.intended.Actor)
	case k.end.Status != "":
		err = refused("it has come to %s as revision %d since, by %s", k.end.Status, k.end.Revision, k.actor())
	case !doubtful(prior.Status):
		err = refused("its outcome is %s, which is no doubt: a person resolves IN_DOUBT and PENDING alone", prior.Status)
	}
	return e, prior, err
}

// statement is the audit record of a resolution.
func (d *Desk) statement(r Resolution, l *producers.Letter, k account) command.AuditRecord {
	a := d.record(command.AuditResolve, l, r.By, r.Why)
	a.Phase, a.ID = command.AuditIntended, uuid.NewString()
	a.Revision = max(k.revision, l.Revision, command.FirstRevision) + 1
	a.Status, a.Code, a.BankReference = r.As, verdicts[r.As].code, r.BankReference
	return a
}

// stated is the outcome that a statement leads to: what is known of the command stays,
// and the bank's own words, which led to the doubt, go. The same statement makes the
// same event.
func stated(a command.AuditRecord, prior *command.Outcome) command.Outcome {
	o := command.Outcome{
		CommandID: a.CommandID, CorrelationID: prior.CorrelationID, Command: a.Command,
		Status: a.Status, Code: a.Code, Category: verdicts[a.Status].category,
		Bank: prior.Bank, BankReference: a.BankReference, ChannelRequestID: prior.ChannelRequestID, Attempts: prior.Attempts,
		Revision: a.Revision, ReceivedAt: prior.ReceivedAt, CompletedAt: a.At,
	}
	if o.BankReference == "" {
		o.BankReference = prior.BankReference
	}
	return o
}

// publish claims the revision, unless that stands already, and publishes the outcome.
func (d *Desk) publish(ctx context.Context, done Resolved, intended command.AuditRecord) (Resolved, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTimeout)
	defer cancel()
	l := done.Entry.Letter
	s, err := d.begin(ctx, d.resultOf(l))
	if err != nil {
		return done, err
	}
	defer s.end()
	if !done.Resumed {
		if err := s.claim(ctx, l, &intended); err != nil {
			return done, err
		}
	}
	publisher := producers.NewPublisher(s.batcher, producers.PublisherConfig{
		Encoder: d.Codec, Names: d.Topics, Observer: producers.NopObserver{}, Log: d.Logger,
	})
	at, err := publisher.Outcome(ctx, messageOf(l, intended.Command), &done.Outcome)
	if err != nil {
		return done, fmt.Errorf("resolving %s: %w", l.Address(), err)
	}
	done.Event = place(kafka.TopicPartition{Topic: d.Topics.Result(intended.Command), Partition: l.Partition}, at)
	if err := s.done(ctx, l, intended, done.Event); err != nil {
		return done, errors.Join(errors.New("the outcome is published, and the audit does not say so yet: order the same again"), err)
	}
	err = d.catchUp(ctx)
	done.Entry.Standing = d.journal.account(l).standing
	return done, err
}

// messageOf is the command's message as the outcome's record needs it: where it stands,
// and its trace.
func messageOf(l *producers.Letter, name command.Name) *command.Message {
	trace := slices.DeleteFunc(slices.Clone(l.Headers), func(h kafka.Header) bool { return h.Key != "traceparent" && h.Key != "tracestate" })
	return &command.Message{
		Topic: l.Topic, Name: name, Partition: l.Partition, Offset: l.Offset, Time: l.Time, Key: l.Record.Key, Headers: trace,
	}
}
