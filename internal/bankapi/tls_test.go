package bankapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/tlsfile"
	"bankprocessor/test/certs"
)

var discardLog = log.New(io.Discard, "", 0)

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// tlsBank answers with the common name of its caller's certificate. What a caller
// must show can be changed while it runs.
type tlsBank struct {
	*httptest.Server
	settings atomic.Pointer[tls.Config]
	served   atomic.Int32
}

func serveTLS(t *testing.T, settings *tls.Config) *tlsBank {
	t.Helper()
	b := &tlsBank{}
	b.settings.Store(settings)
	b.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.served.Add(1)
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return // as a bank does that has not got the whole request
		}
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName+" "+r.Proto)
	}))
	b.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		c := b.settings.Load().Clone()
		c.NextProtos = []string{"h2", "http/1.1"}
		return c, nil
	}}
	b.Config.ErrorLog = discardLog
	b.EnableHTTP2 = true
	b.StartTLS()
	t.Cleanup(b.Close)
	return b
}

// mutual is a bank that ours has certified and that wants callers of theirs.
func mutual(ours, theirs *certs.Authority) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{ours.Issue("bank", nil, "bank.example.com").Pair()},
		ClientCAs:    theirs.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
	}
}

// eachProtocol runs f over HTTP/1.1 and h2.
func eachProtocol(t *testing.T, f func(t *testing.T, proto string, over func(*HTTPConfig))) {
	for proto, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			f(t, proto, func(c *HTTPConfig) { c.HTTP2 = h2 })
		})
	}
}

func filesOf(ours *certs.Authority, identity certs.Issued) tlsfile.Config {
	c := tlsfile.Config{CAFile: ours.File(), ServerName: "bank.example.com"}
	c.CertFile, c.KeyFile = identity.Files()
	return c
}

// A renewed identity counts from the next call on, once its files were looked at,
// although the connections of the old one idle: nothing closes them but the renewal.
func TestARenewedIdentityIsShownAtTheNextCall(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, proto string, over func(*HTTPConfig)) {
		ca := certs.New(t)
		bank := serveTLS(t, mutual(ca, ca))
		files := filesOf(ca, ca.Issue("first", nil))
		c := clientFor(t, bank.URL, over, func(c *HTTPConfig) { c.TLS = files })
		ask := func(want string) {
			t.Helper()
			if e := c.Post(t.Context(), Request{URL: c.URL("/")}); string(e.Body) != want+" "+proto {
				t.Errorf("bank saw %q, want %q; %v", e.Body, want, e.Err)
			}
		}
		second := ca.Issue("second", nil)
		ask("first")
		certs.Replace(t, files.CertFile, second.Cert)
		c.files.Changes()
		ask("first") // the two files do not fit each other yet
		certs.Replace(t, files.KeyFile, second.Key)
		c.files.Changes()
		ask("second")
		third := ca.Issue("third", nil)
		certs.Replace(t, files.CertFile, third.Cert)
		certs.Replace(t, files.KeyFile, third.Key)
		c.files.Changes()
		ask("third")
	})
}

// The bank's certificate goes over to another authority.
func TestARenewedTrustCountsFromTheNextCall(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, over func(*HTTPConfig)) {
		first, second := certs.New(t), certs.New(t)
		bank := serveTLS(t, mutual(first, first))
		files := filesOf(first, first.Issue("caller", nil))
		c := clientFor(t, bank.URL, over, func(c *HTTPConfig) { c.TLS, c.Setting = files, "banks.x.http" })
		ask := func(want command.Delivery, refusal string) {
			t.Helper()
			e := c.Post(t.Context(), Request{URL: c.URL("/")})
			v := VerdictOfHTTP(e, true)
			if e.Delivery != want || refusal != "" && (v.Code != command.CodeBankTLSRefused || !strings.Contains(v.Detail, refusal)) {
				t.Errorf("exchange %+v, verdict %+v", e, v)
			}
		}
		ask(command.Answered, "")
		bank.settings.Store(mutual(second, first))
		ask(command.Answered, "") // on the connection that is open
		certs.Replace(t, files.CAFile, second.PEM())
		c.files.Changes()
		ask(command.Answered, "")
		certs.Replace(t, files.CAFile, first.PEM())
		c.files.Changes()
		ask(command.NotSent, "banks.x.http.tls.ca_file: the server's certificate is signed by an authority that is not in")
		certs.Replace(t, files.CAFile, first.PEM()+second.PEM())
		c.files.Changes()
		ask(command.Answered, "")
	})
}

