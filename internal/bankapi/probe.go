package bankapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"bankprocessor/internal/tlsfile"
)

// Peer is what a handshake has shown of the bank; the zero value is a bank
// without TLS.
type Peer struct {
	Version  string    // of TLS
	NotAfter time.Time // of the bank's certificate
}

// Probe opens a connection and closes it: certificates are shown, nothing is
// asked. It waits a moment for the bank's word on ours.
func (c *Client) Probe(ctx context.Context) (Peer, error) {
	base, err := url.Parse(c.base)
	if err != nil {
		return Peer{}, errors.New("base_url: is no URL") // its text may hold a password
	}
	dial := (&net.Dialer{Timeout: c.cfg.DialTimeout}).DialContext
	if base.Scheme == "http" {
		conn, err := dial(ctx, "tcp", addressOf(base, "80"))
		if err != nil {
			return Peer{}, fmt.Errorf("base_url: %w", err)
		}
		return Peer{}, conn.Close()
	}
	return c.probeTLS(ctx, dial, addressOf(base, "443"))
}

func addressOf(base *url.URL, port string) string {
	if base.Port() != "" {
		port = base.Port()
	}
	return net.JoinHostPort(base.Hostname(), port)
}

func (c *Client) probeTLS(ctx context.Context, dial tlsfile.DialContext, address string) (Peer, error) {
	var s sending
	conn, err := overTLS(dial, c.files, c.cfg.DialTimeout, "http/1.1")(ctx, "tcp", address)
	if err == nil {
		defer func() { _ = conn.Close() }() // nothing was said on it
		if err = conn.SetReadDeadline(time.Now().Add(hearing)); err == nil {
			_, err = conn.Read(make([]byte, 1))
		}
	}
	switch refusal := c.tlsError(&s, err); {
	case refusal != nil:
		return Peer{}, refusal
	case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
		return Peer{}, fmt.Errorf("base_url: %w", err)
	}
	state := wireOf(conn).secured.Load().ConnectionState()
	return Peer{Version: tls.VersionName(state.Version), NotAfter: state.PeerCertificates[0].NotAfter}, nil
}
