package processing

import (
	"context"

	"bankprocessor/internal/command"
)

// executePlain runs every command but an invoice: at most Verdict.Resends repeats of
// the call as it is, and no reconciliation. What may not be repeated freely has those
// of the lives before counted.
func (r *run) executePlain(ctx context.Context) (end, error) {
	var last command.Verdict
	resends := 0
	if !r.c.Name().FreelyRepeatable() {
		resends = max(0, len(r.made)-1)
	}
	for {
		v, err := r.send(ctx, "")
		switch {
		case err != nil:
			return r.stopped(ctx, last, err)
		case v.Code == command.CodeCommandExpired && r.uncertain:
			return end{verdict: inDoubt(last)}, nil
		case v.Retry != command.RetryBackoff:
			return end{verdict: r.truthful(v)}, nil
		case r.inOutage(v): // the command is not at fault: nothing is spent
		case resends >= r.resendLimit(v):
			if err := r.letLand(ctx, v); err != nil {
				return r.stopped(ctx, v, err)
			}
			return end{verdict: r.truthful(exhausted(v))}, nil
		default:
			resends++
		}
		last = v
		if err := r.letLand(ctx, v); err != nil {
			return r.stopped(ctx, last, err)
		}
		if err := r.pauseBeforeResend(ctx, resends, v); err != nil {
			return r.stopped(ctx, last, err)
		}
	}
}

// letLand gives a write without an answer the time in which the bank may still carry it
// out (Config.Settle): else it could do so after the key's next command, and leave what
// is older behind.
func (r *run) letLand(ctx context.Context, v command.Verdict) error {
	if v.Delivery != command.Unanswered || r.c.Name().ReadOnly() {
		return nil
	}
	return r.pause(ctx, WaitSettle, r.p.cfg.Settle[0])
}

// resendLimit is how often the call may be repeated because of v. Once an attempt
// at what must not be repeated freely may have been applied, that is once at most
// (contract section 6).
func (r *run) resendLimit(v command.Verdict) int {
	if r.uncertain && !r.c.Name().FreelyRepeatable() {
		return min(v.Resends, 1)
	}
	return v.Resends
}

// stopped ends a run whose context has ended before a call that was due. What is
// freely repeatable is released, and so is what has never left, or stands in the
// attempts: they tell the next owner whether the call is still due. The rest ends
// with what is known.
func (r *run) stopped(ctx context.Context, last command.Verdict, err error) (end, error) {
	if r.uncertain && r.unrecorded && !r.c.Name().FreelyRepeatable() {
		return end{verdict: inDoubt(last)}, nil
	}
	return end{}, r.released(ctx, err)
}

// inOutage says whether v belongs to an outage that holds everybody up, so that
// the attempt does not count against the command. Only what may be repeated
// freely is forgiven.
func (r *run) inOutage(v command.Verdict) bool {
	return v.BankFault && r.c.Name().FreelyRepeatable() && r.p.bank.Shut(r.c.Name())
}

// truthful keeps a refusal or failure from hiding an earlier attempt of a write
// whose effect is unknown.
func (r *run) truthful(v command.Verdict) command.Verdict {
	if r.uncertain && (v.Status == command.Rejected || v.Status == command.Failed) {
		return inDoubt(v)
	}
	return v
}
