package tracing

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
)

// The protocols of OTLP.
const (
	HTTP = "http/protobuf"
	GRPC = "grpc"
)

// Config is where spans go and of which commands. Without Endpoint nothing is traced.
// The environment variables of OpenTelemetry are not asked for any of it.
type Config struct {
	// Endpoint is a collector: scheme, host and port, over HTTP with a path, which is
	// /v1/traces unless it is given.
	Endpoint string
	// Protocol is HTTP or GRPC.
	Protocol string // default HTTP
	// SampleRatio is the part of the commands without a trace of their own that are
	// traced: 0 to 1. Whether a command with one is traced, its publisher has decided.
	SampleRatio float64
	// Headers go with every export: lines of "Name: value", such as a collector's token.
	Headers secret.Source
	// AllowPlaintext permits http:// to a host that is not loopback.
	AllowPlaintext bool
	TLS            tlsfile.Config
	// Timeout bounds an export, its repeats included, and the last one when the
	// processor stops.
	Timeout time.Duration // default 5 s
	// QueueSpans is how many spans may wait for the exporter; what is more is dropped.
	QueueSpans int // default 8,192
}

// Enabled says whether anything is traced.
func (c Config) Enabled() bool { return c.Endpoint != "" }

// Address is host and port of the endpoint of a valid config, "" without one.
func (c Config) Address() string {
	u, err := url.Parse(c.Endpoint)
	if err != nil {
		return ""
	}
	return u.Host
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	if c.Protocol == "" {
		c.Protocol = HTTP
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.QueueSpans == 0 {
		c.QueueSpans = 8192
	}
	return c
}

// Validate returns every fault of a Config that has its defaults, joined.
func (c Config) Validate() error {
	var errs []error
	need := func(ok bool, key, want string) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s: want %s", key, want))
		}
	}
	if want := c.wantOfEndpoint(); want != "" {
		errs = append(errs, errors.New("endpoint: want "+want))
	}
	need(c.Protocol == HTTP || c.Protocol == GRPC, "protocol", HTTP+" or "+GRPC)
	need(c.SampleRatio >= 0 && c.SampleRatio <= 1, "sample_ratio", "0 to 1")
	need(c.Timeout > 0 && c.Timeout <= time.Minute, "timeout", "a positive duration, at most 1m")
	need(c.QueueSpans >= 1 && c.QueueSpans <= 1<<20, "queue_spans", "1 to 1048576")
	for key, err := range map[string]error{"headers": c.Headers.Validate(), "tls": c.TLS.Validate()} {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	return errors.Join(errs...)
}

// wantOfEndpoint is what is wanted instead of the endpoint, "" when it is right.
func (c Config) wantOfEndpoint() string {
	set := !c.Headers.IsZero() || !c.TLS.IsZero()
	if c.Endpoint == "" {
		if set {
			return "a URL, as other keys of tracing are set"
		}
		return ""
	}
	u, err := url.Parse(c.Endpoint)
	switch {
	case err != nil || u.Hostname() == "" || u.Port() == "" || u.Scheme != "https" && u.Scheme != "http":
		return "https://host:port, or http://host:port"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "no user, query or fragment: a token stands in headers"
	case c.Protocol == GRPC && u.Path != "" && u.Path != "/":
		return "no path, since protocol is grpc"
	case u.Scheme == "http" && !c.AllowPlaintext && !loopback(u.Hostname()):
		return "https, or allow_plaintext"
	case u.Scheme == "http" && !c.TLS.IsZero():
		return "https, as tls is set"
	}
	return ""
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