// A refused certificate is never an unknown outcome, although with TLS 1.3 the
// refusal comes after the request has been written.
func TestARefusedIdentityHasSentNothing(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, over func(*HTTPConfig)) {
		ours, foreign := certs.New(t), certs.New(t)
		for version, max := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
			settings := mutual(ours, ours)
			settings.MaxVersion = max
			bank := serveTLS(t, settings)
			c := clientFor(t, bank.URL, over, func(c *HTTPConfig) {
				c.TLS, c.Setting = filesOf(ours, foreign.Issue("stranger", nil)), "banks.x.http"
			})
			body := bytes.Repeat([]byte("x"), 4<<10)
			for range 50 {
				e := c.Post(t.Context(), Request{URL: c.URL("/"), Body: body})
				v := VerdictOfHTTP(e, true)
				if v.Delivery != command.NotSent || v.Code != command.CodeBankTLSRefused || v.Retry != command.RetryPause ||
					v.BankFault || v.DeadLetter || !strings.Contains(v.Detail, "banks.x.http.tls.cert_file: the server refuses the certificate of") {
					t.Fatalf("%s: exchange %+v, verdict %+v", version, e, v)
				}
			}
			if n := bank.served.Load(); n != 0 {
				t.Errorf("%s: the bank served %d calls", version, n)
			}
		}
	})
}

// handshaken is a connection of that version on which nothing has been said.
func handshaken(t *testing.T, version uint16) *wire {
	t.Helper()
	ca := certs.New(t)
	near, far := net.Pipe()
	server := tls.Server(far, &tls.Config{
		MinVersion: version, MaxVersion: version, SessionTicketsDisabled: true,
		Certificates: []tls.Certificate{ca.Issue("bank", nil, "bank.example.com").Pair()},
	})
	shaken := make(chan error, 1)
	go func() { shaken <- server.HandshakeContext(t.Context()) }()
	w := newWire(near)
	secured := tls.Client(w, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: ca.Pool(), ServerName: "bank.example.com"})
	if err := errors.Join(secured.HandshakeContext(t.Context()), <-shaken); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	w.secured.Store(secured)
	return w
}

// A refusal proves that the request under way was not read only while the bank's
// side of the handshake cannot be over.
func TestARefusalAfterTheHandshakeProvesNothing(t *testing.T) {
	t.Parallel()
	c := &Client{cfg: HTTPConfig{TLS: tlsfile.Config{CertFile: "f"}}}
	remote := func(alert tls.AlertError) error { return &net.OpError{Op: "remote error", Err: alert} }
	given := func(w *wire) *sending {
		var s sending
		s.gotConn.Store(true)
		s.on.Store(w)
		return &s
	}
	answered := handshaken(t, tls.VersionTLS13)
	answered.answered.Store(true)
	for name, tt := range map[string]struct {
		sending *sending
		want    bool
	}{
		"before a connection":                      {new(sending), true},
		"a connection without answers":             {given(handshaken(t, tls.VersionTLS13)), true},
		"a connection without answers, of TLS 1.2": {given(handshaken(t, tls.VersionTLS12)), false},
		"a connection with answers":                {given(answered), false},
		"a connection that is not known":           {given(nil), false},
	} {
		if got := c.tlsError(tt.sending, remote(45)) != nil; got != tt.want {
			t.Errorf("%s: certain %t, want %t", name, got, tt.want)
		}
	}
	if c.tlsError(given(handshaken(t, tls.VersionTLS13)), remote(80)) != nil { // internal error
		t.Error("any alert is taken for a refusal")
	}
}

