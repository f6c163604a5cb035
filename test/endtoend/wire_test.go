package endtoend

import (
	"context"
	"encoding/binary"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"bankprocessor/internal/config"
)

// wire is the way from a processor to its brokers. A test can cut it, which to
// the processor is a broker that has gone away, and see which topics are fetched
// over it. Whatever broker stands at its end notices nothing.
type wire struct {
	mu    sync.Mutex
	state wireState
	conns map[*wiredConn]struct{}
	asked map[string][]time.Time // by topic: when it was fetched
}

type wireState int

const (
	wireUp      wireState = iota
	wireRefuses           // connections break, and none can be made
	wireSilent            // connections stay, and nothing comes through
)

func newWire() *wire {
	return &wire{conns: map[*wiredConn]struct{}{}, asked: map[string][]time.Time{}}
}

// use has a processor take the wire.
func (l *wire) use(c *config.Config) { c.Kafka.Dial = l.dial }

// set changes the state. Answers that are under way still arrive; a request that
// was sent into silence is lost for good.
func (l *wire) set(s wireState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = s
	if s == wireRefuses {
		for c := range l.conns {
			_ = c.Conn.Close() // its user hears of it by the next read
		}
	}
}

func (l *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	l.mu.Lock()
	state := l.state
	l.mu.Unlock()
	if state == wireRefuses {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errCut}
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	wired := &wiredConn{Conn: conn, wire: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[wired] = struct{}{}
	return wired, nil
}

// errCut is a net.Error, as all that connections fail by.
var errCut net.Error = &net.DNSError{Err: "the test has cut the wire"}

// fetched are the moments at which a topic was asked for between two others.
func (l *wire) fetched(topic string, from, to time.Time) (asked []time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.asked[topic] {
		if at.After(from) && at.Before(to) {
			asked = append(asked, at)
		}
	}
	return asked
}

// wiredConn is one connection over the wire.
type wiredConn struct {
	net.Conn
	wire    *wire
	pending []byte // of a request that is not whole yet
}

// Write sends p, unless it goes into silence.
func (c *wiredConn) Write(p []byte) (int, error) {
	c.wire.mu.Lock()
	silent := c.wire.state == wireSilent
	if !silent {
		c.read(p)
	}
	c.wire.mu.Unlock()
	if silent {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// Close ends the connection.
func (c *wiredConn) Close() error {
	c.wire.mu.Lock()
	delete(c.wire.conns, c)
	c.wire.mu.Unlock()
	return c.Conn.Close()
}

// read notes the topics of the fetch requests in what is written.
func (c *wiredConn) read(p []byte) {
	c.pending = append(c.pending, p...)
	for len(c.pending) >= 4 {
		size := int(binary.BigEndian.Uint32(c.pending))
		if len(c.pending) < 4+size {
			return
		}
		c.note(c.pending[4 : 4+size])
		c.pending = c.pending[4+size:]
	}
}

// note reads one request: key, version, correlation id, client id and body. The
// processor's fetches are of versions whose headers end there.
func (c *wiredConn) note(request []byte) {
	const head = 2 + 2 + 4 + 2
	if len(request) < head || int16(binary.BigEndian.Uint16(request)) != int16(kmsg.Fetch) {
		return
	}
	fetch := kmsg.NewPtrFetchRequest()
	fetch.SetVersion(int16(binary.BigEndian.Uint16(request[2:])))
	clientID := max(0, int(int16(binary.BigEndian.Uint16(request[8:]))))
	if fetch.IsFlexible() || fetch.ReadFrom(request[head+clientID:]) != nil {
		panic("a fetch that this test cannot read") // it would see nothing, and pass
	}
	for _, t := range fetch.Topics {
		c.wire.asked[t.Topic] = append(c.wire.asked[t.Topic], time.Now())
	}
}
