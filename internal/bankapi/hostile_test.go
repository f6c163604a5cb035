package bankapi

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

// raw answers with bytes that write produces, until the caller has gone.
func raw(write func(w io.Writer) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		for err == nil {
			err = write(conn)
		}
	}
}

// drip writes a text, and then another again and again, one every few
// milliseconds: there is always progress, and never an end.
func drip(first, again string) func(io.Writer) error {
	var begun atomic.Bool
	tick := time.NewTicker(5 * time.Millisecond)
	return func(w io.Writer) error {
		<-tick.C
		text := again
		if !begun.Swap(true) {
			text = first
		}
		_, err := io.WriteString(w, text)
		return err
	}
}

// flood likewise, as fast as it is read.
func flood(first, again string) func(io.Writer) error {
	var begun atomic.Bool
	return func(w io.Writer) error {
		text := strings.Repeat(again, 1000)
		if !begun.Swap(true) {
			text = first
		}
		_, err := io.WriteString(w, text)
		return err
	}
}

// No answer costs more than the time and the memory that it may.
func TestAnswersWithoutEnd(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, tt := range map[string]struct {
		bank http.HandlerFunc
		over bool
	}{
		"headers without end":    {raw(flood(ok, "X-A: b\r\n")), false},
		"one header without end": {raw(flood(ok+"X-A: ", "b")), false},
		"headers, slowly":        {raw(drip(ok, "X-A: b\r\n")), false},
		"status line, slowly":    {raw(drip("HTTP/1.1 200 ", "O")), false},
		"informational, again":   {raw(flood("", "HTTP/1.1 103 Early Hints\r\n\r\n")), false},
		"body without end":       {raw(flood(ok+"\r\n", "x")), true},
		"body, slowly":           {raw(drip(ok+"Content-Length: 1000000\r\n\r\n", "x")), false},
		"chunks without end":     {raw(flood(ok+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n")), true},
		"a length that is a lie": {raw(flood(ok+"Content-Length: 99999999999999\r\n\r\n", "x")), true},
		"trailers without end":   {raw(flood(ok+"Transfer-Encoding: chunked\r\nTrailer: A\r\n\r\n0\r\n", "A: b\r\n")), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, tt.bank, func(c *HTTPConfig) {
				c.Timeout, c.DialTimeout, c.MaxResponseBytes = 2*time.Second, time.Second, 256<<10
			})
			began := time.Now()
			e := c.Post(t.Context(), Request{URL: c.URL("/"), Body: []byte("{}")})
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %s", took)
			}
			v := VerdictOfHTTP(e, true)
			if e.Delivery != command.Unanswered || e.Body != nil || e.Oversize != tt.over || v.Status != command.InDoubt {
				t.Errorf("exchange %+v, verdict %+v", e, v)
			}
		})
	}
}

// A redirect is a verdict; where it points to never hears of us, neither of a
// command nor of our secret.
func TestNobodyIsRedirected(t *testing.T) {
	t.Parallel()
	var lured atomic.Int32
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { lured.Add(1) }))
	t.Cleanup(trap.Close)
	for _, status := range []int{300, 301, 302, 303, 305, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", trap.URL)
				w.Header().Set("Refresh", "0; url="+trap.URL)
				w.WriteHeader(status)
			})
			e := c.Post(t.Context(), Request{URL: c.URL("/"), Body: []byte("{}")})
			if v := VerdictOfHTTP(e, true); v.Code != command.CodeBankRedirected || v.Status != command.Failed || v.Retry != command.RetryNever {
				t.Errorf("verdict %+v", v)
			}
			source := secret.Source{File: writeFile(t, canary)}
			tokens, err := NewTokens(TokenConfig{Path: "/token", ClientID: "c", ClientSecret: source}, c, "g", GroupConfig{}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, failure := tokens.Token(t.Context()); failure == nil || failure.Code != command.CodeBankRedirected || failure.Delivery != command.NotSent {
				t.Errorf("token: %+v", failure)
			}
		})
	}
	t.Cleanup(func() {
		if lured.Load() > 0 {
			t.Errorf("%d calls followed", lured.Load())
		}
	})
}

func TestTheSigningKeyFollowsItsFile(t *testing.T) {
	t.Parallel()
	first, second := rsaKey(t), rsaKey(t)
	path := writeFile(t, first)
	signer, err := NewRS256Signer(path)
	if err != nil {
		t.Fatal(err)
	}
	sign := func() string {
		h, err := signer.Sign([]byte("body"))
		if err != nil {
			t.Fatal(err)
		}
		return h.Get("Signature")
	}
	setting := signer.Followed("banks.x.signing_key_file")
	before := sign()
	rewrite(t, path, "no key")
	if got := sign(); got != before || setting.Look() == nil || setting.Path != "banks.x.signing_key_file" {
		t.Errorf("a file without a key is taken: %v", setting.Look())
	}
	rewrite(t, path, second)
	if got := sign(); got == before || setting.Look() != nil {
		t.Errorf("the new key is not in use: %v", setting.Look())
	}
}
