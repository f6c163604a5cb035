package bankapi

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/test/certs"
)

// stormy is a bank that answers with the body that it was sent, in every way that is
// allowed and in some that are not. It counts what it has read whole.
type stormy struct {
	seen sync.Map // body to *atomic.Int32
	all  sync.WaitGroup
}

func (b *stormy) count(body string) *atomic.Int32 {
	n, _ := b.seen.LoadOrStore(body, new(atomic.Int32))
	return n.(*atomic.Int32)
}

// serve serves a listener until the test ends.
func (b *stormy) serve(t *testing.T, listener net.Listener) {
	t.Helper()
	b.all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b.all.Go(func() { b.converse(conn) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); b.all.Wait() })
}

func (b *stormy) converse(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for r := bufio.NewReader(conn); ; {
		request, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		b.count(string(body)).Add(1)
		if rand.IntN(4) == 0 {
			<-time.After(time.Duration(rand.IntN(3000)) * time.Microsecond)
		}
		text, stays := b.answer(string(body))
		if _, err := io.WriteString(conn, text); err != nil || !stays {
			return
		}
	}
}

// answer returns what to write, and whether the connection stays open.
func (b *stormy) answer(body string) (text string, stays bool) {
	sized := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	half := len(body) / 2
	switch rand.IntN(14) {
	case 0: // closes without a word: now, or when the next request is on its way
		return sized, false
	case 1:
		return "", false
	case 2:
		return sized[:len(sized)-1], false
	case 3:
		return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body, false
	case 4: // an answer that nobody has asked for
		return sized + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong", true
	case 5:
		return "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + sized, true
	case 6, 7, 8:
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n%x;a=b\r\n%s\r\n0\r\nA: b\r\n\r\n",
			half, body[:half], len(body)-half, body[half:]), true
	}
	return sized, true
}

// Whatever the bank does, an answer belongs to its request, and no request is made
// twice.
func TestEveryAnswerBelongsToItsRequest(t *testing.T) {
	t.Parallel()
	ca := certs.New(t)
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			url := "http://" + listener.Addr().String()
			adjust := func(c *HTTPConfig) { c.MaxIdleConns = 12 }
			if secure {
				url = "https" + strings.TrimPrefix(url, "http")
				listener = tls.NewListener(listener, &tls.Config{
					MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.Issue("bank", nil, "bank.example.com").Pair()},
				})
				adjust = func(c *HTTPConfig) {
					c.MaxIdleConns, c.TLS.CAFile, c.TLS.ServerName = 12, ca.File(), "bank.example.com"
				}
			}
			bank := &stormy{}
			bank.serve(t, listener)
			c := clientFor(t, url, adjust)
			var callers sync.WaitGroup
			for caller := range 16 {
				callers.Go(func() {
					for call := range 50 {
						bank.call(t, c, fmt.Sprintf("caller %d, call %d, %s", caller, call, strings.Repeat("x", rand.IntN(9000))))
					}
				})
			}
			callers.Wait()
			c.CloseIdle()
		})
	}
}

// call makes a call that may be given up half-way, and holds its end against what the
// bank has read.
func (b *stormy) call(t *testing.T, c *Client, body string) {
	ctx := context.WithoutCancel(t.Context())
	if rand.IntN(8) == 0 {
		given, cancel := context.WithTimeout(ctx, time.Duration(rand.IntN(3000))*time.Microsecond)
		defer cancel()
		ctx = given
	}
	e := c.Post(ctx, Request{URL: c.URL("/"), Body: []byte(body)})
	read := b.count(body).Load() // an unanswered one may still come, once
	switch {
	case e.Delivery == command.Answered && (string(e.Body) != body || read != 1):
		t.Errorf("%.20q is answered with %.20q, read %d times", body, e.Body, read)
	case e.Delivery == command.NotSent && read != 0:
		t.Errorf("%.20q has been read %d times, and was not sent: %v", body, read, e.Err)
	case read > 1:
		t.Errorf("%.20q has been read %d times", body, read)
	}
}

// Certificates are exchanged while calls are under way: a call that begins afterwards
// shows the new one, and none fails for it.
func TestARenewalUnderLoad(t *testing.T) {
	t.Parallel()
	ca := certs.New(t)
	bank := serveTLS(t, mutual(ca, ca))
	files := filesOf(ca, ca.Issue("0", nil))
	c := clientFor(t, bank.URL, func(c *HTTPConfig) { c.TLS = files })
	var renewed atomic.Int32 // how often, at least
	done := make(chan struct{})
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				least := renewed.Load()
				e := c.Post(t.Context(), Request{URL: c.URL("/"), Body: []byte("{}")})
				var shown int32
				if n, err := fmt.Sscanf(string(e.Body), "%d HTTP/1.1", &shown); n != 1 || shown < least {
					t.Errorf("showed %q, want %d or later: %v, %+v", e.Body, least, err, e)
				}
			}
		})
	}
	for n := range int32(5) {
		next := ca.Issue(fmt.Sprint(n+1), nil)
		certs.Replace(t, files.CertFile, next.Cert)
		certs.Replace(t, files.KeyFile, next.Key)
		c.files.Changes()
		renewed.Store(n + 1)
		before := bank.served.Load()
		eventually(t, "calls with it", func() bool { return bank.served.Load() > before+20 })
	}
	close(done)
	callers.Wait()
}
