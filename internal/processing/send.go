package processing

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/command"
)

// send calls the command's own method until the call has counted: outages,
// pauses and throttling are waited out and spend nothing. The error is ctx's
// cause; the verdict is then void.
func (r *run) send(ctx context.Context, operation command.InvoiceOperation) (command.Verdict, error) {
	for unsent := 0; ; {
		if err := r.p.bank.Wait(ctx, r.c.Name()); err != nil {
			return command.Verdict{}, err
		}
		if err := context.Cause(ctx); err != nil {
			return command.Verdict{}, err
		}
		if r.c.Expired(r.p.now()) {
			return expired(), nil
		}
		r.calling = true
		v := r.call(ctx, r.c, operation)
		r.calling = false
		if v.Delivery != command.NotSent {
			r.attempts++
		}
		if !waitsOut(v) {
			if !r.c.Name().ReadOnly() && effectUnknown(v) {
				r.uncertain = true
			}
			return v, nil
		}
		r.p.observer.Retried(r.c.Name(), &v)
		wait := r.p.backoff(0) // the gate paces what it holds back
		if v.Retry == command.RetryBackoff {
			wait = r.p.backoff(unsent)
			unsent++
		}
		if err := sleep(ctx, max(asked(v), wait)); err != nil {
			return command.Verdict{}, err
		}
	}
}

// call makes one call that the end of ctx does not cut short: the bank client
// bounds it.
func (r *run) call(ctx context.Context, c *command.Command, operation command.InvoiceOperation) command.Verdict {
	id := uuid.NewString()
	v := r.p.bank.Call(context.WithoutCancel(ctx), c, command.Call{
		RequestID: id, Traceparent: r.trace.child(), Operation: operation,
	})
	if c == r.c && v.Delivery != command.NotSent {
		r.requestID = id
	}
	return v
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
	return v.Delivery == command.Unanswered || v.Status == command.InDoubt || v.Status == command.Pending
}

// pauseBeforeResend waits out the backoff and the retry budget.
func (r *run) pauseBeforeResend(ctx context.Context, n int, v command.Verdict) error {
	r.p.observer.Retried(r.c.Name(), &v)
	if err := sleep(ctx, max(asked(v), r.p.backoff(n))); err != nil {
		return err
	}
	return r.p.retries[r.c.Name()].Wait(ctx)
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
