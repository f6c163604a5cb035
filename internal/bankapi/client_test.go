package bankapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/tlsfile"
)

func TestPostDeliversExactBytes(t *testing.T) {
	t.Parallel()
	body := `{"Header":{"AppKey":"k"},"Ş":900.0}`
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		if string(got) != body || r.Method != http.MethodPost || r.URL.Path != "/api//Method" {
			t.Errorf("bank saw %s %s %q", r.Method, r.URL.Path, got)
		}
		if r.Header.Get("X-Key") != "v" || r.ProtoMajor != 1 {
			t.Errorf("bank saw header %q over HTTP/%d", r.Header.Get("X-Key"), r.ProtoMajor)
		}
		for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
			if r.Header.Get(name) != "" {
				t.Errorf("header %s is set", name)
			}
		}
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, "slow down")
	})
	e := c.Post(t.Context(), Request{URL: c.URL("/api//Method"), Header: []Field{{"X-Key", "v"}}, Body: []byte(body)})
	if e.Delivery != command.Answered || e.Status != 429 || string(e.Body) != "slow down" || e.RetryAfter != 7*time.Second || e.Err != nil {
		t.Errorf("exchange %+v", e)
	}
}

func TestPostWithoutAnswer(t *testing.T) {
	t.Parallel()
	hijack := func(w http.ResponseWriter, answer string) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	}
	var packed bytes.Buffer // takes long to pack
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(make([]byte, 16<<20))
	_ = z.Close()
	short := func(c *HTTPConfig) { c.Timeout, c.DialTimeout = 100*time.Millisecond, 50*time.Millisecond }
	for name, tc := range map[string]struct {
		bank   http.HandlerFunc
		status int
		over   bool
		adjust func(*HTTPConfig)
	}{
		"connection closed after the request": {bank: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			hijack(w, "")
		}},
		"not HTTP": {bank: func(w http.ResponseWriter, _ *http.Request) { hijack(w, "hello\r\n\r\n") }},
		"half a body": {status: 200, bank: func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Data\":")
		}},
		"hang before the status": {adjust: short, bank: func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}},
		"hang inside the body": {status: 200, adjust: short, bank: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, "{")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}},
		"over the cap": {status: 200, over: true, adjust: func(c *HTTPConfig) { c.MaxResponseBytes = 10 },
			bank: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "12345678901") }},
		"over the cap when unpacked": {status: 200, over: true, adjust: func(c *HTTPConfig) { c.MaxResponseBytes = 1 << 20 },
			bank: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(packed.Bytes())
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adjust := tc.adjust
			if adjust == nil {
				adjust = func(*HTTPConfig) {}
			}
			c := serve(t, tc.bank, adjust)
			e := c.Post(context.WithoutCancel(t.Context()), Request{
				URL: c.URL("/path?secret=canary"), Header: []Field{{"Key", "canary"}}, Body: []byte("canary"),
			})
			if e.Delivery != command.Unanswered || e.Status != tc.status || e.Oversize != tc.over || e.Body != nil || e.Err == nil {
				t.Errorf("exchange %+v", e)
			}
			if strings.Contains(e.Err.Error(), "canary") {
				t.Errorf("error tells too much: %v", e.Err)
			}
		})
	}
}

func TestPostNotSent(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	tlsServer := httptest.NewUnstartedServer(http.NotFoundHandler())
	tlsServer.Config.ErrorLog = discardLog
	tlsServer.StartTLS()
	t.Cleanup(tlsServer.Close)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, never shakes hands
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	done, cancel := context.WithCancel(t.Context())
	cancel()

	for name, tc := range map[string]struct {
		ctx context.Context
		url string
	}{
		"refused":              {t.Context(), "http://" + closed.Addr().String()},
		"unknown certificate":  {t.Context(), tlsServer.URL},
		"handshake times out":  {t.Context(), "https://" + silent.Addr().String()},
		"caller had gone":      {done, tlsServer.URL},
		"URL that is not one":  {t.Context(), "http://127.0.0.1:1/\x7f"},
		"header that is wrong": {t.Context(), tlsServer.URL},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clientFor(t, "http://127.0.0.1:1", func(c *HTTPConfig) { c.DialTimeout = 200 * time.Millisecond })
			var header []Field
			if name == "header that is wrong" {
				header = []Field{{"X", "canary\n"}}
			}
			e := c.Post(tc.ctx, Request{URL: tc.url + "/path?secret=canary", Header: header, Body: []byte("canary")})
			if e.Delivery != command.NotSent || e.Err == nil {
				t.Errorf("exchange %+v", e)
			}
			if strings.Contains(e.Err.Error(), "canary") {
				t.Errorf("error tells too much: %v", e.Err)
			}
		})
	}
}

