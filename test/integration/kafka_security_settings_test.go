package integration

import (
	"crypto/x509"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/secret"
	"bankprocessor/test/certs"
)

// wrongSetting is a configuration that would be right but for one key.
type wrongSetting struct {
	key    string
	config kafka.Config
	change func(*kafka.Config)
	want   string // what is said after the key
}

// rightSetting is a configuration by which a command comes to its outcome, and
// the keys that it shows.
type rightSetting struct {
	keys   []string
	config kafka.Config
	change func(*kafka.Config)
}

// settings are all keys of kafka.tls and kafka.sasl. A place of a secret is one.
func settings() []string {
	return append(keysOf(reflect.TypeFor[kafka.TLS](), "kafka.tls"), keysOf(reflect.TypeFor[kafka.SASL](), "kafka.sasl")...)
}

func keysOf(t reflect.Type, path string) (keys []string) {
	for f := range t.Fields() {
		name := path + "." + f.Tag.Get("yaml")
		switch {
		case f.Anonymous:
			keys = append(keys, keysOf(f.Type, path)...)
		case f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[secret.Source]():
			keys = append(keys, keysOf(f.Type, name)...)
		default:
			keys = append(keys, name)
		}
	}
	return keys
}

// everySettingIsShown fails for a key that has no wrong row or no right one.
func everySettingIsShown(t *testing.T, wrong []wrongSetting, right []rightSetting) {
	t.Helper()
	isWrong, isRight := map[string]bool{}, map[string]bool{}
	for _, row := range wrong {
		isWrong[row.key] = true
	}
	for _, row := range right {
		for _, key := range row.keys {
			isRight[key] = true
		}
	}
	all := settings()
	for _, key := range all {
		if !isWrong[key] || !isRight[key] {
			t.Errorf("%s has a wrong row: %t, a right one: %t", key, isWrong[key], isRight[key])
		}
		delete(isWrong, key)
		delete(isRight, key)
	}
	if len(isWrong)+len(isRight) > 0 || len(all) < 20 {
		t.Errorf("no such keys: %v, %v; there are %d", isWrong, isRight, len(all))
	}
}

