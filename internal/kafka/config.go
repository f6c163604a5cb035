package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"bankprocessor/internal/kafka/oauth"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
)

// Config is how to reach the cluster.
type Config struct {
	// Brokers are host:port addresses, at least one.
	Brokers []string `yaml:"brokers"`
	// ClientID is the name that brokers log and meter; a member of a group adds to
	// it what no other has.
	ClientID string `yaml:"client_id"` // default bank-processor
	// DialTimeout bounds one connection with its TLS and SASL handshakes.
	DialTimeout time.Duration `yaml:"dial_timeout"` // default 5 s
	// RequestTimeout bounds one request, the wait of a fetch not included.
	RequestTimeout time.Duration `yaml:"request_timeout"` // default 10 s
	// MetadataTTL is how old the picture of leaders may get.
	MetadataTTL time.Duration `yaml:"metadata_ttl"` // default 2 s
	TLS         TLS           `yaml:"tls"`
	SASL        SASL          `yaml:"sasl"`
	// Topics restricts what the client asks about to these; empty asks about
	// every topic of the cluster every MetadataTTL.
	Topics []string `yaml:"-"`
	// MayProduce is asked right before each produce request leaves, and again while
	// it does; its error keeps the request from leaving (ErrWithheld). Every other
	// request passes. It is called from many goroutines and must not block; nil
	// permits.
	MayProduce func() error `yaml:"-"`
	// Concern is told, once a minute at most, that a connection could not be renewed
	// and goes on as it was; it must not block. nil drops it.
	Concern func(err error) `yaml:"-"`
	// Dial replaces the connecting below TLS; nil takes net.Dialer. Tests give
	// kfake.VirtualNetwork's here, to run under testing/synctest.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `yaml:"-"`
}

// TLS is off unless Enabled. Its files are followed: a renewed certificate counts
// from the next connection on.
type TLS struct {
	Enabled bool `yaml:"enabled"`
	tlsfile.Config
}

// SASL is off unless Mechanism is set. The secrets follow their files.
type SASL struct {
	// Mechanism is "plain", "scram-sha-256", "scram-sha-512" or "oauthbearer".
	Mechanism string `yaml:"mechanism"`
	// Username and Password are of every mechanism but oauthbearer.
	Username string        `yaml:"username"`
	Password secret.Source `yaml:"password"`
	// OAuth is where oauthbearer's tokens come from, and Extensions what goes with
	// them, such as logicalCluster and identityPoolId.
	OAuth      oauth.Config      `yaml:"oauth"`
	Extensions map[string]string `yaml:"extensions"`
	// AllowPlaintext permits plain and oauthbearer without TLS, which show the
	// password or the token to everybody on the way, to brokers that are not on a
	// loopback address.
	AllowPlaintext bool `yaml:"allow_plaintext"`
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	if c.ClientID == "" {
		c.ClientID = "bank-processor"
	}
	if c.DialTimeout == 0 {
		c.DialTimeout = 5 * time.Second
	}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = 10 * time.Second
	}
	if c.MetadataTTL == 0 {
		c.MetadataTTL = 2 * time.Second
	}
	c.SASL.OAuth = c.SASL.OAuth.WithDefaults()
	return c
}

// Validate returns every fault of a Config that has its defaults, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, want string) {
		errs = append(errs, fmt.Errorf("kafka.%s: want %s", key, want))
	}
	if len(c.Brokers) == 0 {
		bad("brokers", "at least one host:port")
	}
	for i, b := range c.Brokers {
		if host, port, err := net.SplitHostPort(b); err != nil || host == "" || port == "" {
			bad(fmt.Sprintf("brokers[%d]", i), "host:port")
		}
	}
	for key, d := range map[string]time.Duration{
		"dial_timeout": c.DialTimeout, "request_timeout": c.RequestTimeout, "metadata_ttl": c.MetadataTTL,
	} {
		if d <= 0 {
			bad(key, "a positive duration")
		}
	}
	if !c.TLS.Enabled && !c.SASL.AllowPlaintext && c.SASL.showsSecret() && slices.ContainsFunc(c.Brokers, isRemote) {
		errs = append(errs, fmt.Errorf("kafka.tls.enabled: want it, as kafka.sasl.mechanism %s shows its secret, or kafka.sasl.allow_plaintext", c.SASL.Mechanism))
	}
	return errors.Join(errors.Join(errs...), c.TLS.validate(), c.SASL.validate())
}

func isRemote(broker string) bool {
	host, _, _ := net.SplitHostPort(broker)
	addr, err := netip.ParseAddr(host)
	return host != "localhost" && (err != nil || !addr.IsLoopback())
}

func (t TLS) validate() error {
	if t.Enabled {
		_, err := t.Open()
		return tlsfile.Under("kafka.tls", err)
	}
	var errs []error
	for _, set := range []struct{ key, value string }{
		{"ca_file", t.CAFile}, {"cert_file", t.CertFile}, {"key_file", t.KeyFile}, {"server_name", t.ServerName},
	} {
		if set.value != "" {
			errs = append(errs, fmt.Errorf("kafka.tls.%s: is set, but kafka.tls.enabled is not", set.key))
		}
	}
	return errors.Join(errs...)
}
