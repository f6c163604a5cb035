package integration

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/registry"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
	"bankprocessor/schemas"
	"bankprocessor/test/certs"
)

func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// guarded is the real registry behind TLS, with client certificates, and HTTP
// Basic or a bearer's token.
func guarded(t *testing.T, url string, ours *certs.Authority) string {
	t.Helper()
	behind := newFront(t, url)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if (user != "processor" || password != "right") && r.Header.Get("Authorization") != "Bearer right" {
			http.Error(w, "", http.StatusUnauthorized)
			return
		}
		behind.ServeHTTP(w, r)
	}))
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{ours.Issue("registry", nil, "registry.example.com").Pair()},
		ClientCAs:    ours.Pool(), ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// Each wrong setting is named by `processor check`; the right ones work.
func credentialsAndCertificates(t *testing.T, r *realRegistry) {
	ours, foreign := certs.New(t), certs.New(t)
	cert, key := ours.Issue("processor", nil).Files()
	strange, strangeKey := foreign.Issue("stranger", nil).Files()
	address := guarded(t, r.URL, ours)
	right := secret.Source{File: secretFile(t, "right\n")}
	wrong := secret.Source{File: secretFile(t, "canary-wrong")}
	w := openRegistered(t, r)
	for name, tt := range map[string]struct {
		change func(*registry.Config)
		want   string
	}{
		"right":               {nil, ""},
		"right token":         {func(c *registry.Config) { c.Username, c.Password, c.Token = "", secret.Source{}, right }, ""},
		"right server name":   {func(c *registry.Config) { c.TLS.ServerName = "registry.example.com" }, ""},
		"wrong password":      {func(c *registry.Config) { c.Password = wrong }, "registry.username, registry.password"},
		"wrong user":          {func(c *registry.Config) { c.Username = "somebody" }, "registry.username, registry.password"},
		"wrong token":         {func(c *registry.Config) { c.Username, c.Password, c.Token = "", secret.Source{}, wrong }, "registry.token"},
		"no credentials":      {func(c *registry.Config) { c.Username, c.Password = "", secret.Source{} }, "registry.username or registry.token"},
		"wrong authority":     {func(c *registry.Config) { c.TLS.CAFile = foreign.File() }, "registry.tls.ca_file"},
		"system's authority":  {func(c *registry.Config) { c.TLS.CAFile = "" }, "registry.tls.ca_file"},
		"wrong name":          {func(c *registry.Config) { c.TLS.ServerName = "other.example.com" }, "registry.tls.server_name"},
		"no certificate":      {func(c *registry.Config) { c.TLS.CertFile, c.TLS.KeyFile = "", "" }, "registry.tls.cert_file"},
		"foreign certificate": {func(c *registry.Config) { c.TLS.CertFile, c.TLS.KeyFile = strange, strangeKey }, "registry.tls.cert_file"},
		"wrong path":          {func(c *registry.Config) { c.URLs = []string{address + "/elsewhere"} }, "registry.urls"},
		"no such port":        {func(c *registry.Config) { c.URLs = []string{"https://" + freeAddress(t)} }, "registry.urls"},
		"missing file":        {func(c *registry.Config) { c.Password = secret.Source{File: "/nowhere/password"} }, "registry.password"},
	} {
		w.cfg.Registry = registry.Config{
			URLs: []string{address}, Username: "processor", Password: right,
			TLS: tlsfile.Config{CAFile: ours.File(), CertFile: cert, KeyFile: key},
		}.WithDefaults()
		if tt.change != nil {
			tt.change(&w.cfg.Registry)
		}
		err := w.finding("registry").Err
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the secret is told: %v", name, err)
		}
	}
}

// A password that is exchanged while commands wait for it needs no restart.
func credentialsThatChange(t *testing.T, r *realRegistry) {
	ours := certs.New(t)
	cert, key := ours.Issue("processor", nil).Files()
	w := openRegistered(t, r)
	id := w.register(w.subject(string(command.DBSLimitQuery)), schemas.Command(string(command.DBSLimitQuery)))
	password := secretFile(t, "wrong")
	w.cfg.Registry = registry.Config{
		URLs: []string{guarded(t, r.URL, ours)}, Username: "processor", Password: secret.Source{File: password},
		TLS: tlsfile.Config{CAFile: ours.File(), CertFile: cert, KeyFile: key}, Timeout: 2 * time.Second,
	}.WithDefaults()
	a := w.start()
	ids := w.waiting(a, id)
	w.must(os.WriteFile(password, []byte("right"), 0o600))
	w.goOn(a, ids)
}