func (s *secured) wrongSettings(t *testing.T) []wrongSetting {
	foreign := certs.New(t)
	strange, strangeKey := foreign.Issue("processor", nil).Files()
	late, lateKey := s.ca.Issue("processor", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }).Files()
	_, otherKey := s.ca.Issue("other", nil).Files()
	certificate, scram, token := s.byCertificate("processor"), s.byPassword(t, "scram-sha-512", "scram", "scram-secret"), s.byToken(t)
	clear := s.byPassword(t, "plain", "plain", "plain-secret")
	clear.Brokers, clear.TLS = []string{s.named(doorClear)}, kafka.TLS{}
	missing := secret.Source{File: "/nowhere/secret"}
	wrong := secret.Source{File: textFile(t, "canary")}
	endpoint := s.tokens.server.URL
	return []wrongSetting{
		{"kafka.tls.enabled", certificate, func(c *kafka.Config) { c.TLS = kafka.TLS{} }, "is not set, and the listener speaks TLS"},
		{"kafka.tls.enabled", certificate, func(c *kafka.Config) { c.Brokers = []string{s.kafka.Addr()} }, "the listener ends the handshake as one without TLS does"},
		{"kafka.tls.enabled", clear, func(*kafka.Config) {}, "want it"},
		{"kafka.tls.ca_file", certificate, func(c *kafka.Config) { c.TLS.CAFile = foreign.File() }, "signed by an authority that is not in"},
		{"kafka.tls.ca_file", certificate, func(c *kafka.Config) { c.TLS.CAFile = "" }, "is not set, and"},
		{"kafka.tls.ca_file", certificate, func(c *kafka.Config) { c.TLS.CAFile = "/nowhere/ca.pem" }, "no such file"},
		{"kafka.tls.ca_file", certificate, func(c *kafka.Config) { c.TLS.CAFile = otherKey }, "holds no certificate"},
		{"kafka.tls.cert_file", certificate, func(c *kafka.Config) { c.TLS.CertFile, c.TLS.KeyFile = "", "" }, "is not set, and the server wants a client certificate"},
		{"kafka.tls.cert_file", certificate, func(c *kafka.Config) { c.TLS.CertFile, c.TLS.KeyFile = strange, strangeKey }, "the server refuses the certificate"},
		{"kafka.tls.cert_file", certificate, func(c *kafka.Config) { c.TLS.CertFile, c.TLS.KeyFile = late, lateKey }, "has expired"},
		{"kafka.tls.cert_file", certificate, func(c *kafka.Config) { c.TLS.CertFile = otherKey }, "does not begin with a certificate"},
		{"kafka.tls.key_file", certificate, func(c *kafka.Config) { c.TLS.KeyFile = otherKey }, "does not fit cert_file"},
		{"kafka.tls.key_file", certificate, func(c *kafka.Config) { c.TLS.KeyFile = "/nowhere/key.pem" }, "no such file"},
		{"kafka.tls.server_name", certificate, func(c *kafka.Config) { c.TLS.ServerName = "other.example.com" }, "not for other.example.com"},
		{"kafka.sasl.mechanism", scram, func(c *kafka.Config) { c.SASL = kafka.SASL{} }, "is not set, and the broker closed the connection"},
		{"kafka.sasl.mechanism", scram, func(c *kafka.Config) { c.SASL = token.SASL }, "the listener takes PLAIN, SCRAM-SHA-512, SCRAM-SHA-256, not OAUTHBEARER"},
		{"kafka.sasl.mechanism", certificate, func(c *kafka.Config) { c.SASL = scram.SASL }, "the listener does not authenticate by SASL"},
		{"kafka.sasl.mechanism", scram, func(c *kafka.Config) { c.SASL.Mechanism = "gssapi" }, "is none of"},
		{"kafka.sasl.username", scram, func(c *kafka.Config) { c.SASL.Username = "nobody" }, "the broker refuses them"},
		{"kafka.sasl.username", scram, func(c *kafka.Config) { c.SASL.Username = "" }, "want a name"},
		{"kafka.sasl.password", scram, func(c *kafka.Config) { c.SASL.Password = wrong }, "the broker refuses them"},
		{"kafka.sasl.password", scram, func(c *kafka.Config) { c.SASL.Mechanism, c.SASL.Password = "scram-sha-256", wrong }, "the broker refuses them"},
		{"kafka.sasl.password", clear, func(c *kafka.Config) { c.SASL.Password, c.SASL.AllowPlaintext = wrong, true }, "the broker refuses them"},
		{"kafka.sasl.password", scram, func(c *kafka.Config) { c.SASL.Password = missing }, "no such file"},
		{"kafka.sasl.allow_plaintext", clear, func(*kafka.Config) {}, "shows its secret"},
		{"kafka.sasl.extensions", token, func(c *kafka.Config) { c.SASL.Extensions = map[string]string{"auth": "x"} }, "want a name of letters"},
		{"kafka.sasl.oauth.token_endpoint", token, func(c *kafka.Config) { c.SASL.OAuth.TokenEndpoint = endpoint + "/nowhere" }, "answers HTTP 404"},
		{"kafka.sasl.oauth.token_endpoint", token, func(c *kafka.Config) { c.SASL.OAuth.TokenEndpoint = endpoint + "/moved" }, "a redirect, and none is followed"},
		{"kafka.sasl.oauth.token_endpoint", token, func(c *kafka.Config) { c.SASL.OAuth.TokenEndpoint = "https://127.0.0.1:1/token" }, "cannot be asked"},
		{"kafka.sasl.oauth.token_endpoint", token, func(c *kafka.Config) { c.SASL.OAuth.TokenEndpoint = "login.example.com" }, "want https://"},
		{"kafka.sasl.oauth.client_id", token, func(c *kafka.Config) { c.SASL.OAuth.ClientID = "nobody" }, "the token endpoint refuses"},
		{"kafka.sasl.oauth.client_secret", token, func(c *kafka.Config) { c.SASL.OAuth.ClientSecret = wrong }, "the token endpoint refuses"},
		{"kafka.sasl.oauth.client_secret", token, func(c *kafka.Config) { c.SASL.OAuth.ClientSecret = missing }, "no such file"},
		{"kafka.sasl.oauth.scope", token, func(c *kafka.Config) { c.SASL.OAuth.Scope = "forbidden" }, "(invalid_scope)"},
		{"kafka.sasl.oauth.params", token, func(c *kafka.Config) { c.SASL.OAuth.Params = map[string]string{"audience": "other"} }, "the broker"},
		{"kafka.sasl.oauth.params", token, func(c *kafka.Config) { c.SASL.OAuth.Params = map[string]string{"scope": "x"} }, "want a parameter that has no key"},
		{"kafka.sasl.oauth.basic_auth", token, func(c *kafka.Config) { c.SASL.OAuth.TokenEndpoint = endpoint + "/basic" }, "the token endpoint refuses"},
		{"kafka.sasl.oauth.timeout", token, func(c *kafka.Config) { c.SASL.OAuth.Timeout = -1 }, "want a positive duration"},
		{"kafka.sasl.oauth.timeout", token, func(c *kafka.Config) {
			c.SASL.OAuth.TokenEndpoint, c.SASL.OAuth.Timeout = endpoint+"/slow", 200*time.Millisecond
		}, "no answer within 200ms"},
		{"kafka.sasl.oauth.refused_retry", token, func(c *kafka.Config) { c.SASL.OAuth.RefusedRetry = -1 }, "want a positive duration"},
		{"kafka.sasl.oauth.allow_plaintext", token, func(c *kafka.Config) { c.SASL.OAuth.TokenEndpoint = s.tokens.clear + "/token" }, ""},
		{"kafka.sasl.oauth.tls.ca_file", token, func(c *kafka.Config) { c.SASL.OAuth.TLS.CAFile = foreign.File() }, "signed by an authority that is not in"},
		{"kafka.sasl.oauth.tls.cert_file", token, func(c *kafka.Config) { c.SASL.OAuth.TLS.CertFile, c.SASL.OAuth.TLS.KeyFile = strange, strangeKey }, "the server refuses the certificate"},
		{"kafka.sasl.oauth.tls.key_file", token, func(c *kafka.Config) { c.SASL.OAuth.TLS.CertFile, c.SASL.OAuth.TLS.KeyFile = strange, otherKey }, "does not fit cert_file"},
		{"kafka.sasl.oauth.tls.server_name", token, func(c *kafka.Config) { c.SASL.OAuth.TLS.ServerName = "other.example.com" }, "not for other.example.com"},
	}
}

