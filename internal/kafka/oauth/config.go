package oauth

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"time"

	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
)

// Config is where tokens come from.
type Config struct {
	// TokenEndpoint is a URL; https unless the host is a loopback one or
	// AllowPlaintext is set.
	TokenEndpoint string        `yaml:"token_endpoint"`
	ClientID      string        `yaml:"client_id"`
	ClientSecret  secret.Source `yaml:"client_secret"`
	// Scope is asked for; several are separated by spaces, empty asks for none.
	Scope string `yaml:"scope"`
	// Params are further parameters of the token request, audience for instance.
	Params map[string]string `yaml:"params"`
	// BasicAuth sends the credentials as HTTP Basic instead of in the form.
	BasicAuth bool `yaml:"basic_auth"`
	// Timeout bounds one token request, connection included.
	Timeout time.Duration `yaml:"timeout"` // default 5 s
	// RefusedRetry is when refused credentials are tried again though the secret
	// has not changed: what refuses may be a firewall on a bad day.
	RefusedRetry time.Duration `yaml:"refused_retry"` // default 5 min
	// AllowPlaintext permits http:// to a host that is not loopback.
	AllowPlaintext bool           `yaml:"allow_plaintext"`
	TLS            tlsfile.Config `yaml:"tls"`
}

const (
	defaultTimeout      = 5 * time.Second
	defaultRefusedRetry = 5 * time.Minute
)

// IsZero says whether nothing is set but defaults.
func (c Config) IsZero() bool {
	if c.Timeout == defaultTimeout {
		c.Timeout = 0
	}
	if c.RefusedRetry == defaultRefusedRetry {
		c.RefusedRetry = 0
	}
	if len(c.Params) == 0 {
		c.Params = nil
	}
	return reflect.ValueOf(c).IsZero()
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.RefusedRetry == 0 {
		c.RefusedRetry = defaultRefusedRetry
	}
	return c
}

// ours are the parameters that Params must not replace, and secrets those that
// would put a secret into the configuration.
var (
	ours    = []string{"grant_type", "client_id", "client_secret", "scope"}
	secrets = []string{"client_assertion", "assertion", "password", "refresh_token"}
)

// Validate returns every fault of a Config that has its defaults, joined, each
// under its key. It reads the files.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, want string) { errs = append(errs, fmt.Errorf("%s: want %s", key, want)) }
	switch endpoint, err := url.Parse(c.TokenEndpoint); {
	case c.TokenEndpoint == "":
		bad("token_endpoint", "a URL")
	case err != nil || endpoint.Host == "" || (endpoint.Scheme != "https" && endpoint.Scheme != "http"):
		bad("token_endpoint", "https://host[:port]/path")
	case endpoint.User != nil || endpoint.RawQuery != "" || endpoint.Fragment != "":
		bad("token_endpoint", "no user, query or fragment")
	case endpoint.Scheme == "http" && !c.AllowPlaintext && !loopback(endpoint.Hostname()):
		bad("allow_plaintext", "it, or https in token_endpoint")
	case endpoint.Scheme == "http" && !c.TLS.IsZero():
		bad("tls", "nothing, since token_endpoint is http")
	}
	if c.ClientID == "" {
		bad("client_id", "a value")
	}
	if _, err := c.ClientSecret.Open(); err != nil {
		errs = append(errs, fmt.Errorf("client_secret: %w", err))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		if slices.Contains(ours, name) {
			bad("params."+name, "a parameter that has no key of its own")
		}
		if slices.Contains(secrets, name) {
			bad("params."+name, "no secret: none may stand in the configuration")
		}
	}
	if c.Timeout <= 0 {
		bad("timeout", "a positive duration")
	}
	if c.RefusedRetry <= 0 {
		bad("refused_retry", "a positive duration")
	}
	if _, err := c.TLS.Open(); err != nil {
		errs = append(errs, tlsfile.Under("tls", err))
	}
	return errors.Join(errs...)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
