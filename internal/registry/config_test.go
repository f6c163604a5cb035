package registry

import (
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
)

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{}, {URLs: []string{"https://registry.example.com/apis/ccompat/v7", "http://127.0.0.1:8081"}}} {
		if err := c.WithDefaults().Validate(); err != nil {
			t.Error(err)
		}
	}
	if (Config{}).Enabled() {
		t.Error("there is a registry without a URL")
	}
}

func TestEveryWrongValueNamesItsKey(t *testing.T) {
	t.Parallel()
	file := secret.Source{File: "f"}
	for want, change := range map[string]func(*Config){
		"urls: want https://host":         func(c *Config) { c.URLs = []string{"registry.example.com"} },
		"urls: want no user":              func(c *Config) { c.URLs = []string{"https://user:canary@registry.example.com"} },
		"urls: want no query":             func(c *Config) { c.URLs = []string{"https://registry.example.com?a=b"} },
		"urls: want https for each":       func(c *Config) { c.URLs = []string{"http://registry.example.com"} },
		"urls: want at least one":         func(c *Config) { c.URLs, c.Token = nil, file },
		"tls: want nothing":               func(c *Config) { c.URLs, c.TLS.ServerName = []string{"http://127.0.0.1:8081"}, "registry.example.com" },
		"results: want single-object or":  func(c *Config) { c.Results = "avro" },
		"results: want single-object, or": func(c *Config) { c.URLs, c.Results = nil, ResultsConfluent },
		"timeout: want":                   func(c *Config) { c.Timeout = -time.Second },
		"unknown_id_grace: want":          func(c *Config) { c.UnknownIDGrace = -time.Second },
		"max_response_bytes: want":        func(c *Config) { c.MaxResponseBytes = 1 },
		"password: want username and":     func(c *Config) { c.Username = "user" },
		"token: want username and":        func(c *Config) { c.Username, c.Password, c.Token = "user", file, file },
		"password: want file or env, not": func(c *Config) { c.Username, c.Password = "user", secret.Source{File: "f", Env: "E"} },
		"token: want file or env, not":    func(c *Config) { c.Token = secret.Source{File: "f", Env: "E"} },
		"tls: cert_file: want":            func(c *Config) { c.TLS = tlsfile.Config{CertFile: "f"} },
	} {
		c := Config{URLs: []string{"https://registry.example.com"}}.WithDefaults()
		change(&c)
		err := c.Validate()
		if err == nil || !strings.Contains("\n"+err.Error(), "\n"+want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	c := Config{URLs: []string{"http://registry.example.com"}, AllowPlaintext: true}.WithDefaults()
	if err := c.Validate(); err != nil {
		t.Errorf("plaintext where it is allowed: %v", err)
	}
}

func TestNewNamesTheFilesThatItCannotRead(t *testing.T) {
	t.Parallel()
	_, err := New(Config{
		URLs: []string{"https://registry.example.com"}, Username: "user",
		Password: secret.Source{File: "/nowhere/password"}, TLS: tlsfile.Config{CAFile: "/nowhere/ca"},
	})
	for _, want := range []string{"registry.password: ", "/nowhere/password", "registry.tls: ", "/nowhere/ca"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := New(Config{URLs: []string{"https://registry.example.com"}, Token: secret.Source{Env: "REGISTRY_TEST_UNSET"}}); err == nil || !strings.Contains(err.Error(), "registry.token: ") {
		t.Errorf("got %v", err)
	}
}