func (s *secured) rightSettings(t *testing.T) []rightSetting {
	clear := s.byPassword(t, "plain", "plain", "plain-secret")
	clear.Brokers, clear.TLS = []string{s.named(doorClear)}, kafka.TLS{}
	cert, key := s.ca.Issue("client", nil).Files()
	return []rightSetting{
		{[]string{"kafka.tls.enabled", "kafka.tls.ca_file", "kafka.tls.cert_file", "kafka.tls.key_file"}, s.byCertificate("processor"), nil},
		{[]string{"kafka.tls.server_name"}, s.byCertificate("processor"), func(c *kafka.Config) { c.TLS.ServerName = "broker.example.com" }},
		{[]string{"kafka.sasl.mechanism", "kafka.sasl.username", "kafka.sasl.password"}, s.byPassword(t, "plain", "plain", "plain-secret"), nil},
		{[]string{"kafka.sasl.mechanism", "kafka.sasl.username", "kafka.sasl.password"}, s.byPassword(t, "scram-sha-256", "scram", "scram-secret"), nil},
		{[]string{"kafka.sasl.mechanism", "kafka.sasl.username", "kafka.sasl.password"}, s.byPassword(t, "scram-sha-512", "scram", "scram-secret"), nil},
		{[]string{"kafka.sasl.allow_plaintext"}, clear, func(c *kafka.Config) { c.SASL.AllowPlaintext = true }},
		{
			[]string{"kafka.sasl.mechanism", "kafka.sasl.oauth.token_endpoint", "kafka.sasl.oauth.client_id", "kafka.sasl.oauth.client_secret", "kafka.sasl.oauth.scope", "kafka.sasl.oauth.tls.ca_file"},
			s.byToken(t), nil,
		},
		{[]string{"kafka.sasl.oauth.basic_auth", "kafka.sasl.oauth.params", "kafka.sasl.extensions", "kafka.sasl.oauth.timeout", "kafka.sasl.oauth.refused_retry"}, s.byToken(t), func(c *kafka.Config) {
			c.SASL.OAuth.TokenEndpoint, c.SASL.OAuth.BasicAuth = s.tokens.server.URL+"/basic", true
			c.SASL.OAuth.Params = map[string]string{"audience": "kafka"}
			c.SASL.Extensions = map[string]string{"logicalCluster": "lkc-1"}
			c.SASL.OAuth.Timeout, c.SASL.OAuth.RefusedRetry = 3*time.Second, time.Minute
		}},
		{[]string{"kafka.sasl.oauth.tls.cert_file", "kafka.sasl.oauth.tls.key_file", "kafka.sasl.oauth.tls.server_name"}, s.byToken(t), func(c *kafka.Config) {
			c.SASL.OAuth.TokenEndpoint = s.tokens.server.URL + "/mutual"
			c.SASL.OAuth.TLS.CertFile, c.SASL.OAuth.TLS.KeyFile, c.SASL.OAuth.TLS.ServerName = cert, key, "login.example.com"
		}},
		{[]string{"kafka.sasl.oauth.allow_plaintext"}, s.byToken(t), func(c *kafka.Config) {
			c.SASL.OAuth.TokenEndpoint, c.SASL.OAuth.AllowPlaintext = s.tokens.clear+"/token", true
			c.SASL.OAuth.TLS.CAFile = ""
		}},
	}
}

