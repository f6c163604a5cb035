package bankapi

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/command"
)

// sentTo returns the lines of a request's header as the bank reads them, sorted, and
// its body.
func sentTo(t *testing.T, r Request, adjust ...func(*HTTPConfig)) (lines []string, body string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 1)
	go func() {
		defer func() { _ = listener.Close() }()
		conn, err := listener.Accept()
		if err != nil {
			close(heard)
			return
		}
		defer func() { _ = conn.Close() }()
		text, _ := bufio.NewReader(conn).ReadString('}')
		_, _ = io.WriteString(conn, "HTTP/1.1 204 OK\r\nConnection: close\r\n\r\n")
		heard <- text
	}()
	c := clientFor(t, "http://"+listener.Addr().String(), adjust...)
	r.URL = c.URL(r.URL)
	if e := c.Post(t.Context(), r); e.Delivery != command.Answered {
		t.Errorf("exchange %+v", e)
	}
	head, body, _ := strings.Cut(<-heard, "\r\n\r\n")
	lines = strings.Split(strings.ReplaceAll(head, listener.Addr().String(), "BANK"), "\r\n")
	slices.Sort(lines[1:])
	return lines, body
}

// What is sent is what net/http sends, in another order.
func TestTheHeaderIsNetHTTPs(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "", "/api//Method", "/a?b=c%20d", "/ş"} {
		r := Request{URL: path, Header: benchFields, Body: []byte("{}")}
		got, body := sentTo(t, r)
		want, _ := sentTo(t, r, func(c *HTTPConfig) { c.HTTP2 = true })
		if !slices.Equal(got, want) || body != "{}" {
			t.Errorf("sent %q and %q, net/http sends %q", got, body, want)
		}
	}
}

// signed signs with a header that cannot be sent.
type signed struct{ header http.Header }

func (s signed) Sign([]byte) (http.Header, error) { return s.header, nil }

// What cannot be sent costs nothing: the connection carries the next call.
func TestAHeaderThatCannotBeSent(t *testing.T) {
	t.Parallel()
	b := serveCounted(t, ok)
	c := clientFor(t, b.URL)
	for _, f := range []Field{{"X", "canary\r\nY: b"}, {"X\n", "canary"}, {"Content-Length", "7"}} {
		for name, e := range map[string]Exchange{
			"header":    c.Post(t.Context(), Request{URL: c.URL("/"), Header: []Field{f}}),
			"signature": c.WithSigner(signed{http.Header{f.Name: {f.Value}}}).Post(t.Context(), Request{URL: c.URL("/")}),
		} {
			if e.Delivery != command.NotSent || e.Err == nil || strings.Contains(e.Err.Error(), "canary") {
				t.Errorf("%s %q: exchange %+v", name, f, e)
			}
		}
	}
	wantAnswered(t, c.Post(t.Context(), Request{URL: c.URL("/")}))
	if n := b.opened.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// An answer decides whether its connection carries another.
func TestConnectionsAfterAnAnswer(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]int{ // connections for two calls
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}":                                           1,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n":                1,
		"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}":                 1,
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}":                      2,
		"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}":                                           2,
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n":                        2,
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + strings.Repeat("x", 2*pieceSize):        2,
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nplain":              2,
		"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n":          2,
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x":                     2,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n":      2,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n":                     2,
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: " + strings.Repeat("x", 60<<10) + "\r\n\r\n{}": 1,
	} {
		t.Run(fmt.Sprintf("%.80q", answer), func(t *testing.T) {
			t.Parallel()
			bank := listenFor(t, answer)
			c := clientFor(t, "http://"+bank.Addr().String())
			for range 2 {
				e := c.Post(t.Context(), Request{URL: c.URL("/"), Body: []byte("{}")})
				if e.Delivery == command.Answered && string(e.Body) != "{}" && len(e.Body) > 0 {
					t.Errorf("exchange %+v", e)
				}
			}
			c.CloseIdle()
			if got := bank.end(); len(got) != want {
				t.Errorf("%d connections, want %d", len(got), want)
			}
		})
	}
}

// A body of many pieces arrives whole, and one that a caller changes afterwards has
// not been looked at again.
func TestABodyIsTheCallersOnceItHasItsAnswer(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("x"), 3*pieceSize+1)
	heard := make(chan bool, 1)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		heard <- len(got) == 3*pieceSize+1 && bytes.Count(got, []byte("x")) == len(got)
		ok(w, r)
	})
	for range 3 {
		wantAnswered(t, c.Post(t.Context(), Request{URL: c.URL("/"), Body: body}))
		clear(body)
		if !<-heard {
			t.Error("the bank has heard something else")
		}
		copy(body, bytes.Repeat([]byte("x"), len(body)))
	}
}
