package registry

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
)

// The frames of results, as configured.
const (
	ResultsSingleObject = "single-object"
	ResultsConfluent    = "confluent"
)

// Config is how to reach a schema registry. Without URLs there is none.
type Config struct {
	// URLs are the nodes of one registry, asked in this order; a path prefix
	// belongs to them, such as Apicurio's /apis/ccompat/v7.
	URLs []string `yaml:"urls"`
	// Results says how results are framed: single-object or confluent.
	Results string `yaml:"results"` // default single-object
	// Timeout bounds one question to one node.
	Timeout time.Duration `yaml:"timeout"` // default 5 s
	// UnknownIDGrace is how long an id that no node knows is asked for again
	// before its command is refused: nodes lag behind the one that registered it.
	UnknownIDGrace time.Duration `yaml:"unknown_id_grace"` // default 10 s
	// MaxResponseBytes caps an answer after decompression.
	MaxResponseBytes int64 `yaml:"max_response_bytes"` // default 4 MiB
	// Username and Password are HTTP Basic's; Token is a bearer's. One of the two
	// or neither.
	Username string        `yaml:"username"`
	Password secret.Source `yaml:"password"`
	Token    secret.Source `yaml:"token"`
	// AllowPlaintext permits http:// to a host that is not loopback.
	AllowPlaintext bool           `yaml:"allow_plaintext"`
	TLS            tlsfile.Config `yaml:"tls"`
}

// Enabled says whether there is a registry.
func (c Config) Enabled() bool { return len(c.URLs) > 0 }

// FramesResults says whether results carry ids of the registry.
func (c Config) FramesResults() bool { return c.Results == ResultsConfluent }

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	if c.Results == "" {
		c.Results = ResultsSingleObject
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.UnknownIDGrace == 0 {
		c.UnknownIDGrace = 10 * time.Second
	}
	if c.MaxResponseBytes == 0 {
		c.MaxResponseBytes = 4 << 20
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
	for _, text := range c.URLs {
		if want := c.wantOfURL(text); want != "" {
			errs = append(errs, fmt.Errorf("urls: want %s", want))
		}
	}
	asks := c.Username != "" || !c.Password.IsZero() || !c.Token.IsZero() || !c.TLS.IsZero()
	need(c.Enabled() || !asks, "urls", "at least one, as other keys of registry are set")
	need(!c.Enabled() || c.TLS.IsZero() || slices.ContainsFunc(c.URLs, isHTTPS), "tls", "nothing, since urls are http")
	need(c.Results == ResultsSingleObject || c.Results == ResultsConfluent, "results", "single-object or confluent")
	need(!c.FramesResults() || c.Enabled(), "results", "single-object, or a registry in urls")
	need(c.Timeout > 0, "timeout", "a positive duration")
	need(c.UnknownIDGrace > 0, "unknown_id_grace", "a positive duration")
	need(c.MaxResponseBytes >= 64<<10, "max_response_bytes", "at least 64KiB")
	need((c.Username == "") == c.Password.IsZero(), "password", "username and password, or neither")
	need(c.Username == "" || c.Token.IsZero(), "token", "username and password, or token, not both")
	for key, err := range map[string]error{
		"password": c.Password.Validate(), "token": c.Token.Validate(), "tls": c.TLS.Validate(),
	} {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	return errors.Join(errs...)
}

func (c Config) wantOfURL(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return "https://host[:port][/path] for each"
	case u.User != nil:
		return "no user and password in a URL: they stand in username and password"
	case u.RawQuery != "" || u.Fragment != "":
		return "no query and no fragment in a URL"
	case u.Scheme == "http" && !c.AllowPlaintext && !loopback(u.Hostname()):
		return "https for each, or allow_plaintext"
	}
	return ""
}

func isHTTPS(text string) bool {
	u, err := url.Parse(text)
	return err != nil || u.Scheme != "http" // what is no URL is told of by itself
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
