package processing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bankprocessor/internal/command"
)

// Handle takes one command to its outcome and returns nil once that is durable, or
// has been before. The end of ctx stops every wait, never a bank call that is under
// way; the command is then either brought to a true end with what is known, or
// given back with an error that errors.Is ErrReleased. Any other error says that
// something came of the command which could not be stored.
func (p *Processor) Handle(ctx context.Context, m *command.Message) error {
	w := p.follow(m)
	err := p.handle(ctx, m, w)
	switch { // where nobody has said so with more words
	case err == nil:
		w.end(Ending{How: EndedAnswered})
	case errors.Is(err, ErrReleased):
		w.end(Ending{How: EndedReleased})
	default:
		w.end(Ending{How: EndedNotStored, Failed: true})
	}
	return err
}

func (p *Processor) handle(ctx context.Context, m *command.Message, w way) error {
	received := p.now()
	if _, ok := m.Revision(); !ok {
		return p.finishUnreadable(ctx, m, w, unknownRevision(), command.Past{}, received)
	}
	c, err := p.decoder.Decode(ctx, m)
	unreadable, isUnreadable := errors.AsType[*command.DecodeError](err)
	if err != nil && !isUnreadable {
		return p.notYet(m, fmt.Errorf("decoding command: %w", err))
	}
	id := idOf(c, unreadable)
	if id == "" {
		p.unstored.take(m) // it is made again, the same
		return p.finishUnreadable(ctx, m, w, unreadable, command.Past{}, received)
	}
	past, err := p.history.Open(ctx, m, id)
	if err != nil {
		return p.notYet(m, fmt.Errorf("looking up command: %w", err))
	}
	defer p.history.Close(m, id)
	past.Attempts = p.uncalled.without(past.Attempts)
	f, kept := p.unstored.take(m)
	switch {
	case past.Concluded:
		return p.answered(ctx, m, w, id, past, received)
	case kept && f.knows(past.Attempts):
		return p.publish(ctx, m, w, f)
	case isUnreadable:
		return p.finishUnreadable(ctx, m, w, unreadable, past, received)
	}
	return p.carryOut(ctx, m, w, c, past, received)
}

// unknownRevision refuses a replay that does not say which: were it taken for the
// command's first life, or for any, an outcome could stand twice. It has no outcome of
// its own for the same reason.
func unknownRevision() *command.DecodeError {
	return &command.DecodeError{
		Code: command.CodeCommandUndecodable, Field: "header " + command.HeaderReplayRevision,
		Reason: "names no revision: want a number from 2 on, as `processor dlq replay` writes it, or no such header",
	}
}

// idOf is the id of a command, whether it could be read or not.
func idOf(c *command.Command, unreadable *command.DecodeError) string {
	if unreadable != nil {
		return unreadable.CommandID
	}
	return c.ID
}

// notYet gives a command back that could not be looked at. What is kept of it from
// before keeps it from being called unspent.
func (p *Processor) notYet(m *command.Message, err error) error {
	if p.unstored.has(m) {
		return fmt.Errorf("what came of the command is not stored yet: %w", err)
	}
	return fmt.Errorf("%w: %w", ErrReleased, err)
}

// answered ends a command whose id has its outcome: there is nothing left to do,
// but for a command that is known to be another one under the same id. It has no
// outcome of its own, for the id has one; a person must look.
func (p *Processor) answered(ctx context.Context, m *command.Message, w way, id string, past command.Past, received time.Time) error {
	differs := past.Elsewhere && past.Differs
	if differs {
		letter := &command.DeadLetter{
			Reason: command.ReasonRejectedByContract, Code: command.CodeCommandIDReused, CommandID: id,
			Text: "another command with this commandId has its outcome: this one has none of its own",
		}
		if err := p.publish(ctx, m, w, finished{letter: letter, received: received}); err != nil {
			return err
		}
	}
	w.end(Ending{How: EndedAnswered, CommandID: id})
	p.observer.Answered(m.Name, past.Elsewhere, differs)
	if past.Elsewhere && !differs {
		p.log.Info("a command was published twice: the outcome that its id has answers it",
			"command", m.Name, "command_id", id, "partition", m.Partition, "offset", m.Offset)
	}
	return nil
}

// carryOut takes a command that has no outcome yet to its own.
func (p *Processor) carryOut(ctx context.Context, m *command.Message, w way, c *command.Command, past command.Past, received time.Time) error {
	r := &run{p: p, m: m, c: c, received: received, way: w, at: w}
	defer r.settled()
	r.trace = parseTraceparent(m.Header(traceparentHeader))
	if !c.Payload.HasKey(m.Key) {
		p.observer.KeyMismatch(c.Name())
		p.log.Warn("record key is not the command's ordering key: order is not kept for it",
			"command", c.Name(), "command_id", c.ID, "partition", m.Partition, "offset", m.Offset)
	}
	if past.InDoubt() {
		r.recover(past.Attempts)
	}
	e, err := r.execute(ctx)
	if err != nil {
		w.end(Ending{How: EndedReleased, CommandID: c.ID, Attempts: r.attempts})
		return err
	}
	return r.finish(ctx, e)
}
