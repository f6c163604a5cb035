package bankapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/tlsfile"
)

// Client posts to one bank. It is safe for concurrent use and owns no goroutine
// but those of net/http's idle connections.
type Client struct {
	cfg    HTTPConfig
	base   string
	files  *tlsfile.Files
	http   *http.Client
	signer BodySigner
}

// NewClient builds a client; it connects to nothing yet. cfg takes its defaults
// first; the error lists all that is wrong with it, each by its key.
func NewClient(cfg HTTPConfig) (*Client, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	files, err := cfg.TLS.Open()
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &Client{
		cfg:   cfg,
		base:  strings.TrimRight(cfg.BaseURL, "/"),
		files: files,
		http: &http.Client{
			Transport:     newConnections(cfg, files),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// WithSigner returns a client that signs the exact bytes of every body it posts.
// It shares the receiver's connections.
func (c *Client) WithSigner(s BodySigner) *Client {
	signing := *c
	signing.signer = s
	return &signing
}

// URL puts a path, which begins with a slash, behind the base URL. Doubled
// slashes stay: one bank has them (contract section 1.2).
func (c *Client) URL(path string) string { return c.base + path }

// Format keeps what the client holds out of every print.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "client of %s", c.base) }

// CloseIdle closes the connections that no call uses.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// Post makes one round trip and never follows a redirect. It ends by the
// client's own timeout even where ctx has none.
func (c *Client) Post(ctx context.Context, r Request) Exchange {
	e := c.post(ctx, r)
	e.BodyInUse = true // net/http may write on after it has returned
	return e
}

func (c *Client) post(ctx context.Context, r Request) Exchange {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	sent := sending{permit: r.Permit, stop: cancel}
	req, err := http.NewRequestWithContext(sent.trace(ctx), http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return Exchange{Delivery: command.NotSent, Err: errors.New("building bank request: the URL is not valid")}
	}
	for _, f := range r.Header {
		req.Header.Set(f.Name, f.Value)
	}
	if c.signer != nil {
		signature, err := c.signer.Sign(r.Body)
		if err != nil {
			return Exchange{Delivery: command.NotSent, Err: fmt.Errorf("signing bank request: %w", err)}
		}
		maps.Copy(req.Header, signature)
	}
	if c.cfg.HTTP2 {
		sent.guard(req)
	}
	if err := sent.ask(); err != nil {
		return Exchange{Delivery: command.NotSent, Err: err}
	}
	resp, err := c.http.Do(req)
	if refused := sent.refused(); err != nil && refused != nil {
		e := Exchange{Delivery: command.NotSent, Err: refused}
		if sent.left() {
			e.Delivery = command.Unanswered
		}
		return e
	}
	if err != nil {
		if refusal := c.tlsError(&sent, err); refusal != nil {
			return Exchange{Delivery: command.NotSent, Err: refusal}
		}
		return Exchange{Delivery: sent.delivery(ctx), Err: fmt.Errorf("posting to bank: %w", withoutURL(err))}
	}
	defer func() { _ = resp.Body.Close() }() // the body has been read or is given up
	e := Exchange{
		Status:     resp.StatusCode,
		Header:     resp.Header,
		RetryAfter: retryAfter(resp.Header.Get("Retry-After"), time.Now()),
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxResponseBytes+1))
	switch {
	case err != nil:
		e.Err = fmt.Errorf("reading bank answer: %w", withoutURL(err))
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

// withoutURL drops the URL that net/http puts in front of its errors.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
