package processing

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"bankprocessor/internal/command"
)

// finish makes the end of a run durable: the dead letter first, so that whoever
// sees the outcome finds it.
func (r *run) finish(ctx context.Context, e end) error {
	v := e.verdict
	o := &command.Outcome{
		CommandID:        r.c.ID,
		CorrelationID:    r.c.CorrelationID,
		Command:          r.c.Name(),
		Status:           v.Status,
		Code:             v.Code,
		Category:         v.Category,
		BankCode:         v.BankCode,
		BankState:        v.BankState,
		BankMessage:      v.BankMessage,
		BankReference:    v.BankReference,
		ChannelRequestID: r.requestID,
		Attempts:         r.attempts,
		Reconciled:       e.reconciled,
		ReconciledWeak:   e.weak,
		Violations:       e.violations,
		Result:           v.Result,
	}
	if r.attempts > 0 {
		o.Bank = r.c.Name().Bank()
	}
	var letter *command.DeadLetter
	if v.DeadLetter {
		letter = &command.DeadLetter{
			Reason: reasonOf(v), Code: v.Code, Text: v.Detail + r.account(), Attempts: r.attempts, CommandID: r.c.ID,
		}
	}
	return r.p.publish(ctx, r.m, r.way, finished{outcome: o, letter: letter, received: r.received, known: r.known})
}

// finishUnreadable dead-letters a command that cannot be read; it has an outcome
// if at least its id could be. One that was attempted, by an owner who could read
// it, is no refused one.
func (p *Processor) finishUnreadable(ctx context.Context, m *command.Message, w way, d *command.DecodeError, past command.Past, received time.Time) error {
	letter := &command.DeadLetter{
		Reason: command.ReasonMalformed, Code: d.Code, Text: d.Error(), CommandID: d.CommandID,
	}
	f := finished{letter: letter, received: received}
	if d.CommandID != "" {
		f.outcome = &command.Outcome{
			CommandID: d.CommandID, CorrelationID: d.CorrelationID, Command: m.Name,
			Status: command.Rejected, Code: d.Code, Category: command.CategoryValidation,
			Violations: command.Violations{{Field: d.Field, Code: d.Code, Message: d.Reason}},
		}
	}
	if past.InDoubt() {
		var t trail
		t.adopt(past.Attempts)
		v := attemptedBefore(m.Name)
		letter.Reason, letter.Attempts = command.ReasonInDoubt, len(t.made)
		letter.Text += "; " + v.Detail + t.account()
		o := f.outcome
		o.Status, o.Code, o.Category, o.Violations = v.Status, v.Code, v.Category, nil
		o.Bank, o.Attempts = m.Name.Bank(), len(t.made)
		o.ChannelRequestID = t.made[len(t.made)-1].ChannelRequestID
		f.known = t.known
	}
	return p.publish(ctx, m, w, f)
}

// publish makes what came of a command durable, the letter first. It outlives ctx
// by PublishGrace, unless this process is fenced, and then keeps what is not stored.
func (p *Processor) publish(ctx context.Context, m *command.Message, w way, f finished) error {
	ctx, cancel := p.outlive(ctx)
	defer cancel()
	if f.completed.IsZero() { // what is published a second time has the same bytes
		f.completed = p.now().UTC()
	}
	if f.letter != nil {
		if err := p.publishLetter(ctx, m, w, f); err != nil {
			p.unstored.keep(m, f)
			return err
		}
		f.letter = nil
	}
	if f.outcome != nil {
		if err := p.publishOutcome(ctx, m, w, &f); err != nil {
			p.unstored.keep(m, f)
			return err
		}
	}
	return nil
}

