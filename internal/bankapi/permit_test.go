package bankapi

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/test/certs"
)

var errLost = errors.New("the lease is lost")

// permit permits so many times, and then no more.
type permit struct {
	times atomic.Int32
	asked atomic.Int32
}

func permitting(times int32) *permit {
	p := &permit{}
	p.times.Store(times)
	return p
}

func (p *permit) ask() error {
	if p.asked.Add(1) > p.times.Load() {
		return errLost
	}
	return nil
}

// listener is a bank that keeps every byte that it is sent, by connection, and
// answers whole requests.
type listener struct {
	net.Listener
	answer string
	all    sync.WaitGroup

	mu   sync.Mutex
	read []*bytes.Buffer
}

func listen(t *testing.T) *listener {
	t.Helper()
	return listenFor(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
}

func listenFor(t *testing.T, answer string) *listener {
	t.Helper()
	plain, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{Listener: plain, answer: answer}
	l.all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			kept := &bytes.Buffer{}
			l.mu.Lock()
			l.read = append(l.read, kept)
			l.mu.Unlock()
			l.all.Go(func() { l.serve(conn, kept) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); l.all.Wait() })
	return l
}

func (l *listener) serve(conn net.Conn, kept *bytes.Buffer) {
	defer func() { _ = conn.Close() }()
	for piece := make([]byte, 4096); ; {
		n, err := conn.Read(piece)
		l.mu.Lock()
		kept.Write(piece[:n])
		whole := bytes.HasSuffix(kept.Bytes(), []byte("{}"))
		l.mu.Unlock()
		if err != nil {
			return
		}
		if whole {
			_, _ = io.WriteString(conn, l.answer)
		}
	}
}

// end has the bank hear everybody out.
func (l *listener) end() (connections []string) {
	_ = l.Close()
	l.all.Wait()
	for _, b := range l.read {
		connections = append(connections, b.String())
	}
	return connections
}

func wantWithheld(t *testing.T, e Exchange, delivery command.Delivery) {
	t.Helper()
	if e.Delivery != delivery || !errors.Is(e.Err, ErrWithheld) || !errors.Is(e.Err, errLost) {
		t.Errorf("exchange %+v", e)
	}
	v := VerdictOfHTTP(e, true)
	if v.Delivery != delivery || v.BankFault || !v.Uncounted || v.Status == command.Rejected {
		t.Errorf("verdict %+v", v)
	}
	if delivery == command.NotSent && (v.Retry != command.RetryPause || v.Code != command.CodeBankUnreachable || v.DeadLetter) {
		t.Errorf("verdict %+v", v)
	}
}

func TestACallWithoutAPermitIsNotSent(t *testing.T) {
	t.Parallel()
	bank := listen(t)
	c := clientFor(t, "http://"+bank.Addr().String())
	p := permitting(0)
	wantWithheld(t, c.Post(t.Context(), Request{URL: c.URL("/"), Body: []byte("{}"), Permit: p.ask}), command.NotSent)
	if p.asked.Load() != 1 {
		t.Errorf("asked %d times", p.asked.Load())
	}
	if got := bank.end(); len(got) > 0 {
		t.Errorf("the bank has %d connections", len(got))
	}
}

// The permit goes while a connection is made or taken: no byte of the request
// reaches the bank.
func TestAPermitThatGoesBeforeTheWriteHasSentNothing(t *testing.T) {
	t.Parallel()
	bank := listen(t)
	c := clientFor(t, "http://"+bank.Addr().String())
	request := func(p *permit) Request {
		return Request{URL: c.URL("/"), Body: []byte("{}"), Permit: p.ask}
	}
	wantWithheld(t, c.Post(t.Context(), request(permitting(1))), command.NotSent) // on a new connection
	for range 2 {
		if e := c.Post(t.Context(), request(permitting(100))); e.Delivery != command.Answered {
			t.Errorf("permitted: %+v", e)
		}
	}
	p := permitting(1)
	wantWithheld(t, c.Post(t.Context(), request(p)), command.NotSent) // on one that idled
	if p.asked.Load() != 2 {
		t.Errorf("asked %d times: another connection was tried", p.asked.Load())
	}
	c.CloseIdle()
	got := bank.end()
	if len(got) != 2 || got[0] != "" || strings.Count(got[1], "POST") != 2 {
		t.Errorf("the bank has read %q", got)
	}
}

// A request that has left in part is in doubt, although the bank cannot have it
// whole; and it is given up, so that it never has.
func TestAPermitThatGoesHalfWayLeavesDoubt(t *testing.T) {
	t.Parallel()
	bank := listen(t)
	c := clientFor(t, "http://"+bank.Addr().String())
	body := append(bytes.Repeat([]byte(" "), 8<<20), "{}"...)
	header := []Field{{"X-Large", strings.Repeat("x", 8<<10)}}
	wantWithheld(t, c.Post(t.Context(), Request{URL: c.URL("/"), Header: header, Body: body, Permit: permitting(2).ask}), command.Unanswered)
	got := bank.end()
	if len(got) != 1 || got[0] == "" || strings.HasSuffix(got[0], "{}") {
		t.Errorf("the bank has %d connections", len(got))
	}
}

func TestAPermitThatGoesUnderTLS(t *testing.T) {
	t.Parallel()
	ca := certs.New(t)
	eachProtocol(t, func(t *testing.T, proto string, over func(*HTTPConfig)) {
		bank := serveTLS(t, mutual(ca, ca))
		c := clientFor(t, bank.URL, over, func(c *HTTPConfig) { c.TLS = filesOf(ca, ca.Issue("caller", nil)) })
		post := func(p *permit) Exchange {
			return c.Post(t.Context(), Request{URL: c.URL("/"), Body: []byte("{}"), Permit: p.ask})
		}
		for range 2 { // on a new connection, on one that idled
			if e := post(permitting(0)); e.Delivery != command.NotSent {
				t.Errorf("%+v", e)
			}
			if proto == "HTTP/1.1" {
				wantWithheld(t, post(permitting(1)), command.NotSent)
			} else { // the header has left, and the bank begins to serve it
				wantWithheld(t, post(permitting(1)), command.Unanswered)
			}
			if e := post(permitting(100)); e.Delivery != command.Answered {
				t.Errorf("permitted: %+v", e)
			}
		}
		if n := bank.served.Load(); proto == "HTTP/1.1" && n != 2 {
			t.Errorf("the bank has served %d calls", n)
		}
	})
}

// What is written to a connection that was taken before counts, too.
func TestNothingThatHasLeftIsForgotten(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	t.Cleanup(func() { _ = near.Close() })
	first, second := newWire(near), newWire(near)
	var s sending
	if s.left() {
		t.Error("left before there was a connection")
	}
	s.departs(first)
	if s.left() {
		t.Error("left before anything was written")
	}
	if _, err := first.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	s.departs(second)
	if !s.left() {
		t.Error("forgotten")
	}
	var unknown sending
	unknown.departs(nil)
	if !unknown.left() {
		t.Error("a connection that does not count has not sent")
	}
}
