package bankapi

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/command"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a bank and a client for it.
func serve(t *testing.T, bank http.HandlerFunc, adjust ...func(*HTTPConfig)) *Client {
	t.Helper()
	srv := httptest.NewServer(bank)
	t.Cleanup(srv.Close)
	return clientFor(t, srv.URL, adjust...)
}

func clientFor(t *testing.T, url string, adjust ...func(*HTTPConfig)) *Client {
	t.Helper()
	cfg := HTTPConfig{BaseURL: url}
	for _, a := range adjust {
		a(&cfg)
	}
	c, err := NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	rewrite(t, path, content)
	return path
}

// rewrite gives a file another content and, whatever the clock's grain, another
// time.
func rewrite(t *testing.T, path, content string) {
	t.Helper()
	before, missing := os.Stat(path)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if missing == nil {
		later := before.ModTime().Add(time.Second)
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
}

// recorder is an Observer that keeps what it hears.
type recorder struct {
	mu       sync.Mutex
	called   []command.Code
	breakers []string
	gates    []HoldReason
	waits    []time.Duration
}

func (r *recorder) Waited(_ string, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits = append(r.waits, took)
}

func (r *recorder) Called(_ command.Name, code command.Code, _ time.Duration, _ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.called = append(r.called, code)
}

func (r *recorder) BreakerChanged(_, from, to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.breakers = append(r.breakers, from+">"+to)
}

func (r *recorder) GateChanged(_ string, reason HoldReason, _ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gates = append(r.gates, reason)
}