func (p *Processor) publishLetter(ctx context.Context, m *command.Message, w way, f finished) error {
	letter := f.letter
	letter.Message, letter.FailedAt = m, f.completed
	if f.outcome != nil {
		letter.Status = f.outcome.Status
	}
	sending := w.begin(Stretch{Kind: SendingLetter, Command: m.Name, Reason: letter.Reason})
	err := p.store(ctx, m, "dead letter", func() error { return p.publisher.DeadLetter(ctx, letter) })
	sending.end(Ending{Failed: err != nil})
	if err != nil {
		return err
	}
	if f.outcome == nil {
		w.end(Ending{How: EndedLetter, CommandID: letter.CommandID, Code: letter.Code, Attempts: letter.Attempts})
	}
	p.observer.DeadLettered(m.Name, letter.Reason, letter.Code)
	p.log.Warn("command dead-lettered", "command", m.Name, "command_id", letter.CommandID,
		"reason", letter.Reason, "code", letter.Code, "detail", letter.Text, "attempts", letter.Attempts,
		"partition", m.Partition, "offset", m.Offset)
	return nil
}

func (p *Processor) publishOutcome(ctx context.Context, m *command.Message, w way, f *finished) error {
	o := f.outcome
	if len(o.CorrelationID) > maxCorrelationID || command.ReferenceHoldsPersonalData(o.CorrelationID) {
		p.log.Warn("the correlationId is too long or holds personal data: the outcome goes without it",
			"command", o.Command, "command_id", o.CommandID, "partition", m.Partition, "offset", m.Offset)
		o.CorrelationID = ""
	}
	o.Revision, _ = m.Revision() // Handle has seen that there is one
	o.ReceivedAt, o.CompletedAt = f.received.UTC(), f.completed
	sending := w.begin(Stretch{Kind: SendingOutcome, Command: o.Command})
	if f.traceparent == "" { // the event of a second time is the first one's
		f.traceparent = sending.traceparent()
	}
	m.Traceparent = f.traceparent
	err := p.store(ctx, m, "outcome", func() error { return p.publisher.Outcome(ctx, m, o) })
	sending.end(Ending{Failed: err != nil})
	if err != nil {
		return err
	}
	w.end(Ending{
		How: EndedOutcome, CommandID: o.CommandID, Revision: o.Revision, Attempts: o.Attempts,
		Reconciled: o.Reconciled, Status: o.Status, Code: o.Code,
	})
	p.observer.Completed(o, p.now().Sub(f.received), m.Traceparent)
	if p.log.Enabled(ctx, slog.LevelDebug) { // else what is said would be made for nobody
		p.log.Debug("command completed", "command", o.Command, "command_id", o.CommandID,
			"status", o.Status, "code", o.Code, "attempts", o.Attempts)
	}
	return nil
}

// maxCorrelationID is how long a correlationId may be to be carried on, in bytes.
const maxCorrelationID = 256

// store publishes until it succeeds or ctx ends, and without the lease not at all:
// the partition's next owner may have decided otherwise. What cannot be stored is
// tried again: to run the command anew would call the bank anew.
func (p *Processor) store(ctx context.Context, m *command.Message, what string, publish func() error) error {
	for tries := 0; ; tries++ {
		if err := p.mayWrite(ctx); err != nil {
			return fmt.Errorf("publishing %s: %w", what, err)
		}
		err := publish()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil && tries == 0 {
			p.log.Error("what came of a command cannot be stored: trying on",
				"what", what, "command", m.Name, "partition", m.Partition, "offset", m.Offset, "error", err)
		}
		if sleep(ctx, p.backoff(tries)) != nil {
			return fmt.Errorf("publishing %s: %w", what, err)
		}
	}
}

// mayWrite waits for the lease; the error is ctx's cause.
func (p *Processor) mayWrite(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return p.lease.Wait(ctx)
}

func reasonOf(v command.Verdict) command.DeadLetterReason {
	switch {
	case v.Code == command.CodeDBSBankCodeUnknown, v.Code == command.CodeLoanCodeUnknown,
		v.Code == command.CodeCustomerStateUnrecognized:
		return command.ReasonUnknownCode
	case v.Status == command.InDoubt, v.Status == command.Pending:
		return command.ReasonInDoubt
	case v.Status == command.Rejected:
		return command.ReasonRejectedByContract
	}
	return command.ReasonExhausted
}
