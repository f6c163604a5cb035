package kafka

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/kafka/oauth"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
)

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(t.TempDir(), "full")
	if err := os.WriteFile(full, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	right := secret.Source{File: full}
	password := func(s secret.Source) func(*Config) {
		return func(c *Config) { c.SASL = SASL{Mechanism: "plain", Username: "u", Password: s} }
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
		"tls off":          {func(c *Config) { c.TLS.CAFile = "x" }, []string{"kafka.tls.ca_file: ", "kafka.tls.enabled is not"}},
		"half a key pair":  {func(c *Config) { c.TLS = TLS{true, tlsfile.Config{CertFile: "x"}} }, []string{"kafka.tls.cert_file: want it together with key_file"}},
		"no such file":     {func(c *Config) { c.TLS = TLS{true, tlsfile.Config{CAFile: "nowhere.pem"}} }, []string{"kafka.tls.ca_file: "}},
		"no certificate":   {func(c *Config) { c.TLS = TLS{true, tlsfile.Config{CAFile: empty}} }, []string{"kafka.tls.ca_file: ", "holds no certificate"}},
		"no such key pair": {func(c *Config) { c.TLS = TLS{true, tlsfile.Config{CertFile: "x", KeyFile: "y"}} }, []string{"kafka.tls.cert_file: "}},
		"sasl off":         {func(c *Config) { c.SASL.Username = "x" }, []string{"kafka.sasl.mechanism: want one"}},
		"mechanism":        {func(c *Config) { c.SASL.Mechanism = "gssapi" }, []string{`kafka.sasl.mechanism: "gssapi" is none of`}},
		"sasl":             {func(c *Config) { c.SASL.Mechanism = "plain" }, []string{"kafka.sasl.username: ", "kafka.sasl.password: reading secret: want file or env"}},
		"empty password":   {password(secret.Source{File: empty}), []string{"kafka.sasl.password: ", "empty"}},
		"no password":      {password(secret.Source{Env: "KAFKA_TEST_UNSET"}), []string{"kafka.sasl.password: ", "empty"}},
		"two passwords":    {password(secret.Source{File: "a", Env: "b"}), []string{"kafka.sasl.password: ", "not both"}},
		"oauth, not used": {func(c *Config) {
			c.SASL = SASL{Mechanism: "plain", Username: "u", Password: right, OAuth: oauth.Config{ClientID: "x"}, Extensions: map[string]string{"a": "b"}}
		}, []string{"kafka.sasl.oauth: ", "kafka.sasl.extensions: "}},
		"oauth, empty": {func(c *Config) { c.SASL = SASL{Mechanism: "oauthbearer"} },
			[]string{"kafka.sasl.oauth.token_endpoint: ", "kafka.sasl.oauth.client_id: ", "kafka.sasl.oauth.client_secret: "}},
		"oauth, and a password": {func(c *Config) { c.SASL = SASL{Mechanism: "oauthbearer", Username: "u", Password: right} },
			[]string{"kafka.sasl.username: is not of", "kafka.sasl.password: is not of"}},
		"extensions": {func(c *Config) {
			c.SASL = SASL{Mechanism: "oauthbearer", Extensions: map[string]string{"auth": "x", "b": "\x01", "good": "x"}}
		}, []string{"kafka.sasl.extensions.auth: ", "kafka.sasl.extensions.b: "}},
		"plain in clear": {func(c *Config) {
			c.Brokers, c.SASL = []string{"127.0.0.1:1", "kafka.example.com:1"}, SASL{Mechanism: "plain", Username: "u", Password: right}
		}, []string{"kafka.tls.enabled: ", "kafka.sasl.allow_plaintext"}},
		"plain in clear, wanted": {func(c *Config) {
			c.Brokers = []string{"kafka.example.com:1"}
			c.SASL = SASL{Mechanism: "plain", Username: "u", Password: right, AllowPlaintext: true}
		}, nil},
		"plain in clear, at home": {func(c *Config) {
			c.Brokers, c.SASL = []string{"[::1]:1", "localhost:2"}, SASL{Mechanism: "plain", Username: "u", Password: right}
		}, nil},
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
