package bankapi

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"time"

	"bankprocessor/internal/bankapi/http1"
	"bankprocessor/internal/command"
)

// postOverNetHTTP posts where the bank may speak h2.
func (c *Client) postOverNetHTTP(ctx context.Context, r Request) Exchange {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	sent := sending{permit: r.Permit, stop: cancel}
	req, err := http.NewRequestWithContext(sent.trace(ctx), http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return notSent(errURL)
	}
	for _, f := range r.Header {
		req.Header.Set(f.Name, f.Value)
	}
	signature, err := c.sign(r.Body)
	if err != nil {
		return notSent(err)
	}
	maps.Copy(req.Header, signature)
	sent.guard(req)
	if err := sent.ask(); err != nil {
		return notSent(err)
	}
	resp, err := c.http.RoundTrip(req)
	if refused := sent.refused(); err != nil && refused != nil {
		e := Exchange{Delivery: command.NotSent, Err: refused}
		if sent.left() {
			e.Delivery = command.Unanswered
		}
		return e
	}
	if err != nil {
		if refusal := c.tlsError(&sent, err); refusal != nil {
			return notSent(refusal)
		}
		return Exchange{Delivery: sent.delivery(ctx), Err: fmt.Errorf("posting to bank: %w", err)}
	}
	defer func() { _ = resp.Body.Close() }() // the body has been read or is given up
	e := Exchange{
		Status:      resp.StatusCode,
		ContentType: resp.Header.Get("Content-Type"),
		RetryAfter:  retryAfter(resp.Header.Get("Retry-After"), time.Now()),
	}
	body, err := http1.ReadUpTo(resp.Body, c.cfg.MaxResponseBytes, resp.ContentLength)
	switch {
	case err != nil:
		e.Err = fmt.Errorf("reading bank answer: %w", err)
	case int64(len(body)) > c.cfg.MaxResponseBytes:
		e.Oversize = true
		e.Err = fmt.Errorf("reading bank answer: over %d bytes", c.cfg.MaxResponseBytes)
	default:
		e.Delivery, e.Body = command.Answered, body
	}
	return e
}

// delivery judges a request that failed. A context that ends while a connection
// is at hand races with the goroutine that writes to it, which may still win.
func (s *sending) delivery(ctx context.Context) command.Delivery {
	if s.wroteHeaders.Load() || (s.gotConn.Load() && ctx.Err() != nil) {
		return command.Unanswered
	}
	return command.NotSent
}
