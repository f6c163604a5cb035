package bankapi

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/test/certs"
)

// counted is a bank that tells of every connection that ends.
type counted struct {
	*httptest.Server
	opened atomic.Int32
	closed chan struct{}
}

func serveCounted(t *testing.T, bank http.HandlerFunc) *counted {
	t.Helper()
	b := &counted{closed: make(chan struct{}, 100)}
	b.Server = httptest.NewUnstartedServer(bank)
	b.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			b.opened.Add(1)
		case http.StateClosed:
			b.closed <- struct{}{}
		}
	}
	b.Start()
	t.Cleanup(b.Close)
	return b
}

// wantClosed waits for so many connections to end.
func (b *counted) wantClosed(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-b.closed:
		case <-time.After(10 * time.Second):
			t.Fatal("a connection stays open")
		}
	}
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }

func wantAnswered(t *testing.T, e Exchange) {
	t.Helper()
	if e.Delivery != command.Answered || e.BodyInUse {
		t.Errorf("exchange %+v", e)
	}
}

func TestConnectionsThatMayIdle(t *testing.T) {
	t.Parallel()
	const calls, kept = 8, 3
	var together sync.WaitGroup
	together.Add(calls)
	b := serveCounted(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/together" {
			together.Done()
			together.Wait()
		}
		ok(w, r)
	})
	c := clientFor(t, b.URL, func(c *HTTPConfig) { c.MaxIdleConns = kept })
	var all sync.WaitGroup
	for range calls {
		all.Go(func() { wantAnswered(t, c.Post(t.Context(), Request{URL: c.URL("/together")})) })
	}
	all.Wait()
	b.wantClosed(t, calls-kept)
	for range 2 * calls {
		wantAnswered(t, c.Post(t.Context(), Request{URL: c.URL("/")}))
	}
	if n := b.opened.Load(); n != calls {
		t.Errorf("%d connections, want %d", n, calls)
	}
	c.CloseIdle()
	b.wantClosed(t, kept)
	wantAnswered(t, c.Post(t.Context(), Request{URL: c.URL("/")})) // and on it goes
}

func TestConnectionsIdleForSoLong(t *testing.T) {
	t.Parallel()
	b := serveCounted(t, ok)
	c := clientFor(t, b.URL, func(c *HTTPConfig) { c.IdleTimeout = 20 * time.Millisecond })
	for range 2 {
		wantAnswered(t, c.Post(t.Context(), Request{URL: c.URL("/")}))
		b.wantClosed(t, 1) // although there is no other call
	}
}

// A connection that comes back after CloseIdle is closed, too.
func TestWhatComesBackAfterCloseIdle(t *testing.T) {
	t.Parallel()
	serving, goOn := make(chan struct{}), make(chan struct{})
	b := serveCounted(t, func(w http.ResponseWriter, r *http.Request) {
		close(serving)
		<-goOn
		ok(w, r)
	})
	c := clientFor(t, b.URL)
	var call sync.WaitGroup
	call.Go(func() { wantAnswered(t, c.Post(t.Context(), Request{URL: c.URL("/")})) })
	<-serving
	c.CloseIdle()
	close(goOn)
	call.Wait()
	b.wantClosed(t, 1)
}

// pair is a connection to a bank that says what the test has it say.
func pair(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	dialled, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = dialled.Close(), accepted.Close() })
	return dialled.(*net.TCPConn), accepted.(*net.TCPConn)
}

// eventually asks until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !so(); {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	for name, speak := range map[string]func(*net.TCPConn) error{
		"closed":     (*net.TCPConn).Close,
		"half open":  (*net.TCPConn).CloseWrite,
		"reset":      func(c *net.TCPConn) error { _ = c.SetLinger(0); return c.Close() },
		"says a bit": func(c *net.TCPConn) error { _, err := io.WriteString(c, "H"); return err },
	} {
		near, far := pair(t)
		l := newLink(newWire(near), origin{}, 0)
		if !l.silent() || !l.silent() {
			t.Errorf("%s: not silent before", name)
		}
		if err := speak(far); err != nil {
			t.Fatal(err)
		}
		eventually(t, name, func() bool { return !l.silent() })
	}
	unknown, _ := net.Pipe()
	if newLink(newWire(unknown), origin{}, 0).silent() {
		t.Error("a connection that cannot be asked is taken for good")
	}
}

// With TLS, what the bank has said may have been read already.
func TestSilenceUnderTLS(t *testing.T) {
	t.Parallel()
	ca := certs.New(t)
	near, far := pair(t)
	server := tls.Server(far, &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{ca.Issue("bank", nil, "bank.example.com").Pair()},
	})
	shaken := make(chan error, 1)
	go func() {
		err := server.HandshakeContext(t.Context())
		_, second := server.Write([]byte("x")) // behind it, tickets have left
		shaken <- errors.Join(err, second)
	}()
	w := newWire(near)
	secured := tls.Client(w, &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: ca.Pool(), ServerName: "bank.example.com"})
	if err := errors.Join(secured.HandshakeContext(t.Context()), <-shaken); err != nil {
		t.Fatal(err)
	}
	w.secured.Store(secured)
	l := newLink(secured, origin{secure: true}, 0)
	if _, err := l.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if !l.silent() || !l.silent() {
		t.Error("not silent before")
	}
	if _, err := server.Write([]byte("y")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "says a bit", func() bool { return !l.silent() })
}

// broken refuses to write, as a connection does that is found dead only then.
type broken struct{ *net.TCPConn }

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// Nothing has left on a connection that refuses the first byte: the call goes on,
// once, on a new one, and asks its permit again.
func TestACallThatCouldNotLeaveGoesOn(t *testing.T) {
	t.Parallel()
	b := serveCounted(t, ok)
	withBroken := func() *Client {
		c := clientFor(t, b.URL)
		near, _ := pair(t)
		to, err := c.places.of(c.URL("/"))
		if err != nil {
			t.Fatal(err)
		}
		c.pool.put(newLink(newWire(broken{near}), to.origin, 0))
		return c
	}
	c, p := withBroken(), permitting(3)
	wantAnswered(t, c.Post(t.Context(), Request{URL: c.URL("/"), Permit: p.ask}))
	if n := p.asked.Load(); n != 3 || b.opened.Load() != 1 {
		t.Errorf("asked %d times, %d connections", n, b.opened.Load())
	}
	c = withBroken()
	wantWithheld(t, c.Post(t.Context(), Request{URL: c.URL("/"), Permit: permitting(2).ask}), command.NotSent)
	c = withBroken()
	b.Close()
	if e := c.Post(t.Context(), Request{URL: c.URL("/")}); e.Delivery != command.NotSent || e.Err == nil {
		t.Errorf("exchange %+v", e)
	}
}

// A caller that gives up is let go at once, and its connection carries nobody else.
func TestACallThatIsGivenUp(t *testing.T) {
	t.Parallel()
	serving := make(chan struct{}, 1)
	b := serveCounted(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		serving <- struct{}{}
		<-r.Context().Done()
	})
	c := clientFor(t, b.URL)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-serving; cancel() }()
	e := c.Post(ctx, Request{URL: c.URL("/"), Body: []byte("{}")})
	if e.Delivery != command.Unanswered || !errors.Is(e.Err, context.Canceled) {
		t.Errorf("exchange %+v", e)
	}
	b.wantClosed(t, 1)

	e = c.Post(ctx, Request{URL: c.URL("/")})
	if v := VerdictOfHTTP(e, true); v.Delivery != command.NotSent || v.BankFault || !strings.Contains(v.Detail, "given up") {
		t.Errorf("exchange %+v, verdict %+v", e, v)
	}
}
