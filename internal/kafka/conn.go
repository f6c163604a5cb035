package kafka

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// conn is a connection that outlives its links. A broker ends a session whose
// lifetime is over (KIP-368) at the next request, and kafka-go, which knows
// nothing of that, would see a broken connection: a produce whose fate is
// unknown, a group member that has to join again. A certificate or password that
// has been exchanged would be shown by new connections only. So, between an
// answer and the next request, when nothing is in flight, a link that is due is
// replaced by a new one to the same broker; nothing of the protocol that we speak
// is bound to a connection but its authentication.
//
// A new link that cannot be made leaves the old one in place for as long as the
// broker leaves it.
type conn struct {
	owner   *dialer
	address string
	redial  func() (*link, error)

	mu             sync.Mutex
	link           *link
	closed         bool
	read, write    time.Time // deadlines
	sent, received frames
	begun          bool // by a write of nothing
	retryAt        time.Time
}

// renewRetry is the pause after a link that could not be renewed.
const renewRetry = 5 * time.Second

// concern passes errors on, the first of each concernEvery.
type concern struct {
	tell func(error) // nil for nobody

	mu    sync.Mutex
	quiet time.Time // until
}

const concernEvery = time.Minute

func (c *concern) met(err error) {
	c.mu.Lock()
	now := time.Now()
	due := c.tell != nil && !now.Before(c.quiet)
	if due {
		c.quiet = now.Add(concernEvery)
	}
	c.mu.Unlock()
	if due {
		c.tell(err)
	}
}

func newConn(owner *dialer, address string, first *link, redial func() (*link, error)) *conn {
	return &conn{owner: owner, address: address, link: first, redial: redial}
}

// Write begins a request with a link that is good for it. A write of nothing does
// that and no more; the write after it goes out at once.
func (c *conn) Write(b []byte) (int, error) {
	l, err := c.begin(len(b) == 0)
	if err != nil || len(b) == 0 {
		return 0, err
	}
	n, err := l.Write(b)
	c.mu.Lock()
	c.sent.pass(b[:n])
	c.mu.Unlock()
	return n, err
}

// begin returns the link to write to, and notes whether that is all for now.
func (c *conn) begin(only bool) (*link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); !c.begun && c.due(now) {
		old := c.link
		c.mu.Unlock()
		err := c.renew(old, now)
		c.mu.Lock()
		if err != nil {
			return nil, err
		}
	}
	c.begun = only
	return c.link, nil
}

// due says whether the link is to be replaced, and nothing is in flight.
func (c *conn) due(now time.Time) bool {
	idle := c.sent.between() && c.received.between() && c.sent.whole == c.received.whole
	return idle && (c.link.over(now) || !now.Before(c.retryAt) && (c.link.due(now) || c.changed(c.link)))
}

// changed says whether a new link would be made with something else.
func (c *conn) changed(l *link) bool { return l.changes != c.owner.changes() }

// Read reads what answers the requests.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.current().Read(b)
	c.mu.Lock()
	before := c.received.whole
	c.received.pass(b[:n])
	unanswered, first := c.received.none(), before == 0 && c.received.whole > 0
	c.mu.Unlock()
	if first {
		c.owner.proved.add(c.address)
	}
	if unanswered && !c.owner.proved.has(c.address) && c.owner.credentials == nil && closedOn(err) {
		err = &SettingError{
			Setting: "kafka.sasl.mechanism", Problem: "is not set, and the broker closed the connection at its first request, as a listener with SASL does",
			// kafka-go replaces whatever is an EOF by one of its own.
			Broker: c.RemoteAddr().String(), Err: errors.New(err.Error()), passing: true,
		}
	}
	return n, err
}

// renew replaces the link, which is due.
func (c *conn) renew(old *link, now time.Time) error {
	over := old.over(now)
	fresh, err := c.redial()
	if err == nil && !over && !c.changed(old) && !fresh.outlives(old.session, now) {
		err = errors.Join(c.owner.credentials.fault(), fresh.Close())
	} else if err == nil {
		return c.exchange(fresh)
	}
	if over {
		return fmt.Errorf("the session is over, and renewing it failed: %w", err)
	}
	if err != nil {
		c.owner.concern.met(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retryAt = time.Now().Add(renewRetry)
	return nil
}

// exchange puts fresh into the place of the link.
func (c *conn) exchange(fresh *link) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errors.Join(net.ErrClosed, fresh.Close())
	}
	old := c.link
	c.link = fresh
	_ = old.Close() // nothing is in flight on it
	return errors.Join(fresh.SetReadDeadline(c.read), fresh.SetWriteDeadline(c.write))
}

func (c *conn) current() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link
}

// Close ends the connection.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.link.Close()
}

// LocalAddr is the present link's.
func (c *conn) LocalAddr() net.Addr { return c.current().LocalAddr() }

// RemoteAddr is the present link's.
func (c *conn) RemoteAddr() net.Addr { return c.current().RemoteAddr() }

// SetDeadline bounds reads and writes.
func (c *conn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read, c.write = t, t
	return c.link.SetDeadline(t)
}

// SetReadDeadline bounds reads.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = t
	return c.link.SetReadDeadline(t)
}

// SetWriteDeadline bounds writes.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write = t
	return c.link.SetWriteDeadline(t)
}

// frames counts the messages that have passed in one direction: each is four
// bytes of size, and as many bytes.
type frames struct {
	whole int    // messages that have passed whole
	head  int    // bytes of the present size that have passed
	left  uint32 // bytes of the present message to come
}

// pass counts what has passed.
func (f *frames) pass(b []byte) {
	for len(b) > 0 {
		if f.head < 4 {
			f.left = f.left<<8 | uint32(b[0])
			f.head++
			b = b[1:]
		} else {
			n := min(uint32(len(b)), f.left)
			f.left -= n
			b = b[n:]
		}
		if f.head == 4 && f.left == 0 {
			f.whole++
			f.head = 0
		}
	}
}

// between says whether no message has passed in part.
func (f *frames) between() bool { return f.head == 0 }

// none says whether nothing has passed at all.
func (f *frames) none() bool { return f.whole == 0 && f.head == 0 }
