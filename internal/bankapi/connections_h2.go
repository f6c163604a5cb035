package bankapi

import (
	"net"
	"net/http"
	"sync"
	"time"

	"bankprocessor/internal/bankapi/http1"
	"bankprocessor/internal/tlsfile"
)

// netHTTP is what makes a call where h2 is offered: net/http's transport, without the
// redirects, cookies and copies of its client.
type netHTTP interface {
	http.RoundTripper
	CloseIdleConnections()
}

// connections are net/http's to one bank that may speak h2, under one identity and
// one trust. Once a followed file has changed, calls that begin open connections of
// their own; calls under way end on theirs, which carry no other: HTTP/1.1 connections
// close with their call, h2 connections once they have been idle for IdleTimeout.
type connections struct {
	cfg   HTTPConfig
	files *tlsfile.Files

	mu      sync.Mutex
	changes uint64 // of the files, as of current
	current *http.Transport
	retired *http.Transport // the one before; nil for none
}

func newConnections(cfg HTTPConfig, files *tlsfile.Files) *connections {
	return &connections{cfg: cfg, files: files, changes: files.Changes(), current: newTransport(cfg, files)}
}

func newTransport(cfg HTTPConfig, files *tlsfile.Files) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	dialer := &net.Dialer{Timeout: cfg.DialTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  nil, // never from the environment
		DialContext:            wired(dialer.DialContext),
		DialTLSContext:         overTLS(dialer.DialContext, files, cfg.DialTimeout, "h2", "http/1.1"),
		MaxIdleConnsPerHost:    cfg.MaxIdleConns,
		IdleConnTimeout:        cfg.IdleTimeout,
		MaxResponseHeaderBytes: http1.MaxHead,
		Protocols:              &protocols,
	}
}

// RoundTrip makes one call on a connection of the present identity and trust.
func (c *connections) RoundTrip(r *http.Request) (*http.Response, error) {
	return c.transport().RoundTrip(r)
}

func (c *connections) transport() *http.Transport {
	changes := c.files.RecentChanges()
	c.mu.Lock()
	defer c.mu.Unlock()
	if changes > c.changes {
		c.retire()
		c.changes, c.current = changes, newTransport(c.cfg, c.files)
	}
	return c.current
}

// retire parts with the current transport. The one retired before is asked once
// more: a call that was about to begin may have opened a connection since.
func (c *connections) retire() {
	if c.retired != nil {
		c.retired.CloseIdleConnections()
	}
	c.retired = c.current
	c.retired.CloseIdleConnections()
}

// CloseIdleConnections closes the connections that no call uses.
func (c *connections) CloseIdleConnections() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current.CloseIdleConnections()
	if c.retired != nil {
		c.retired.CloseIdleConnections()
	}
}
