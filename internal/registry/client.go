package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/sr"

	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
)

// Client asks a registry, once for each question. It is safe for concurrent use
// and owns no goroutine but those of net/http's idle connections.
type Client struct {
	cfg       Config
	nodes     []node
	transport *bounded
	files     *tlsfile.Files
	password  *secret.Live // nil for none
	token     *secret.Live // nil for none
	changes   atomic.Uint64
}

type node struct {
	url string
	api *sr.Client
}

// New builds a client of a valid Config that is enabled. It reads the secrets and
// certificates and connects to nothing yet.
func New(cfg Config) (*Client, error) {
	cfg = cfg.WithDefaults()
	c := &Client{cfg: cfg}
	var errs []error
	in := func(setting string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("registry.%s: %w", setting, err))
		}
	}
	var err error
	c.files, err = cfg.TLS.Open()
	in("tls", err)
	if !cfg.Password.IsZero() {
		c.password, err = cfg.Password.Open()
		in("password", err)
	}
	if !cfg.Token.IsZero() {
		c.token, err = cfg.Token.Open()
		in("token", err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	c.transport = newTransport(c.files, cfg.Timeout, cfg.MaxResponseBytes)
	c.changes.Store(c.files.Changes())
	return c, c.addNodes()
}

func (c *Client) addNodes() error {
	client := &http.Client{
		Transport:     c.transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, url := range c.cfg.URLs {
		api, err := sr.NewClient(
			sr.URLs(url), sr.HTTPClient(client), sr.UserAgent("bank-processor"),
			sr.PreReq(c.authorize), sr.LogLevel(sr.LogLevelNone),
		)
		if err != nil {
			return fmt.Errorf("registry.urls: %w", err)
		}
		c.nodes = append(c.nodes, node{url, api})
	}
	return nil
}

// authorize puts the credentials on a request, as their files have them now.
func (c *Client) authorize(r *http.Request) error {
	switch {
	case c.password != nil:
		r.SetBasicAuth(c.cfg.Username, c.password.Get().Reveal())
	case c.token != nil:
		r.Header.Set("Authorization", "Bearer "+c.token.Get().Reveal())
	}
	return nil
}

// Close closes the connections that no question uses.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// ask puts a question to the nodes, one after the other, until one answers. What
// a node does not have, another may have already. The error of an answer is a
// registry's own *sr.ResponseError; without an answer it is an *AwayError.
func (c *Client) ask(ctx context.Context, question func(context.Context, *sr.Client) error) error {
	missing, err := c.askAll(ctx, question)
	if missing != nil {
		return missing
	}
	return err
}

// askUpstreams asks what a command's fate hangs on: not found is an answer only
// when every node gives it, for one that is away may have what the others lack.
func (c *Client) askUpstreams(ctx context.Context, question func(context.Context, *sr.Client) error) error {
	missing, err := c.askAll(ctx, question)
	if err != nil {
		return err
	}
	return missing
}

// askAll returns in missing the last word of the nodes that do not have what was
// asked for, and in err why others have said nothing, or what one has said.
func (c *Client) askAll(ctx context.Context, question func(context.Context, *sr.Client) error) (missing, err error) {
	if now := c.files.Changes(); c.changes.Swap(now) != now {
		c.transport.CloseIdleConnections() // they know the old certificates
	}
	var away error
	for _, n := range c.nodes {
		err := c.askNode(ctx, n, question)
		switch {
		case err == nil:
			return nil, nil
		case ctx.Err() != nil:
			return nil, fmt.Errorf("asking the schema registry: %w", context.Cause(ctx))
		case isAway(err):
			away = errors.Join(away, err)
		case notFound(err):
			missing = err
		default:
			return nil, err
		}
	}
	return missing, away
}

func (c *Client) askNode(ctx context.Context, n node, question func(context.Context, *sr.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	return c.classify(n.url, question(ctx, n.api))
}

// Ping returns nil when a registry answers and takes our credentials.
func (c *Client) Ping(ctx context.Context) error {
	return c.ask(ctx, func(ctx context.Context, api *sr.Client) error {
		_, err := api.Subjects(ctx)
		return err
	})
}
