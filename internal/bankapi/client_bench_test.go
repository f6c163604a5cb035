package bankapi

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/tlsfile"
	"bankprocessor/test/allocs"
	"bankprocessor/test/certs"
)

// cheapBank answers at little cost to whatever ends in "}".
func cheapBank(tb testing.TB, answer string) (url string) {
	tb.Helper()
	return "http://" + answering(tb, answer, func(l net.Listener) net.Listener { return l })
}

func answering(tb testing.TB, answer string, over func(net.Listener) net.Listener) (address string) {
	tb.Helper()
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	listener = over(listener)
	tb.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerAll(conn, []byte(answer))
		}
	}()
	return listener.Addr().String()
}

func answerAll(conn net.Conn, answer []byte) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		if _, err := r.ReadSlice('}'); err != nil {
			return
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

const plainAnswer = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\n" +
	"Content-Length: 2\r\nX-Request-Id: 00-0af7651916cd43dd8448eb211c80319c\r\n\r\n{}"

var benchFields = []Field{
	{"Content-Type", "application/json; charset=utf-8"},
	{"Accept", "application/json"},
	{"Ocp-Apim-Subscription-Key", "0af7651916cd43dd8448eb211c80319c"},
	{"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
}

// BenchmarkPost compares the exchange of HTTP/1.1 with net/http's, 64 calls at a
// time. cpu-ns/op is the whole process's, the bank included, which raw shows: one that
// writes the same bytes and waits for the answer's.
func BenchmarkPost(b *testing.B) {
	body := append(bytes.Repeat([]byte("x"), 600), '}')
	ctx := context.WithoutCancel(b.Context()) // as processing's
	post := func(name, url string, adjust func(*HTTPConfig)) {
		b.Run(name, func(b *testing.B) {
			c := clientOf(b, url, adjust)
			r := Request{URL: c.URL("/method"), Header: benchFields, Body: body}
			atOnce(b, func(more func() bool) {
				for more() {
					if e := c.Post(ctx, r); e.Delivery != command.Answered || len(e.Body) != 2 {
						b.Errorf("%+v", e)
					}
				}
			})
		})
	}
	url := cheapBank(b, plainAnswer)
	post("own", url, func(*HTTPConfig) {})
	post("net-http", url, func(c *HTTPConfig) { c.HTTP2 = true }) // which is HTTP/1.1, as the bank offers nothing else
	ca := certs.New(b)
	url = "https://" + answering(b, plainAnswer, func(l net.Listener) net.Listener {
		bank := ca.Issue("bank", nil, "bank.example.com").Pair()
		return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{bank}})
	})
	trust := tlsfile.Config{CAFile: ca.File(), ServerName: "bank.example.com"}
	post("own-TLS", url, func(c *HTTPConfig) { c.TLS = trust })
	post("net-http-TLS", url, func(c *HTTPConfig) { c.TLS, c.HTTP2 = trust, true })
	b.Run("raw", func(b *testing.B) {
		url := cheapBank(b, plainAnswer)
		atOnce(b, func(more func() bool) {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(url, "http://"))
			if err != nil {
				b.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			answer := make([]byte, len(plainAnswer))
			for more() {
				if _, err := conn.Write(body); err != nil {
					b.Error(err)
				}
				if _, err := io.ReadFull(conn, answer); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// atOnce runs a loop 64 times side by side.
func atOnce(b *testing.B, loop func(more func() bool)) {
	b.ReportAllocs()
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	b.RunParallel(func(pb *testing.PB) { loop(pb.Next) })
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	spent := func(r *syscall.Rusage) int64 { return r.Utime.Nano() + r.Stime.Nano() }
	b.ReportMetric(float64(spent(&after)-spent(&before))/float64(b.N), "cpu-ns/op")
}

func clientOf(tb testing.TB, url string, adjust func(*HTTPConfig)) *Client {
	tb.Helper()
	cfg := HTTPConfig{BaseURL: url}
	adjust(&cfg)
	c, err := NewClient(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.CloseIdle)
	return c
}

func TestAPostAllocatesItsAnswerAlone(t *testing.T) { // alone itself: it counts
	c := clientOf(t, cheapBank(t, plainAnswer), func(*HTTPConfig) {})
	r := Request{URL: c.URL("/method"), Header: benchFields, Body: []byte("{}"), Permit: func() error { return nil }}
	ctx := context.WithoutCancel(t.Context())
	allocs.AtMost(t, 2, func() { // the body, and one to spare
		if e := c.Post(ctx, r); e.Delivery != command.Answered {
			t.Errorf("%+v", e)
		}
	})
}
