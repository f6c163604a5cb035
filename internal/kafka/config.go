package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

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

// SASL is off unless Mechanism is set. The password follows its file.
type SASL struct {
	// Mechanism is "plain", "scram-sha-256" or "scram-sha-512".
	Mechanism string        `yaml:"mechanism"`
	Username  string        `yaml:"username"`
	Password  secret.Source `yaml:"password"`
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
	return errors.Join(errors.Join(errs...), c.TLS.validate(), c.SASL.validate())
}

func (t TLS) validate() error {
	if !t.Enabled {
		if t != (TLS{}) {
			return errors.New("kafka.tls: files are set but enabled is not")
		}
		return nil
	}
	if _, err := t.Open(); err != nil {
		return fmt.Errorf("kafka.tls: %w", err)
	}
	return nil
}

func (s SASL) validate() error {
	if s.Mechanism == "" {
		if s != (SASL{}) {
			return errors.New("kafka.sasl: a username or password is set but mechanism is not")
		}
		return nil
	}
	var errs []error
	if _, ok := mechanismNames[s.Mechanism]; !ok {
		errs = append(errs, fmt.Errorf("kafka.sasl.mechanism: %q is none of plain, scram-sha-256, scram-sha-512", s.Mechanism))
	}
	if s.Username == "" {
		errs = append(errs, errors.New("kafka.sasl.username: want a name"))
	}
	if _, err := s.Password.Open(); err != nil {
		errs = append(errs, fmt.Errorf("kafka.sasl.password: %w", err))
	}
	return errors.Join(errs...)
}
