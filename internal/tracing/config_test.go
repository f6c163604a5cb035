package tracing_test

import (
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
	"bankprocessor/internal/tracing"
)

func TestNothingIsTracedUnlessAsked(t *testing.T) {
	t.Parallel()
	cfg := tracing.Config{}.WithDefaults()
	if err := cfg.Validate(); err != nil || cfg.Enabled() {
		t.Errorf("%v, enabled: %t", err, cfg.Enabled())
	}
}

func TestEveryWrongValueNamesItsKey(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*tracing.Config){
		"endpoint: want https://host:port":         func(c *tracing.Config) { c.Endpoint = "collector:4318" },
		"endpoint: want https://host:port, or":     func(c *tracing.Config) { c.Endpoint = "https://collector" },
		"endpoint: want no user":                   func(c *tracing.Config) { c.Endpoint = "https://u:canary@collector:4318" },
		"endpoint: want no user, query":            func(c *tracing.Config) { c.Endpoint = "https://collector:4318?canary" },
		"endpoint: want no path":                   func(c *tracing.Config) { c.Endpoint, c.Protocol = "https://collector:4317/v1/traces", tracing.GRPC },
		"endpoint: want https, or allow_plaintext": func(c *tracing.Config) { c.Endpoint = "http://collector:4318" },
		"endpoint: want https, as tls is set": func(c *tracing.Config) {
			c.Endpoint, c.TLS = "http://127.0.0.1:4318", tlsfile.Config{CAFile: "f"}
		},
		"endpoint: want a URL":         func(c *tracing.Config) { c.Endpoint, c.TLS = "", tlsfile.Config{CAFile: "f"} },
		"endpoint: want a URL, as":     func(c *tracing.Config) { c.Endpoint, c.Headers = "", secret.Source{File: "f"} },
		"protocol: want http/protobuf": func(c *tracing.Config) { c.Protocol = "http/json" },
		"sample_ratio: want 0 to 1":    func(c *tracing.Config) { c.SampleRatio = 1.5 },
		"sample_ratio: want 0 to":      func(c *tracing.Config) { c.SampleRatio = -1 },
		"timeout: want":                func(c *tracing.Config) { c.Timeout = -time.Second },
		"timeout: want a positive":     func(c *tracing.Config) { c.Timeout = time.Hour },
		"queue_spans: want 1 to":       func(c *tracing.Config) { c.QueueSpans = -1 },
		"headers: want":                func(c *tracing.Config) { c.Headers = secret.Source{File: "f", Env: "E"} },
		"tls: cert_file: want":         func(c *tracing.Config) { c.TLS = tlsfile.Config{KeyFile: "f"} },
	} {
		cfg := tracing.Config{Endpoint: "https://collector.example.com:4318"}
		change(&cfg)
		err := cfg.WithDefaults().Validate()
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "canary") {
			t.Errorf("want %q alone, got %v", want, err)
		}
	}
	for _, right := range []tracing.Config{
		{Endpoint: "https://collector.example.com:4318"}, {Endpoint: "http://127.0.0.1:4318/prefix/v1/traces"},
		{Endpoint: "http://[::1]:4317", Protocol: tracing.GRPC}, {Endpoint: "http://collector:4318", AllowPlaintext: true},
		{Endpoint: "https://collector:4317/", Protocol: tracing.GRPC, SampleRatio: 0.25, TLS: tlsfile.Config{CAFile: "f"}},
	} {
		if err := right.WithDefaults().Validate(); err != nil {
			t.Errorf("%s: %v", right.Endpoint, err)
		}
	}
}
