package bankapi

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync/atomic"
)

// sending watches how far a request has come. Its marks are never taken back:
// net/http may replay a request on a second connection.
type sending struct {
	gotConn, wroteHeaders atomic.Bool
	// on is the connection that it was given, or that was dialled for it; nil for
	// none, and without TLS.
	on atomic.Pointer[wire]

	permit  func() error // of the request; nil permits
	stop    func()       // gives the request up; nil where nobody but the caller sends it
	refusal atomic.Pointer[error]
	from    atomic.Pointer[departure]
}

type sendingKey struct{}

func (s *sending) trace(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, sendingKey{}, s)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			s.gotConn.Store(true)
			w := wireOf(info.Conn)
			s.departs(w)
			if w != nil && w.secured.Load() == nil {
				w = nil
			}
			s.on.Store(w)
		},
		WroteHeaders: func() { s.wroteHeaders.Store(true) },
		GotFirstResponseByte: func() {
			if d := s.from.Load(); d != nil && d.on != nil {
				d.on.permit.CompareAndSwap(s, nil)
			}
			if w := s.on.Load(); w != nil {
				w.answered.Store(true)
			}
		},
	})
}

// mayBeRead says whether the bank's side of the handshake may be over, so that the
// bank may have read what was written. It is true where that cannot be told.
func (s *sending) mayBeRead() bool {
	w := s.on.Load()
	if w == nil || w.answered.Load() {
		return true
	}
	secured := w.secured.Load()
	return secured == nil || secured.ConnectionState().Version < tls.VersionTLS13
}

// lastWord is what the bank said before the connection was closed; nil if nothing.
func (s *sending) lastWord() error {
	if w := s.on.Load(); w != nil {
		return w.lastWord()
	}
	return nil
}

// departure is where a request was about to be written.
type departure struct {
	on   *wire
	at   int64 // what had left there by then
	left bool  // a connection before has taken something of the request
}

// departs takes note of the connection that the request is about to be written to.
// One of HTTP/1.1 is the request's own until it is answered: it asks the permit
// before each write, right before the system call. On an h2 connection nobody can
// say whose bytes are written; the request's body asks instead.
func (s *sending) departs(on *wire) {
	d := &departure{on: on, left: s.left()}
	if on != nil {
		d.at = on.left.Load()
		if !on.shared() {
			on.permit.Store(s)
		}
	}
	s.from.Store(d)
}

// left says whether any byte of the request may have left the process. What others
// write to the same connection counts as ours.
func (s *sending) left() bool {
	d := s.from.Load()
	return d != nil && (d.left || d.on == nil || d.on.left.Load() != d.at)
}
