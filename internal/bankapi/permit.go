package bankapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ErrWithheld is what a call fails with that was not permitted to leave; the reason
// is wrapped beside it.
var ErrWithheld = errors.New("the call was withheld")

// permitted asks a permit; nil permits.
func permitted(permit func() error) error {
	if permit == nil {
		return nil
	}
	if err := permit(); err != nil {
		return fmt.Errorf("%w: %w", ErrWithheld, err)
	}
	return nil
}

// ask asks the request's permit. A refusal is final: net/http, which would try what
// has not been written on another connection, is told to stop.
func (s *sending) ask() error {
	if refused := s.refused(); refused != nil {
		return refused
	}
	err := permitted(s.permit)
	if err != nil {
		s.refuse(err)
	}
	return err
}

func (s *sending) refuse(err error) {
	s.refusal.Store(&err)
	if s.stop != nil {
		s.stop()
	}
}

// refused returns ask's refusal, nil for none.
func (s *sending) refused() error {
	if refused := s.refusal.Load(); refused != nil {
		return *refused
	}
	return nil
}

// guard has the body ask before its first byte. Only for h2: to net/http a reader
// that it does not know is one that may take its time, and for HTTP/1.1 it would
// send the header ahead, in a packet of its own.
func (s *sending) guard(req *http.Request) {
	if s.permit == nil || req.Body == nil || req.GetBody == nil {
		return
	}
	plain := req.GetBody
	req.Body = &guarded{ReadCloser: req.Body, ask: s.ask}
	req.GetBody = func() (io.ReadCloser, error) {
		body, err := plain()
		return &guarded{ReadCloser: body, ask: s.ask}, err
	}
}

// guarded is a body that asks before its first byte.
type guarded struct {
	io.ReadCloser
	ask   func() error
	asked bool
}

// Read asks once.
func (g *guarded) Read(b []byte) (int, error) {
	if !g.asked {
		if err := g.ask(); err != nil {
			return 0, err
		}
		g.asked = true
	}
	return g.ReadCloser.Read(b)
}
