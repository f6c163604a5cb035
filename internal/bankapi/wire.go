package bankapi

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"bankprocessor/internal/tlsfile"
)

// wire is a connection, below TLS where there is any. It counts what leaves. With
// TLS it remembers whether the bank has ever answered on it, and while it has not,
// what the bank's last word was: it would be hidden behind the broken write
// that follows.
type wire struct {
	net.Conn
	silence  silence // of a connection that idles
	opened   time.Time
	left     atomic.Int64             // bytes that have been written, or may have been
	permit   atomic.Pointer[sending]  // whose request is being written; nil for nobody's
	secured  atomic.Pointer[tls.Conn] // nil until the handshake is over
	answered atomic.Bool              // an answer has begun to come
	close    sync.Once
	closed   chan struct{}
	word     error // to be read once closed is closed
}

const (
	// youth is how long after its handshake the bank may still refuse a connection.
	youth = 2 * time.Second
	// hearing is how long the close of a young connection waits for the last word.
	hearing = 200 * time.Millisecond
)

// wired dials what counts.
func wired(dial tlsfile.DialContext) tlsfile.DialContext {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return newWire(conn), nil
	}
}

// overTLS dials for calls that are traced by a sending.
func overTLS(dial tlsfile.DialContext, files *tlsfile.Files, timeout time.Duration, protocols ...string) tlsfile.DialContext {
	handshake := files.Dialer(wired(dial), timeout, protocols...)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := handshake(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if w := wireOf(conn); w != nil {
			w.secured.Store(conn.(*tls.Conn))
			if s, ok := ctx.Value(sendingKey{}).(*sending); ok {
				s.on.CompareAndSwap(nil, w)
			}
		}
		return conn, nil
	}
}

// wireOf returns nil for a connection that is not one of ours.
func wireOf(conn net.Conn) *wire {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	w, _ := conn.(*wire)
	return w
}

// shared says whether the connection carries more than one request at a time.
func (w *wire) shared() bool {
	secured := w.secured.Load()
	return secured != nil && secured.ConnectionState().NegotiatedProtocol == "h2"
}

// Write asks the permit of the request that is being written, if there is one. It
// counts before it writes, as others may look meanwhile, and takes back what the
// kernel has not taken: what is counted may have left.
func (w *wire) Write(b []byte) (int, error) {
	if s := w.permit.Load(); s != nil {
		if err := s.ask(); err != nil {
			return 0, err
		}
	}
	w.left.Add(int64(len(b)))
	n, err := w.Conn.Write(b)
	w.left.Add(int64(n - len(b)))
	return n, err
}

func newWire(conn net.Conn) *wire {
	w := &wire{Conn: conn, opened: time.Now(), closed: make(chan struct{})}
	w.silence.of(conn)
	return w
}

// young says whether the bank may still refuse the connection.
func (w *wire) young() bool { return !w.answered.Load() && time.Since(w.opened) < youth }

// Close hears the bank out and closes the connection.
func (w *wire) Close() error {
	w.close.Do(func() {
		defer close(w.closed)
		secured := w.secured.Load()
		if secured == nil || !w.young() || w.SetReadDeadline(time.Now().Add(hearing)) != nil {
			return
		}
		_, w.word = secured.Read(make([]byte, 1))
	})
	return w.Conn.Close()
}

// lastWord waits a little for the close of a connection that has failed young. It
// returns what the bank said last, nil for nothing.
func (w *wire) lastWord() error {
	if !w.young() {
		return nil
	}
	select {
	case <-w.closed:
		return w.word
	case <-time.After(2 * hearing):
		return nil
	}
}
