package kafka

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
)

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := Config{Brokers: []string{"127.0.0.1:9092"}}
	for name, tt := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"good":             {func(*Config) {}, nil},
		"nothing":          {func(c *Config) { c.Brokers = nil }, []string{"brokers"}},
		"no port":          {func(c *Config) { c.Brokers = []string{"a:1", "b"} }, []string{"brokers[1]"}},
		"durations":        {func(c *Config) { c.DialTimeout, c.MetadataTTL = -1, -1 }, []string{"dial_timeout", "metadata_ttl"}},
		"tls off":          {func(c *Config) { c.TLS.CAFile = "x" }, []string{"enabled"}},
		"half a key pair":  {func(c *Config) { c.TLS = TLS{true, tlsfile.Config{CertFile: "x"}} }, []string{"cert_file and key_file"}},
		"no such file":     {func(c *Config) { c.TLS = TLS{true, tlsfile.Config{CAFile: "nowhere.pem"}} }, []string{"ca_file"}},
		"no certificate":   {func(c *Config) { c.TLS = TLS{true, tlsfile.Config{CAFile: empty}} }, []string{"holds no certificate"}},
		"no such key pair": {func(c *Config) { c.TLS = TLS{true, tlsfile.Config{CertFile: "x", KeyFile: "y"}} }, []string{"reading cert_file"}},
		"sasl off":         {func(c *Config) { c.SASL.Username = "x" }, []string{"mechanism is not"}},
		"sasl": {func(c *Config) { c.SASL.Mechanism = "oauthbearer" },
			[]string{"sasl.mechanism", "sasl.username", "sasl.password: reading secret: want file or env"}},
		"empty password": {func(c *Config) { c.SASL = SASL{"plain", "u", secret.Source{File: empty}} }, []string{"empty"}},
		"no password":    {func(c *Config) { c.SASL = SASL{"plain", "u", secret.Source{Env: "KAFKA_TEST_UNSET"}} }, []string{"empty"}},
		"two passwords":  {func(c *Config) { c.SASL = SASL{"plain", "u", secret.Source{File: "a", Env: "b"}} }, []string{"not both"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			tt.change(&cfg)
			err := cfg.WithDefaults().Validate()
			if (err == nil) != (tt.want == nil) {
				t.Fatalf("got %v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %v", want, err)
				}
			}
			if _, newErr := New(cfg); (newErr == nil) != (err == nil) {
				t.Errorf("New says %v", newErr)
			}
		})
	}
}

func TestGroupConfigSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	err := GroupConfig{SessionTimeout: time.Second, RebalanceTimeout: time.Second, JoinBackoff: -1}.WithDefaults().Validate()
	for _, want := range []string{"id", "topics", "session_timeout", "rebalance_timeout", "join_backoff"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if err := (GroupConfig{ID: "g", Topics: []string{"a"}}).WithDefaults().Validate(); err != nil {
		t.Error(err)
	}
}
