package bankapi

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync/atomic"
)

// TLSError is a handshake that one side refuses: nothing was sent, and no retry
// mends it before a file or the bank has changed.
type TLSError struct {
	// Setting is the key to look at.
	Setting string
	// Problem is what is wrong, in words without a secret.
	Problem string
	err     error
}

// Error names the setting.
func (e *TLSError) Error() string { return e.Setting + ": " + e.Problem }

// Unwrap returns the handshake's own error.
func (e *TLSError) Unwrap() error { return e.err }

// tlsError reads a failed call; nil when TLS is not why it failed, or when what
// was sent may have been read. With TLS 1.3 the bank looks at our certificate
// after our side of the handshake, so that its refusal may find a request already
// written. The bank's side of the handshake is then not over, and it cannot have
// read it: only a connection on which it has ever answered is beyond that, and one
// of TLS 1.2, where the bank has looked at our certificate before we may write.
func (c *Client) tlsError(s *sending, err error) *TLSError {
	key, problem, ok := c.cfg.TLS.Blame(err)
	if !ok { // net/http may have met the end of the connection before its reason
		err = s.lastWord()
		key, problem, ok = c.cfg.TLS.Blame(err)
	}
	if !ok || s.gotConn.Load() && (key != "cert_file" || s.mayBeRead()) {
		return nil
	}
	e := &TLSError{Setting: c.cfg.setting() + ".tls", Problem: clip(problem), err: err}
	if key != "" {
		e.Setting += "." + key
	}
	return e
}

// clip bounds what a server's certificate may put into a message.
func clip(problem string) string {
	if runes := []rune(problem); len(runes) > maxMessageRunes {
		return string(runes[:maxMessageRunes])
	}
	return problem
}

// changed returns what says whether a certificate's file has changed since now.
func (c *Client) changed() func() bool {
	before := c.files.Changes()
	return func() bool { return c.files.Changes() != before }
}

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