func TestTLSRefusals(t *testing.T) {
	t.Parallel()
	ca := certs.New(t)
	current := serveTLS(t, mutual(ca, ca))
	settings := mutual(ca, ca)
	settings.MinVersion, settings.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	old := serveTLS(t, settings)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	expired := filesOf(ca, ca.Issue("late", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }))
	for name, tc := range map[string]struct {
		url    string
		adjust func(*tlsfile.Config)
		want   string
	}{
		"TLS 1.1":        {old.URL, func(*tlsfile.Config) {}, "b.tls: the server speaks no TLS 1.2"},
		"other name":     {current.URL, func(c *tlsfile.Config) { c.ServerName = "other.example.com" }, "b.tls.server_name: the server's certificate is for "},
		"other CA":       {current.URL, func(c *tlsfile.Config) { c.CAFile = "" }, "b.tls.ca_file: is not set"},
		"no certificate": {current.URL, func(c *tlsfile.Config) { c.CertFile, c.KeyFile = "", "" }, "b.tls.cert_file: is not set, and the server wants"},
		"expired":        {current.URL, func(c *tlsfile.Config) { c.CertFile, c.KeyFile = expired.CertFile, expired.KeyFile }, "has expired at "},
		"no TLS at all":  {strings.Replace(plain.URL, "http", "https", 1), func(*tlsfile.Config) {}, "b.tls: the server does not speak TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := filesOf(ca, ca.Issue("caller", nil))
			tc.adjust(&files)
			c := clientFor(t, tc.url, func(c *HTTPConfig) { c.TLS, c.Setting = files, "b" })
			e := c.Post(t.Context(), Request{URL: c.URL("/")})
			if v := VerdictOfHTTP(e, true); v.Delivery != command.NotSent || v.Retry != command.RetryPause || !strings.Contains(v.Detail, tc.want) {
				t.Errorf("exchange %+v, verdict %+v", e, v)
			}
		})
	}
	if _, err := NewClient(HTTPConfig{BaseURL: current.URL, TLS: tlsfile.Config{CAFile: expired.KeyFile}}); err == nil ||
		!strings.Contains(err.Error(), "tls: ca_file: ") {
		t.Errorf("a CA file without a certificate: %v", err)
	}
}

// A group that TLS has shut is tried again as soon as the file has changed, and
// without that after its pause.
func TestAGateThatTLSHasShutOpensWithTheFile(t *testing.T) {
	t.Parallel()
	ours, foreign := certs.New(t), certs.New(t)
	bank := serveTLS(t, mutual(ours, ours))
	files := filesOf(ours, foreign.Issue("stranger", nil))
	c := clientFor(t, bank.URL, func(c *HTTPConfig) { c.TLS, c.Setting = files, "banks.x.http" })
	seen := &recorder{}
	g, err := NewGroup("g", GroupConfig{PauseInitial: time.Hour, PauseMax: time.Hour}, seen)
	if err != nil {
		t.Fatal(err)
	}
	g.Over(c)
	call := func() command.Verdict {
		return g.Do(t.Context(), func(ctx context.Context) command.Verdict {
			e := c.Post(ctx, Request{URL: c.URL("/")})
			if e.Delivery == command.Answered {
				return command.Verdict{Status: command.Succeeded, Delivery: command.Answered}
			}
			return VerdictOfHTTP(e, false)
		})
	}
	if v := call(); v.Code != command.CodeBankTLSRefused {
		t.Fatalf("verdict %+v", v)
	}
	s := g.State()
	if !g.Shut() || s.Hold != HoldTLSRefused || !strings.Contains(s.Why, "banks.x.http.tls.cert_file") || s.Breaker != "closed" {
		t.Errorf("state %+v", s)
	}
	if v := call(); v.Delivery != command.NotSent || v.Code != command.CodeBankUnreachable {
		t.Errorf("the gate stands open: %+v", v)
	}
	renewed := ours.Issue("caller", nil)
	certs.Replace(t, files.CertFile, renewed.Cert)
	certs.Replace(t, files.KeyFile, renewed.Key)
	if err := g.Wait(t.Context()); err != nil { // asks once a second, not once an hour
		t.Fatal(err)
	}
	if v := call(); v.Delivery != command.Answered {
		t.Errorf("verdict %+v", v)
	}
	if s := g.State(); s.Hold != "" || s.Why != "" || bank.served.Load() != 1 {
		t.Errorf("state %+v after %d calls", s, bank.served.Load())
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if len(seen.gates) != 2 || seen.gates[0] != HoldTLSRefused || seen.gates[1] != "" {
		t.Errorf("the observer heard %v", seen.gates)
	}
}
