package bankapi

import (
	"io"
	"net"
	"syscall"
)

// silence looks whether anything has come on a connection, the end of it included,
// without waiting. Only the goroutine that owns the connection may look.
type silence struct {
	raw   syscall.RawConn // nil where the system cannot be asked
	read  func(fd uintptr) (done bool)
	into  []byte
	n     int
	err   error
	looks bool
}

// errSilent is what a read returns that finds nothing. It is temporary, so that TLS
// reads on after it.
var errSilent net.Error = silent{}

type silent struct{}

func (silent) Error() string   { return "nothing has come" }
func (silent) Timeout() bool   { return true }
func (silent) Temporary() bool { return true }

func (s *silence) of(conn net.Conn) {
	system, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := system.SyscallConn()
	if err != nil {
		return
	}
	s.raw = raw
	s.read = func(fd uintptr) bool { // made once: each would be an allocation
		s.n, s.err = readNow(fd, s.into)
		return true
	}
}

// look reads what is there.
func (s *silence) look(b []byte) (int, error) {
	if s.raw == nil {
		return 0, io.EOF // what cannot be known is not used again
	}
	s.into = b
	err := s.raw.Read(s.read)
	s.into = nil
	switch {
	case err != nil:
		return 0, err
	case s.err == syscall.EAGAIN:
		return 0, errSilent
	case s.err != nil:
		return 0, s.err
	case s.n == 0:
		return 0, io.EOF
	}
	return s.n, nil
}

// Read reads; while it looks for silence it does not wait.
func (w *wire) Read(b []byte) (int, error) {
	if w.silence.looks {
		return w.silence.look(b)
	}
	return w.Conn.Read(b)
}
