package registry

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr/srfake"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
	"bankprocessor/test/certs"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Nothing but a registry's own answer says anything about a schema.
func TestWhateverIsNoRegistrysAnswerIsItsAbsence(t *testing.T) {
	t.Parallel()
	password := func(c *Config) {
		c.Username, c.Password = "user", secret.Source{File: write(t, "canary-secret\n")}
	}
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		change func(*Config)
		want   string
	}{
		"no credentials":      {status(401, `{"error_code":40101,"message":"canary"}`), nil, "registry.username or registry.token"},
		"wrong password":      {status(401, ``), password, "refuses our credentials with 401 (registry.username, registry.password)"},
		"may not":             {status(403, `{"error_code":40301,"message":"canary"}`), password, "registry.password"},
		"wrong token":         {status(401, ``), func(c *Config) { c.Token = secret.Source{File: write(t, "canary-secret")} }, "(registry.token)"},
		"wrong path":          {status(404, `<html>canary</html>`), nil, "404 as no registry does: the path may be wrong (registry.urls)"},
		"wrong path, as JSON": {status(404, `{"error_code":404,"message":"HTTP 404 Not Found"}`), nil, "(registry.urls)"},
		"redirect":            {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, nil, "no redirect is followed"},
		"5xx":                 {status(503, `canary`), nil, "answers 503"},
		"5xx of a registry's": {status(500, `{"error_code":50001,"message":"canary"}`), nil, "answers 500"},
		"too many requests":   {status(429, ``), nil, "answers 429"},
		"HTML":                {status(200, `<html>canary</html>`), nil, "answers as no registry does"},
		"other JSON":          {status(200, `{"canary":1}`), nil, "answers as no registry does"},
		"empty":               {status(200, ``), nil, "answers as no registry does"},
		"too much":            {status(200, `{"schema":"`+strings.Repeat("x", 1<<17)+`"}`), func(c *Config) { c.MaxResponseBytes = 1 << 16 }, "registry.max_response_bytes"},
		"half an answer": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{`))
		}, nil, "registry.urls"},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, "registry.urls"},
		"hangs":    {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(c *Config) { c.Timeout = 50 * time.Millisecond }, "registry.urls, registry.timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := startNode(t)
			n.answer(tt.answer)
			cfg := Config{URLs: []string{n.url}}
			if tt.change != nil {
				tt.change(&cfg)
			}
			_, err := newClient(t, cfg).WriterSchema(t.Context(), 1)
			if !Away(err) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), n.url) {
				t.Errorf("got %v, want the registry's absence with %q", err, tt.want)
			}
			if errors.Is(err, codec.ErrUnknownSchema) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnUnreachableRegistryIsAway(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, err := newClient(t, Config{URLs: []string{gone.URL}}).WriterSchema(t.Context(), 1)
	if !Away(err) || !strings.Contains(err.Error(), "does not answer (registry.urls)") {
		t.Errorf("got %v", err)
	}
}

func TestAnUnknownIDIsAnAnswer(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	if _, err := newClient(t, Config{URLs: []string{n.url}}).WriterSchema(t.Context(), 7); !errors.Is(err, codec.ErrUnknownSchema) {
		t.Errorf("got %v", err)
	}
}

func TestAnotherNodeIsAsked(t *testing.T) {
	t.Parallel()
	dead, lagging, leader := startNode(t), startNode(t), startNode(t)
	dead.answer(status(503, ""))
	id := leader.register(t, "s", `"string"`)
	text, err := newClient(t, Config{URLs: []string{dead.url, lagging.url, leader.url}}).WriterSchema(t.Context(), id)
	if err != nil || text != `"string"` {
		t.Errorf("got %s, %v", text, err)
	}
	_, err = newClient(t, Config{URLs: []string{dead.url, lagging.url}}).WriterSchema(t.Context(), id)
	if !Away(err) {
		t.Errorf("got %v: the node that is away may know the id", err)
	}
	_, err = newClient(t, Config{URLs: []string{lagging.url, lagging.url}}).WriterSchema(t.Context(), id)
	if !errors.Is(err, codec.ErrUnknownSchema) {
		t.Errorf("got %v, want the answer of all", err)
	}
}

func TestCredentialsAreSentAndFollowed(t *testing.T) {
	t.Parallel()
	n := startNode(t, srfake.WithAuth("Basic dXNlcjpyaWdodA==")) // user:right
	file := write(t, "wrong\n")
	c := newClient(t, Config{URLs: []string{n.url}, Username: "user", Password: secret.Source{File: file}})
	if err := c.Ping(t.Context()); !Away(err) || !strings.Contains(err.Error(), "registry.password") {
		t.Errorf("a wrong password: %v", err)
	}
	if err := os.WriteFile(file, []byte("right\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("the right password: %v", err)
	}
	n = startNode(t, srfake.WithAuth("Bearer right"))
	c = newClient(t, Config{URLs: []string{n.url}, Token: secret.Source{File: file}})
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("the right token: %v", err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ours, foreign := certs.New(t), certs.New(t)
	n := startNode(t)
	server := httptest.NewUnstartedServer(n)
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{ours.Issue("registry", nil).Pair()},
		ClientCAs:    ours.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
	}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	cert, key := ours.Issue("caller", nil).Files()
	for want, cfg := range map[string]tlsfile.Config{
		"":                         {CAFile: ours.File(), CertFile: cert, KeyFile: key},
		"registry.tls.ca_file":     {CAFile: foreign.File(), CertFile: cert, KeyFile: key},
		"registry.tls.cert_file":   {CAFile: ours.File()},
		"registry.tls.server_name": {CAFile: ours.File(), CertFile: cert, KeyFile: key, ServerName: "other.example.com"},
	} {
		err := newClient(t, Config{URLs: []string{server.URL}, TLS: cfg}).Ping(t.Context())
		if (err != nil) != (want != "") || err != nil && (!Away(err) || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
