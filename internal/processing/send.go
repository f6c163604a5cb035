package processing

import (
	"context"
	"math/rand/v2"
	"time"

	"bankprocessor/internal/command"
)

// send calls the command's own method until the call has counted: outages,
// pauses and throttling are waited out and spend nothing. A command that starts in
// doubt has had its first answer: none. The error is ctx's cause; the verdict is
// then void.
func (r *run) send(ctx context.Context, operation command.InvoiceOperation) (command.Verdict, error) {
	if v, ok := r.takeDoubt(); ok {
		return v, nil
	}
	for unsent := 0; ; {
		id := r.p.ids.next()
		late, err := r.prepare(ctx, id, operation)
		if err != nil {
			return command.Verdict{}, err
		}
		if late {
			return expired(), nil
		}
		v := r.callOwn(ctx, id, operation)
		if !waitsOut(v) {
			return v, nil
		}
		r.takeBack(ctx)
		r.p.observer.Retried(r.c.Name(), v.Code)
		wait := r.p.backoff(0) // the gate paces what it holds back
		if v.Retry == command.RetryBackoff {
			wait = r.p.backoff(unsent)
			unsent++
		}
		if err := r.pause(ctx, WaitBackoff, max(asked(v), wait)); err != nil {
			return command.Verdict{}, err
		}
	}
}

// prepare waits until the command's own method may be called and announces the
// call; late says that the command must not be sent any more. The record may take its
// time, so that expiry and stop are asked again after it.
func (r *run) prepare(ctx context.Context, id string, operation command.InvoiceOperation) (late bool, err error) {
	if err := r.awaitGate(ctx, r.c.Name()); err != nil {
		return false, err
	}
	if err := context.Cause(ctx); err != nil {
		return false, err
	}
	if r.expired() {
		return true, nil
	}
	began := r.at.now()
	err = r.p.lease.Wait(ctx)
	r.at.waited(WaitLease, began)
	if err != nil {
		return false, err
	}
	r.at = r.way.begin(Stretch{Kind: Attempting, Command: r.c.Name(), Number: r.number + 1, RequestID: id, Operation: operation})
	err = r.announce(ctx, id, operation)
	if err == nil {
		late, err = r.expired(), context.Cause(ctx)
	}
	if late || err != nil {
		r.leave() // the call is not made
	}
	return late, err
}

// awaitGate waits until a call of name may be tried.
func (r *run) awaitGate(ctx context.Context, name command.Name) error {
	began := r.at.now()
	err := r.p.bank.Wait(ctx, name)
	r.at.waited(WaitGate, began)
	return err
}

// pause holds the command up for d, or until ctx ends.
func (r *run) pause(ctx context.Context, why Wait, d time.Duration) error {
	began := r.at.now()
	err := sleep(ctx, d)
	r.at.waited(why, began)
	return err
}

// expired says whether the command must not be sent any more. The clock is asked only
// where that can be.
func (r *run) expired() bool { return !r.c.ExpiresAt.IsZero() && r.c.Expired(r.p.now()) }

// callOwn makes one call of the command's own method, and none without the lease.
func (r *run) callOwn(ctx context.Context, id string, operation command.InvoiceOperation) command.Verdict {
	r.calling = true
	v := r.call(ctx, r.c, command.Call{RequestID: id, Operation: operation, Permit: r.p.permit})
	r.calling = false
	r.at.judged(&v)
	r.at = r.way
	if v.Delivery != command.NotSent {
		r.attempts++
		r.requestID = id
	}
	if !r.c.Name().ReadOnly() && effectUnknown(v) {
		r.doubt()
		r.mayHaveLeft()
	}
	return v
}

// call makes one call that the end of ctx does not cut short: the bank client
// bounds it.
func (r *run) call(ctx context.Context, c *command.Command, call command.Call) command.Verdict {
	w := r.at.begin(Stretch{Kind: Calling, Command: c.Name(), RequestID: call.RequestID})
	defer w.end(Ending{Made: true}) // should the call panic
	if call.Traceparent = w.traceparent(); call.Traceparent == "" {
		call.Traceparent = r.trace.child()
	}
	v := r.p.bank.Call(context.WithoutCancel(ctx), c, call)
	w.judged(&v)
	return v
}

// query asks the bank what it has; it changes nothing and needs no lease.
func (r *run) query(ctx context.Context, c *command.Command) command.Verdict {
	return r.call(ctx, c, command.Call{RequestID: r.p.ids.next()})
}

// longestAsked caps what a bank may ask a command to wait.
const longestAsked = time.Hour

// asked is how long the bank asks to be left alone.
func asked(v command.Verdict) time.Duration { return min(v.RetryAfter, longestAsked) }

// waitsOut says whether v is nobody's answer to the command: it did not leave,
// or something ahead of the bank turned it away for now.
func waitsOut(v command.Verdict) bool {
	switch v.Retry {
	case command.RetryPause, command.RetryDelay:
		return true
	case command.RetryBackoff:
		return v.Delivery == command.NotSent
	}
	return false
}

// effectUnknown says whether a write with this verdict may or may not have
// changed something.
func effectUnknown(v command.Verdict) bool {
	switch v.Delivery {
	case command.NotSent:
		return false
	case command.Unanswered:
		return true
	}
	return v.Status == command.InDoubt || v.Status == command.Pending
}

// pauseBeforeResend waits out the backoff and the retry budget.
func (r *run) pauseBeforeResend(ctx context.Context, n int, v command.Verdict) error {
	r.takeBack(ctx)
	r.p.observer.Retried(r.c.Name(), v.Code)
	if err := r.pause(ctx, WaitBackoff, max(asked(v), r.p.backoff(n))); err != nil {
		return err
	}
	began := r.at.now()
	err := r.p.retries[r.c.Name()].Wait(ctx)
	r.at.waited(WaitBudget, began)
	return err
}

// backoff draws the n-th wait with full jitter.
func (p *Processor) backoff(n int) time.Duration {
	ceiling := p.cfg.BackoffMax
	if n < 32 {
		ceiling = min(ceiling, p.cfg.BackoffInitial<<n)
	}
	if ceiling <= 0 {
		return 0
	}
	return rand.N(ceiling)
}

// sleep waits for d or for the end of ctx, whose cause it then returns.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
