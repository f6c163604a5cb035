package kafka

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"

	"bankprocessor/internal/tlsfile"
)

// ErrClosed is what a closed client or group answers.
var ErrClosed = errors.New("kafka client is closed")

// dialer opens connections, secures them, and remembers them, so that its owner
// can end what kafka-go would otherwise wait for.
type dialer struct {
	connect     func(ctx context.Context, network, address string) (net.Conn, error)
	cfg         TLS
	tls         *tlsfile.Files // nil for none
	credentials *credentials   // nil for none
	clientID    string
	timeout     time.Duration
	concern     *concern
	proved      *proved

	mu     sync.Mutex
	open   map[*trackedConn]struct{}
	closed bool
}

func newDialer(cfg Config) (*dialer, error) {
	connect := cfg.Dial
	if connect == nil {
		connect = (&net.Dialer{}).DialContext
	}
	d := &dialer{
		connect: connect, cfg: cfg.TLS, clientID: cfg.ClientID, timeout: cfg.DialTimeout,
		concern: &concern{tell: cfg.Concern}, proved: newProved(), open: map[*trackedConn]struct{}{},
	}
	var err error
	if cfg.TLS.Enabled {
		if d.tls, err = cfg.TLS.Open(); err != nil {
			return nil, tlsfile.Under("kafka.tls", err)
		}
	}
	d.credentials, err = newCredentials(cfg.SASL)
	return d, err
}

// another dials alike and remembers its own connections.
func (d *dialer) another(clientID string) *dialer {
	return &dialer{
		connect: d.connect, cfg: d.cfg, tls: d.tls, credentials: d.credentials, clientID: clientID, timeout: d.timeout,
		concern: d.concern, proved: d.proved, open: map[*trackedConn]struct{}{},
	}
}

// dial connects, with TLS and authentication where they are configured. The
// connection renews itself: see conn.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dial := func(ctx context.Context) (*link, error) { return d.link(ctx, network, address) }
	first, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	return newConn(d, address, first, func() (*link, error) { return dial(context.WithoutCancel(ctx)) }), nil
}

// changes counts what new connections would be made with that old ones were not.
func (d *dialer) changes() uint64 {
	var n uint64
	if d.tls != nil {
		n += d.tls.Changes()
	}
	if d.credentials != nil {
		n += d.credentials.changes()
	}
	return n
}

// link is one connection to a broker, secured and authenticated.
type link struct {
	net.Conn
	session
	changes uint64 // when it was made
}

// link makes one within the dial timeout.
func (d *dialer) link(ctx context.Context, network, address string) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	l := &link{changes: d.changes()}
	raw, err := d.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	tracked, err := d.track(raw)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = tracked.Close() })
	l.Conn, l.session, err = d.secure(ctx, tracked, address)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = tracked.Close() // what went wrong is said by err
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w: %w", err, cause)
		}
		return nil, at(address, err)
	}
	return l, nil
}

// secure does the handshakes. The first answer of a broker belongs to them: in
// TLS 1.3 a refused certificate shows there, and so does a listener that wants
// TLS from a client that speaks none.
func (d *dialer) secure(ctx context.Context, raw net.Conn, address string) (conn net.Conn, s session, err error) {
	conn = raw
	if d.tls != nil {
		if conn, err = d.handshake(ctx, raw, address); err != nil {
			return nil, session{}, err
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline) // the end of ctx closes it, too
	}
	if err := d.greet(conn, address); err != nil {
		return nil, session{}, err
	}
	if d.credentials != nil {
		if s, err = d.credentials.authenticate(ctx, conn, d.clientID); err != nil {
			return nil, session{}, err
		}
	}
	return conn, s, conn.SetDeadline(time.Time{})
}

func (d *dialer) handshake(ctx context.Context, raw net.Conn, address string) (net.Conn, error) {
	conn, err := d.tls.Handshake(ctx, raw, address)
	if err != nil {
		return nil, d.cfg.blameTLS(err)
	}
	return conn, nil
}

// greet asks for the broker's versions, which any listener answers.
func (d *dialer) greet(conn net.Conn, address string) error {
	const version = 0
	if err := protocol.WriteRequest(conn, version, correlation, d.clientID, &apiversions.Request{}); err != nil {
		return d.ungreeted(err, address)
	}
	answer := bufio.NewReader(conn)
	if head, err := answer.Peek(2); err != nil {
		return d.ungreeted(err, address)
	} else if d.tls == nil && isAlert(head) {
		return &SettingError{Setting: "kafka.tls.enabled", Problem: "is not set, and the listener speaks TLS"}
	}
	if _, _, err := protocol.ReadResponse(answer, protocol.ApiVersions, version); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	return nil
}

// ungreeted names the setting by which no first answer comes.
func (d *dialer) ungreeted(err error, address string) error {
	if d.tls != nil {
		if _, _, ok := d.cfg.Blame(err); ok {
			return d.cfg.blameTLS(err)
		}
		return fmt.Errorf("greeting: %w", err)
	}
	if closedOn(err) && !d.proved.has(address) {
		return &SettingError{Setting: "kafka.tls.enabled", Problem: "is not set, and the listener closes the connection as one with TLS may", Err: err, passing: true}
	}
	return fmt.Errorf("greeting: %w", err)
}

// isAlert recognises the TLS alert by which a listener with TLS answers one that
// speaks none: no answer of Kafka's is that large.
func isAlert(head []byte) bool {
	return head[0] == 21 && head[1] == tls.VersionTLS10>>8
}

// proved are the addresses at which a broker has answered requests: what goes wrong
// with those is no setting's fault, but that of a broker that stops, for instance.
type proved struct {
	mu        sync.Mutex
	addresses map[string]bool
}

func newProved() *proved { return &proved{addresses: map[string]bool{}} }

func (p *proved) add(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.addresses[address] = true
}

func (p *proved) has(address string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addresses[address]
}

// track remembers a connection below its TLS. When it ends, by our hand or with the
// process, what the network has not taken yet is dropped: the kernel would go on
// sending it for minutes, and a write that we have given up would be stored when the
// partition has another owner.
func (d *dialer) track(raw net.Conn) (*trackedConn, error) {
	if tcp, ok := raw.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0) // one that has ended already sends nothing
	}
	tracked := &trackedConn{Conn: raw, owner: d}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errors.Join(ErrClosed, raw.Close())
	}
	d.open[tracked] = struct{}{}
	return tracked, nil
}

// sever ends every connection that is open.
func (d *dialer) sever() {
	d.mu.Lock()
	open := d.open
	d.open = map[*trackedConn]struct{}{}
	d.mu.Unlock()
	for c := range open {
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
	delete(c.owner.open, c)
	c.owner.mu.Unlock()
	return c.Conn.Close()
}