// unspecified is an address by which this machine reaches itself, and that is not
// known as loopback's.
const unspecified = "0.0.0.0"

// named is a door at an address that is not known as loopback's.
func (s *secured) named(door string) string {
	_, port, _ := net.SplitHostPort(s.kafka.ListenerAddr(door))
	return net.JoinHostPort(unspecified, port)
}

func (s *secured) settings(t *testing.T) {
	t.Parallel()
	wrong, right := s.wrongSettings(t), s.rightSettings(t)
	everySettingIsShown(t, wrong, right)
	w := s.newTenant(t)
	for _, row := range wrong {
		t.Run("wrong/"+row.key, func(t *testing.T) {
			t.Parallel()
			cfg := row.config
			row.change(&cfg)
			begun := time.Now()
			said := faults(t, w, cfg)
			if !strings.Contains(said, row.key) || !strings.Contains(said, row.want) {
				t.Errorf("%s, %q: check says: %s", row.key, row.want, said)
			}
			if took := time.Since(begun); took > cfg.WithDefaults().RequestTimeout {
				t.Errorf("check took %v", took)
			}
			for _, secret := range []string{"canary", "plain-secret", "scram-secret", tokenSecret} {
				if strings.Contains(said, secret) {
					t.Errorf("check tells a secret: %s", said)
				}
			}
		})
	}
	for _, row := range right {
		t.Run("right/"+row.keys[len(row.keys)-1], func(t *testing.T) {
			t.Parallel()
			cfg := row.config
			if row.change != nil {
				row.change(&cfg)
			}
			w := s.newTenant(t, "processor", "plain", "scram")
			if said := faults(t, w, cfg); said != "" {
				t.Errorf("check says: %s", said)
			}
			w.processor(cfg)
			w.settled(w.query())
		})
	}
}

// faults is what check says of a way to Kafka.
func faults(t *testing.T, w *tenant, k kafka.Config) string {
	t.Helper()
	var said []string
	for _, f := range app.Check(t.Context(), w.config(k), nil) {
		if f.Err != nil && strings.HasPrefix(f.Name, "kafka") {
			said = append(said, f.Err.Error())
		}
	}
	return strings.Join(said, "\n")
}
