package tracing_test

import (
	"crypto/tls"
	"os"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
	"bankprocessor/internal/tracing"
	"bankprocessor/test/certs"
	"bankprocessor/test/collector"
)

func TestHeadersAreSentAndFollowed(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{tracing.HTTP, tracing.GRPC} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			c := collector.Start(t)
			cfg := config(c)
			if cfg.Protocol = protocol; protocol == tracing.GRPC {
				cfg.Endpoint = c.GRPC
			}
			path := file(t, "Authorization: Bearer first\n\nX-Tenant: a: b\n")
			cfg.Headers = secret.Source{File: path}
			b := start(t, cfg)
			b.draw(message())
			c.Await(t, count(spansOfTree))
			rewrite(t, path, "Authorization: Bearer second\n")
			later := time.Now().Add(time.Minute)
			if err := os.Chtimes(path, later, later); err != nil {
				t.Fatal(err)
			}
			b.draw(message())
			c.Await(t, count(2*spansOfTree))
			first, second := c.Headers()[0], c.Headers()[1]
			if first.Get("Authorization") != "Bearer first" || first.Get("X-Tenant") != "a: b" || second.Get("Authorization") != "Bearer second" {
				t.Errorf("first %v, then %v", first, second)
			}
			if strings.Contains(b.log.String(), "first") {
				t.Errorf("the log holds a header: %s", b.log)
			}
		})
	}
}

func TestHeadersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for want, source := range map[string]secret.Source{
		"line 1: want lines of":    {File: file(t, "canary")},
		"line 2: want lines of":    {File: file(t, "A: b\nCan ary: canary")},
		"line 1: want lines":       {File: file(t, "A: canary\x01")},
		"line 1: want lines of \"": {File: file(t, "A:")},
		"/nowhere/headers":         {File: "/nowhere/headers"},
		"NO_SUCH_VARIABLE":         {Env: "NO_SUCH_VARIABLE"},
	} {
		_, err := build(t, tracing.Config{Endpoint: "http://127.0.0.1:1", Headers: source})
		if err == nil || !strings.HasPrefix(err.Error(), "headers: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// A token that is taken away while the processor runs costs spans, and is not told.
func TestHeadersThatAreSpoilt(t *testing.T) {
	t.Parallel()
	c := collector.Start(t)
	cfg := config(c)
	path := file(t, "Authorization: Bearer first")
	cfg.Headers, cfg.Timeout = secret.Source{File: path}, 100*time.Millisecond
	b := start(t, cfg)
	rewrite(t, path, "canary\n")
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	b.draw(message())
	b.log.Await(t, "spans cannot be exported")
	if text := b.log.String(); strings.Contains(text, "canary") || !strings.Contains(text, "tracing.headers") {
		t.Errorf("want the key without the value: %s", text)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := certs.New(t), certs.New(t)
	pair := ours.Issue("collector", nil, "collector.example.com")
	cert, key := ours.Issue("processor", nil).Files()
	c := collector.New(t)
	c.Server.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair.Pair()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ours.Pool(),
		MinVersion: tls.VersionTLS12,
	}
	c.Server.StartTLS()
	overGRPC := c.StartGRPC(t, c.Server.TLS)
	for name, tt := range map[string]struct {
		tls   tlsfile.Config
		works bool
	}{
		"right":             {tlsfile.Config{CAFile: ours.File(), CertFile: cert, KeyFile: key}, true},
		"right, named":      {tlsfile.Config{CAFile: ours.File(), CertFile: cert, KeyFile: key, ServerName: "collector.example.com"}, true},
		"another name":      {tlsfile.Config{CAFile: ours.File(), CertFile: cert, KeyFile: key, ServerName: "other.example.com"}, false},
		"another authority": {tlsfile.Config{CAFile: theirs.File(), CertFile: cert, KeyFile: key}, false},
		"no certificate":    {tlsfile.Config{CAFile: ours.File()}, false},
		"the system's":      {tlsfile.Config{CertFile: cert, KeyFile: key}, false},
	} {
		for protocol, endpoint := range map[string]string{tracing.HTTP: c.Server.URL, tracing.GRPC: overGRPC} {
			t.Run(name+", "+protocol, func(t *testing.T) {
				b := start(t, tracing.Config{
					Endpoint: endpoint, Protocol: protocol, SampleRatio: 1, TLS: tt.tls, Timeout: 300 * time.Millisecond,
				})
				before := len(c.Spans())
				b.draw(message())
				_ = b.Stop(t.Context())
				if arrived := len(c.Spans()) > before; arrived != tt.works {
					t.Errorf("arrived: %t, want %t: %s", arrived, tt.works, b.log)
				}
			})
		}
	}
	_, err := build(t, tracing.Config{Endpoint: c.Server.URL, TLS: tlsfile.Config{CAFile: "/nowhere/ca"}})
	if err == nil || !strings.HasPrefix(err.Error(), "tls: ca_file: ") {
		t.Errorf("want the key, got %v", err)
	}
}