// A connection that the bank closes while it idles costs nothing: that is seen
// before anything is written to it. What reached the bank reached it once.
func TestPostOnConnectionsThatTheBankCloses(t *testing.T) {
	t.Parallel()
	var served atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		_, _ = io.WriteString(w, "{}")
	}))
	srv.Config.IdleTimeout = time.Millisecond
	srv.Start()
	t.Cleanup(srv.Close)
	c := clientFor(t, srv.URL)
	var answered, unanswered int32
	for range 200 {
		switch e := c.Post(t.Context(), Request{URL: c.URL("/"), Body: []byte("{}")}); e.Delivery {
		case command.Answered:
			answered++
		case command.Unanswered:
			unanswered++
		} // or the bank has closed a new connection before it was used
	}
	if n := served.Load(); n < answered || n > answered+unanswered {
		t.Errorf("bank served %d, answered %d, unanswered %d", n, answered, unanswered)
	}
}

func TestSendingIsNeverTakenBack(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx   context.Context
		marks func(*sending)
		want  command.Delivery
	}{
		"nothing":                           {t.Context(), func(*sending) {}, command.NotSent},
		"ended before a connection":         {ended, func(*sending) {}, command.NotSent},
		"connection, then an error":         {t.Context(), func(s *sending) { s.gotConn.Store(true) }, command.NotSent},
		"ended with a connection":           {ended, func(s *sending) { s.gotConn.Store(true) }, command.Unanswered},
		"headers written, whatever follows": {t.Context(), func(s *sending) { s.wroteHeaders.Store(true) }, command.Unanswered},
	} {
		var s sending
		tc.marks(&s)
		if got := s.delivery(tc.ctx); got != tc.want {
			t.Errorf("%s: delivery %d, want %d", name, got, tc.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"30":                            30 * time.Second,
		" 30 ":                          30 * time.Second,
		"-5":                            0,
		"1.5":                           0,
		"99999999999999999999":          0,
		"soon":                          0,
		"Fri, 20 Nov 2026 12:01:30 GMT": 90 * time.Second,
		"Fri, 20 Nov 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("retryAfter(%q) = %s, want %s", value, got, want)
		}
	}
}

func TestHTTPConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cfg  HTTPConfig
		want string // "" for valid
	}{
		"loopback in clear":  {HTTPConfig{BaseURL: "http://127.0.0.1:8080/x"}, ""},
		"elsewhere":          {HTTPConfig{BaseURL: "https://bank.example.com"}, ""},
		"asked for in clear": {HTTPConfig{BaseURL: "http://bank.example.com", AllowPlaintext: true}, ""},
		"no base URL":        {HTTPConfig{}, "base_url"},
		"in clear":           {HTTPConfig{BaseURL: "http://bank.example.com"}, "allow_plaintext"},
		"no host":            {HTTPConfig{BaseURL: "https:///x"}, "base_url"},
		"other scheme":       {HTTPConfig{BaseURL: "ftp://bank.example.com"}, "base_url"},
		"query":              {HTTPConfig{BaseURL: "https://bank.example.com?a=b"}, "no user"},
		"no ASCII":           {HTTPConfig{BaseURL: "https://türkiye.example.com"}, "ASCII"},
		"user":               {HTTPConfig{BaseURL: "https://u:p@bank.example.com"}, "no user"},
		"TLS in clear":       {HTTPConfig{BaseURL: "http://127.0.0.1:8080", TLS: tlsfile.Config{ServerName: "bank.example.com"}}, "tls: want nothing, since base_url is http"},
		"key without cert":   {HTTPConfig{BaseURL: "https://bank.example.com", TLS: tlsfile.Config{KeyFile: "k"}}, "cert_file"},
		"timeout":            {HTTPConfig{BaseURL: "https://bank.example.com", Timeout: -1}, "timeout"},
		"dial over timeout":  {HTTPConfig{BaseURL: "https://bank.example.com", DialTimeout: time.Minute}, "dial_timeout"},
		"cap":                {HTTPConfig{BaseURL: "https://bank.example.com", MaxResponseBytes: -1}, "max_response_bytes"},
		"idle conns":         {HTTPConfig{BaseURL: "https://bank.example.com", MaxIdleConns: -1}, "max_idle_conns"},
		"idle timeout":       {HTTPConfig{BaseURL: "https://bank.example.com", IdleTimeout: -1}, "idle_timeout"},
		"CA file":            {HTTPConfig{BaseURL: "https://bank.example.com", TLS: tlsfile.Config{CAFile: "/nowhere"}}, "ca_file"},
		"cert file": {HTTPConfig{BaseURL: "https://bank.example.com", TLS: tlsfile.Config{CertFile: "/no", KeyFile: "/no"}},
			"tls: cert_file: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := NewClient(tc.cfg)
			if tc.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v does not say %q", err, tc.want)
			}
		})
	}
}
