package bankapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"bankprocessor/internal/command"
	"bankprocessor/internal/tlsfile"
)

// Client posts to one bank. It is safe for concurrent use and owns no goroutine
// but those of net/http's idle connections, where it offers h2.
type Client struct {
	cfg    HTTPConfig
	base   string
	files  *tlsfile.Files
	http   netHTTP // where h2 is offered; nil for HTTP/1.1
	pool   *pool   // of HTTP/1.1
	places *places // that it posts to over HTTP/1.1
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
	c := &Client{cfg: cfg, base: strings.TrimRight(cfg.BaseURL, "/"), files: files}
	if !cfg.HTTP2 {
		c.pool, c.places = newPool(cfg, files), newPlaces()
		return c, nil
	}
	c.http = newConnections(cfg, files)
	return c, nil
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
func (c *Client) CloseIdle() {
	if c.http != nil {
		c.http.CloseIdleConnections()
		return
	}
	c.pool.closeIdle()
}

// Post makes one round trip and never follows a redirect. It ends by the
// client's own timeout even where ctx has none.
func (c *Client) Post(ctx context.Context, r Request) Exchange {
	if c.http != nil {
		e := c.postOverNetHTTP(ctx, r)
		e.BodyInUse = true // net/http may write on after it has returned
		return e
	}
	return c.postOverHTTP1(ctx, r)
}

// sign returns what signs the body; nothing without a signer.
func (c *Client) sign(body []byte) (http.Header, error) {
	if c.signer == nil {
		return nil, nil
	}
	signature, err := c.signer.Sign(body)
	if err != nil {
		return nil, fmt.Errorf("signing bank request: %w", err)
	}
	return signature, nil
}

// errURL does not show the URL, whose query may hold a secret.
var errURL = errors.New("building bank request: the URL is not valid")

func notSent(err error) Exchange { return Exchange{Delivery: command.NotSent, Err: err} }

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
