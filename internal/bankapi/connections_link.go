package bankapi

import (
	"fmt"
	"net"
	"time"

	"bankprocessor/internal/bankapi/http1"
)

// link is a connection of HTTP/1.1. It carries one call at a time, whose goroutine
// owns it: nobody else reads or writes, so that who has written what, and when, is
// known.
type link struct {
	net.Conn // the wire, or TLS over it
	wire     *wire
	to       origin
	changes  uint64 // of the followed files, before it was opened
	since    time.Time

	sending sending // the call under way
	answers *http1.Reader
	request []byte  // to be written, or kept for its room
	word    [1]byte // that nobody has asked for
}

// newLink takes a connection that the pool's dialers have made.
func newLink(conn net.Conn, to origin, changes uint64) *link {
	l := &link{Conn: conn, wire: wireOf(conn), to: to, changes: changes, answers: http1.NewReader(conn)}
	l.sending.gotConn.Store(true)
	if to.secure {
		l.sending.on.Store(l.wire)
	}
	l.wire.permit.Store(&l.sending)
	return l
}

// Format keeps the last request out of every print.
func (l *link) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "connection to %s", l.to.address) }

// silent says whether the bank has neither closed the connection nor said anything
// since its last answer. What else it could say is no answer to what it has not been
// asked yet.
func (l *link) silent() bool {
	l.wire.silence.looks = true
	_, err := l.Read(l.word[:])
	l.wire.silence.looks = false
	return err == errSilent
}

// pieceSize is how much is written at once, where TLS does not cut it smaller: a
// permit is asked for each piece.
const pieceSize = 64 << 10

// converse writes the link's request, each piece with the permit, and reads its
// answer.
func (l *link) converse(permit func() error, maxBody int64) (http1.Answer, error) {
	l.sending.permit = permit
	err := l.write(l.request)
	l.sending.permit = nil
	if cap(l.request) > pieceSize {
		l.request = nil // one that is large is rare
	}
	if err != nil {
		return http1.Answer{}, err
	}
	answer, err := l.answers.Answer(maxBody)
	if l.answers.Begun() && !l.wire.answered.Load() {
		l.wire.answered.Store(true)
	}
	return answer, err
}

func (l *link) write(b []byte) error {
	for len(b) > 0 {
		n, err := l.Write(b[:min(len(b), pieceSize)])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// abort ends what the connection waits for.
func (l *link) abort() { _ = l.SetDeadline(time.Unix(1, 0)) } // one that fails has ended

func (l *link) close() { _ = l.Close() } // nobody needs it any more

// drop closes a connection that has failed, without TLS's word of parting, for which
// a bank that takes nothing could let it wait.
func (l *link) drop() { _ = l.wire.Close() }
