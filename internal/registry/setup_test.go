package registry

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
	"go.uber.org/goleak"

	"bankprocessor/test/capture"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node is a registry of the library's own, with a front that can misbehave.
type testNode struct {
	*srfake.Registry
	url   string
	asked atomic.Int32
	front atomic.Pointer[http.HandlerFunc] // instead of the registry; nil for it
}

func startNode(t *testing.T, opts ...srfake.Option) *testNode {
	t.Helper()
	n := &testNode{Registry: srfake.New(opts...)}
	t.Cleanup(n.Close)
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	n.url = server.URL
	return n
}

// ServeHTTP counts the questions.
func (n *testNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.asked.Add(1)
	if front := n.front.Load(); front != nil {
		(*front)(w, r)
		return
	}
	n.Handler().ServeHTTP(w, r)
}

// answer has every question answered so, or by the registry again.
func (n *testNode) answer(f http.HandlerFunc) {
	if f == nil {
		n.front.Store(nil)
		return
	}
	n.front.Store(&f)
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func (n *testNode) register(t *testing.T, subject, text string, references ...sr.SchemaReference) int32 {
	t.Helper()
	id, _, err := n.RegisterSchema(subject, sr.Schema{Schema: text, References: references})
	if err != nil {
		t.Fatal(err)
	}
	return int32(id)
}

func newClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// sourceTest is a Source with what it tells.
type sourceTest struct {
	*Source
	log      capture.Text
	answered atomic.Int32
	away     atomic.Int32
}

// Asked counts.
func (s *sourceTest) Asked(answered bool, _ time.Duration) {
	if answered {
		s.answered.Add(1)
	} else {
		s.away.Add(1)
	}
}

func newSource(t *testing.T, cfg Config) *sourceTest {
	t.Helper()
	s := &sourceTest{}
	s.Source = NewSource(newClient(t, cfg), s, slog.New(slog.NewTextHandler(&s.log, nil)))
	return s
}

// until waits for a condition that nothing announces.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("no %s", what)
		}
	}
}
