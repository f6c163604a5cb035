package bankapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"bankprocessor/internal/bankapi/http1"
	"bankprocessor/internal/command"
)

// outgoing is one call over HTTP/1.1.
type outgoing struct {
	Request
	to        *place
	signature http.Header
	deadline  time.Time
}

// postOverHTTP1 makes a call in the caller's goroutine alone, on a connection that
// nobody else has meanwhile. What may have left is never sent again.
func (c *Client) postOverHTTP1(ctx context.Context, r Request) Exchange {
	to, err := c.places.of(r.URL)
	if err != nil {
		return notSent(errURL)
	}
	signature, err := c.sign(r.Body)
	if err != nil {
		return notSent(err)
	}
	if err := permitted(r.Permit); err != nil {
		return notSent(err)
	}
	now := time.Now()
	call := outgoing{Request: r, to: to, signature: signature, deadline: now.Add(c.cfg.Timeout)}
	if end, ok := ctx.Deadline(); ok && end.Before(call.deadline) {
		call.deadline = end
	}
	if ctx.Err() != nil {
		return notSent(fmt.Errorf("posting to bank: %w", context.Cause(ctx)))
	}
	if l := c.pool.take(to.origin, now, call.deadline); l != nil {
		if e, again := c.exchange(ctx, l, &call); !again {
			return e
		}
	}
	l, err := c.pool.dial(ctx, to.origin, call.deadline)
	if err != nil {
		if refusal := c.tlsError(new(sending), err); refusal != nil {
			return notSent(refusal)
		}
		return notSent(fmt.Errorf("posting to bank: %w", reason(ctx, err)))
	}
	e, _ := c.exchange(ctx, l, &call)
	return e
}

// exchange makes the call on a connection, which it gives back or closes. again says
// that nothing of the request has left, since the bank had closed the connection.
func (c *Client) exchange(ctx context.Context, l *link, call *outgoing) (e Exchange, again bool) {
	if err := call.append(l); err != nil {
		c.pool.put(l)
		return notSent(fmt.Errorf("building bank request: %w", err)), false
	}
	uninterrupted := func() bool { return true }
	if ctx.Done() != nil {
		uninterrupted = context.AfterFunc(ctx, l.abort)
	}
	before := l.wire.left.Load()
	answer, err := l.converse(call.Permit, c.cfg.MaxResponseBytes)
	switch good := uninterrupted(); {
	case err != nil:
		left := l.wire.left.Load() != before
		l.drop()
		return c.failed(ctx, l, answer, left, err)
	case good && !answer.Last:
		c.pool.put(l)
	default:
		l.close()
	}
	e = answered(answer)
	if answer.Oversize {
		e.Err = fmt.Errorf("reading bank answer: over %d bytes", c.cfg.MaxResponseBytes)
	} else {
		e.Delivery, e.Body = command.Answered, answer.Body
	}
	return e, false
}

// failed judges a call that ended with an error, on a connection that is closed.
func (c *Client) failed(ctx context.Context, l *link, answer http1.Answer, left bool, err error) (e Exchange, again bool) {
	e = answered(answer)
	if !left {
		e.Delivery = command.NotSent
	}
	if refused := l.sending.refused(); refused != nil {
		e.Err = refused
		return e, false
	}
	if refusal := c.tlsError(&l.sending, err); refusal != nil {
		return notSent(refusal), false
	}
	if answer.Status > 0 {
		e.Err = fmt.Errorf("reading bank answer: %w", reason(ctx, err))
		return e, false
	}
	e.Err = fmt.Errorf("posting to bank: %w", reason(ctx, err))
	return e, !left && ctx.Err() == nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// answered is what is known of an answer before its body.
func answered(a http1.Answer) Exchange {
	e := Exchange{Status: a.Status, ContentType: a.ContentType, Oversize: a.Oversize}
	if a.RetryAfter != "" {
		e.RetryAfter = retryAfter(a.RetryAfter, time.Now())
	}
	return e
}

// reason says why a call ended that was not let come to its end.
func reason(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return context.DeadlineExceeded
	}
	return err
}

// append makes the link's request of the call.
func (o *outgoing) append(l *link) (err error) {
	b := append(l.request[:0], o.to.head...)
	defer func() { l.request = b }()
	for _, f := range o.Header {
		if b, err = http1.AppendField(b, f.Name, f.Value); err != nil {
			return err
		}
	}
	for name, values := range o.signature {
		for _, value := range values {
			if b, err = http1.AppendField(b, name, value); err != nil {
				return err
			}
		}
	}
	b = http1.AppendBody(b, o.Body)
	return nil
}
