package processing

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"bankprocessor/internal/command"
)

// run is one command on its way.
type run struct {
	p        *Processor
	m        *command.Message
	c        *command.Command
	received time.Time
	trace    traceparent
	// way is the whole of its way, at the stretch that it is on.
	way, at way

	trail
	attempts  int    // calls of the command's own method that may have left
	requestID string // of the last of them
	// uncertain says that some attempt may have changed something at the bank
	// without our knowing; calling, that a call of the command's own method has
	// begun and not returned.
	uncertain, calling bool
	// doubtful says that the command was found in doubt and that its run has not
	// taken that in yet.
	doubtful bool
}

// end is how a run ended, before it becomes an outcome.
type end struct {
	verdict    command.Verdict
	violations command.Violations
	reconciled bool
	weak       bool // reconciled on a row that lacked fields to compare
}

func (r *run) execute(ctx context.Context) (e end, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			r.leave()
			e, err = end{verdict: r.panicked(cause)}, nil
		}
	}()
	if !r.uncertain { // what has been sent before is not refused any more
		if e, refused := r.check(); refused {
			return e, nil
		}
	}
	if invoice, ok := r.c.Payload.(*command.Invoice); ok {
		return r.executeInvoice(ctx, invoice)
	}
	return r.executePlain(ctx)
}

// check refuses what must not be sent.
func (r *run) check() (e end, refused bool) {
	now := r.p.now()
	if r.c.Expired(now) {
		return end{verdict: expired()}, true
	}
	rules := command.Rules{Now: now, Currencies: r.p.cfg.Currencies, MaxRangeDays: r.p.cfg.MaxRangeDays}
	violations := r.c.Payload.Validate(rules)
	if len(violations) > 0 {
		return end{verdict: refusedLocally(violations), violations: violations}, true
	}
	r.warn(rules)
	return end{}, false
}

// warn logs what looks odd about a command but does not stop it.
func (r *run) warn(rules command.Rules) {
	warner, ok := r.c.Payload.(command.Warner)
	if !ok {
		return
	}
	for _, warning := range warner.Warnings(rules) {
		r.p.log.Warn("command looks odd: it is sent all the same",
			"command", r.c.Name(), "command_id", r.c.ID, "warning", warning)
	}
}

// panicked ends a command that has met a fault of the program: it costs this
// command a dead letter, and neither the process nor a second call at the bank.
// The cause may quote data, so the log has its type and the stack alone.
func (r *run) panicked(cause any) command.Verdict {
	r.p.log.Error("carrying out a command panicked", "command", r.c.Name(), "command_id", r.c.ID,
		"cause_type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
	v := command.Verdict{
		Status: command.Failed, Code: command.CodeInternalError, Category: command.CategoryProtocol,
		DeadLetter: true, Detail: "a fault of the processor's own: see its log",
	}
	if r.c.Name().ReadOnly() {
		return v
	}
	if r.calling {
		r.attempts++
		r.doubt()
		r.mayHaveLeft()
	}
	return r.truthful(v)
}

// leave closes the stretch that the run is on.
func (r *run) leave() {
	if r.at != r.way {
		r.at.end(Ending{Made: r.calling})
		r.at = r.way
	}
}

// doubt takes in that some attempt may have changed something without our knowing.
func (r *run) doubt() {
	if !r.uncertain {
		r.uncertain = true
		r.p.observer.Doubted(r.c.Name())
	}
}

// settled says that the run is over, whatever its end: somebody else has the doubt now,
// or nobody.
func (r *run) settled() {
	if r.uncertain {
		r.p.observer.Settled(r.c.Name())
	}
}

// released gives the command back. An attempt that has certainly changed nothing is
// taken back if that can be done in time: left to stand it would put the command in
// doubt, which is safe, and untrue.
func (r *run) released(ctx context.Context, cause error) error {
	if r.standing != nil {
		longer, cancel := r.p.outlive(ctx)
		defer cancel()
		r.takeBack(longer)
	}
	if r.standing != nil {
		r.p.uncalled.keep(r.standing.ChannelRequestID)
	}
	return fmt.Errorf("%w: %w", ErrReleased, cause)
}
