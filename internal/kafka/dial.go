package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"bankprocessor/internal/tlsfile"
)

// ErrClosed is what a closed client or group answers.
var ErrClosed = errors.New("kafka client is closed")

// dialer opens connections and remembers them, so that its owner can end what
// kafka-go would otherwise wait for.
type dialer struct {
	connect func(ctx context.Context, network, address string) (net.Conn, error)
	tls     *tlsfile.Files // nil for none
	timeout time.Duration

	mu     sync.Mutex
	conns  map[*trackedConn]struct{}
	closed bool
}

func newDialer(cfg Config) (*dialer, error) {
	connect := cfg.Dial
	if connect == nil {
		connect = (&net.Dialer{}).DialContext
	}
	d := &dialer{connect: connect, timeout: cfg.DialTimeout, conns: map[*trackedConn]struct{}{}}
	if !cfg.TLS.Enabled {
		return d, nil
	}
	var err error
	if d.tls, err = cfg.TLS.Open(); err != nil {
		return nil, fmt.Errorf("kafka.tls: %w", err)
	}
	return d, nil
}

// another dials alike and remembers its own connections.
func (d *dialer) another() *dialer {
	return &dialer{connect: d.connect, tls: d.tls, timeout: d.timeout, conns: map[*trackedConn]struct{}{}}
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
	if d.tls != nil {
		if conn, err = d.tls.Handshake(ctx, raw, address); err != nil {
			return nil, err
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
