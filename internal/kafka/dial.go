package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// ErrClosed is what a closed client or group answers.
var ErrClosed = errors.New("kafka client is closed")

// dialer opens connections and remembers them, so that its owner can end what
// kafka-go would otherwise wait for.
type dialer struct {
	connect func(ctx context.Context, network, address string) (net.Conn, error)
	tls     TLS
	timeout time.Duration

	mu     sync.Mutex
	conns  map[*trackedConn]struct{}
	closed bool
}

func newDialer(cfg Config) *dialer {
	connect := cfg.Dial
	if connect == nil {
		connect = (&net.Dialer{}).DialContext
	}
	return &dialer{connect: connect, tls: cfg.TLS, timeout: cfg.DialTimeout, conns: map[*trackedConn]struct{}{}}
}

// dial connects, TLS handshake included.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	raw, err := d.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := raw
	if d.tls.Enabled {
		if conn, err = d.handshake(ctx, raw, address); err != nil {
			return nil, errors.Join(err, raw.Close())
		}
	}
	tracked := &trackedConn{Conn: conn, owner: d}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errors.Join(ErrClosed, raw.Close())
	}
	d.conns[tracked] = struct{}{}
	return tracked, nil
}

func (d *dialer) handshake(ctx context.Context, raw net.Conn, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	cfg, err := d.tls.config(host)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("tls handshake with %s: %w", address, err)
	}
	return conn, nil
}

// sever ends every connection that is open.
func (d *dialer) sever() {
	d.mu.Lock()
	conns := d.conns
	d.conns = map[*trackedConn]struct{}{}
	d.mu.Unlock()
	for c := range conns {
		_ = c.Conn.Close()
	}
}

// close severs and refuses new connections.
func (d *dialer) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.sever()
}

type trackedConn struct {
	net.Conn
	owner *dialer
}

// Close closes the connection and forgets it.
func (c *trackedConn) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.conns, c)
	c.owner.mu.Unlock()
	return c.Conn.Close()
}

// config reads the files and returns the settings for one connection to host.
func (t TLS) config(host string) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if t.ServerName != "" {
		cfg.ServerName = t.ServerName
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading ca_file: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading ca_file: %s holds no certificate", t.CAFile)
		}
	}
	if t.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("reading cert_file and key_file: %w", err)
		}
		cfg.Certificates = []tls.Certificate{cert}
	}
	return cfg, nil
}
