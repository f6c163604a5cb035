package bankapi

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"

	"bankprocessor/internal/tlsfile"
)

// HTTPConfig is how to reach one bank. BaseURL has no default: no bank's host
// stands in the code (contract section 11).
type HTTPConfig struct {
	// BaseURL is scheme, host and a path prefix if any; https unless the host
	// is a loopback one or AllowPlaintext is set.
	BaseURL string `yaml:"base_url"`
	// Timeout bounds one round trip from dialling to the last byte of the body,
	// whatever the caller's context says.
	Timeout time.Duration `yaml:"timeout"` // default 10 s
	// DialTimeout bounds the connection and, separately, the TLS handshake.
	DialTimeout time.Duration `yaml:"dial_timeout"` // default 3 s
	// MaxResponseBytes caps a body after decompression.
	MaxResponseBytes int64 `yaml:"max_response_bytes"` // default 8 MiB
	// MaxIdleConns is how many connections stay open between calls; over HTTP/1.1
	// less than the calls that run at once makes every call above it dial anew.
	MaxIdleConns int `yaml:"max_idle_conns"` // default 512; the groups of a bank share them
	// IdleTimeout closes connections that have not been used for so long.
	IdleTimeout time.Duration `yaml:"idle_timeout"` // default 90 s
	// HTTP2 offers h2 beside HTTP/1.1. All calls then go through net/http, at more CPU
	// for each and with more of them in doubt when they end early (ADR 13).
	HTTP2 bool `yaml:"http2"`
	// AllowPlaintext permits http:// to a host that is not loopback.
	AllowPlaintext bool           `yaml:"allow_plaintext"`
	TLS            tlsfile.Config `yaml:"tls"`
	// Setting is the key under which all this is configured, for messages.
	Setting string `yaml:"-"` // default http
}

func (c HTTPConfig) setting() string {
	if c.Setting == "" {
		return "http"
	}
	return c.Setting
}

// WithDefaults fills in what is not set.
func (c HTTPConfig) WithDefaults() HTTPConfig {
	setDefault(&c.Timeout, 10*time.Second)
	setDefault(&c.DialTimeout, 3*time.Second)
	setDefault(&c.MaxResponseBytes, 8<<20)
	setDefault(&c.MaxIdleConns, 512)
	setDefault(&c.IdleTimeout, 90*time.Second)
	return c
}

// Validate returns every fault of a config that has its defaults, joined.
func (c HTTPConfig) Validate() error {
	var errs []error
	bad := func(key, want string) { errs = append(errs, fmt.Errorf("%s: want %s", key, want)) }
	switch base, err := url.Parse(c.BaseURL); {
	case c.BaseURL == "":
		bad("base_url", "a URL; it has no default")
	case err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http"):
		bad("base_url", "https://host[:port][/path]")
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		bad("base_url", "no user, query or fragment")
	case !ascii(base.Host):
		bad("base_url", "the host's name in ASCII (xn--...)")
	case base.Scheme == "http" && !c.AllowPlaintext && !loopback(base.Hostname()):
		bad("base_url", "https, or allow_plaintext")
	case base.Scheme == "http" && !c.TLS.IsZero():
		bad("tls", "nothing, since base_url is http")
	}
	if c.Timeout <= 0 {
		bad("timeout", "a positive duration")
	}
	if c.DialTimeout <= 0 || c.DialTimeout > c.Timeout {
		bad("dial_timeout", "a positive duration, at most timeout")
	}
	if c.MaxResponseBytes <= 0 {
		bad("max_response_bytes", "a positive size")
	}
	if c.MaxIdleConns <= 0 {
		bad("max_idle_conns", "at least 1")
	}
	if c.IdleTimeout <= 0 {
		bad("idle_timeout", "a positive duration")
	}
	if err := c.TLS.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("tls: %w", err))
	}
	return errors.Join(errs...)
}

func ascii(text string) bool {
	return strings.IndexFunc(text, func(c rune) bool { return c > unicode.MaxASCII }) < 0
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
