package integration

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/app"
	"bankprocessor/internal/command"
	"bankprocessor/internal/registry"
	"bankprocessor/schemas"
)

// front stands before the real registry and misbehaves on request.
type front struct {
	real    http.Handler
	asked   atomic.Int32
	instead atomic.Pointer[http.HandlerFunc] // nil for the registry itself
}

func newFront(t *testing.T, registryURL string) *front {
	t.Helper()
	target, err := url.Parse(registryURL)
	if err != nil {
		t.Fatal(err)
	}
	return &front{real: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		// Connections of its own, which end with the test.
		Transport: &http.Transport{DisableKeepAlives: true},
	}}
}

// answer has every question answered so, or by the registry again.
func (f *front) answer(instead http.HandlerFunc) {
	if instead == nil {
		f.instead.Store(nil)
		return
	}
	f.instead.Store(&instead)
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.asked.Add(1)
	if instead := f.instead.Load(); instead != nil {
		(*instead)(w, r)
		return
	}
	f.real.ServeHTTP(w, r)
}

// serve listens at an address until the test ends, or what it returns is called.
func (f *front) serve(t *testing.T, address string) (end func()) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	end = func() { _ = server.Close(); <-done }
	t.Cleanup(end)
	return end
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// waiting publishes commands that need the registry, sees that they wait while
// others go on, and returns them.
func (w *registered) waiting(a *app.App, schemaID int) []string {
	w.t.Helper()
	const n = 20
	var ids []string
	for range n {
		id, _ := w.publishLimitQuery(schemaID, schemas.Command(string(command.DBSLimitQuery)), nil)
		ids = append(ids, id)
	}
	w.inFlight(a, command.DBSLimitQuery, n)
	eventually(w.t, "word of the registry's absence", func() bool { return w.away(a) })
	if ready, whole := w.readiness(a); ready || !whole {
		w.t.Errorf("/readyz: the registry is ready: %t; the processor is: %t", ready, whole)
	}
	w.succeeds(w.publishJSON(command.DBSInvoiceUpsert, map[string]any{"invoiceNumber": uuid.NewString()}))
	w.catchUp()
	for _, id := range ids {
		if len(w.outcomes[id]) > 0 {
			w.t.Errorf("an outcome while the registry is away: %+v", w.outcomes[id][0].Outcome)
		}
	}
	if len(w.letters) > 0 {
		w.t.Errorf("%d dead letters while the registry is away", len(w.letters))
	}
	return ids
}

// readiness is what the admin port says of the registry and of the whole.
func (w *registered) readiness(a *app.App) (registryReady, whole bool) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+a.AdminAddress()+"/readyz", nil)
	w.must(err)
	request.Close = true
	answer, err := http.DefaultClient.Do(request)
	w.must(err)
	defer func() { _ = answer.Body.Close() }()
	var said struct {
		Ready  bool
		Checks []struct {
			Name  string
			Ready bool
		}
	}
	w.must(json.NewDecoder(answer.Body).Decode(&said))
	for _, c := range said.Checks {
		if c.Name == "registry" {
			return c.Ready, said.Ready
		}
	}
	w.t.Fatal("/readyz does not speak of the registry")
	return false, false
}

// away is what the processor's metric says of the registry.
func (w *registered) away(a *app.App) bool {
	w.t.Helper()
	families, err := a.Metrics().Gather()
	w.must(err)
	for _, f := range families {
		if f.GetName() == "processor_registry_away" {
			return f.GetMetric()[0].GetGauge().GetValue() == 1
		}
	}
	w.t.Fatal("there is no metric of the registry")
	return false
}

// goOn sees that each has its one outcome once the registry is back.
func (w *registered) goOn(a *app.App, ids []string) {
	w.t.Helper()
	back := time.Now()
	for _, id := range ids {
		w.succeeds(id)
	}
	if took := time.Since(back); took > 10*time.Second {
		w.t.Errorf("the commands went on after %v", took)
	}
	if w.away(a) {
		w.t.Error("the registry is still away, by the metric")
	}
	w.must(w.stop(a))
	w.catchUp()
	for _, id := range ids {
		if got := len(w.outcomes[id]); got != 1 {
			w.t.Errorf("a command has %d outcomes", got)
		}
	}
	if len(w.letters) > 0 {
		w.t.Errorf("%d dead letters", len(w.letters))
	}
}

func commandsWaitForAFrozenRegistry(t *testing.T, r *realRegistry) {
	w := openRegistered(t, r)
	id := w.register(w.subject(string(command.DBSLimitQuery)), schemas.Command(string(command.DBSLimitQuery)))
	a := w.start()
	w.must(r.Freeze(t.Context()))
	thawed := false
	t.Cleanup(func() {
		if !thawed {
			_ = r.Thaw(t.Context())
		}
	})
	ids := w.waiting(a, id)
	w.must(r.Thaw(t.Context()))
	thawed = true
	w.goOn(a, ids)
}

// A registry that is gone, one that fails, and something else in its place.
func commandsWait(t *testing.T, r *realRegistry) {
	for name, instead := range map[string]http.HandlerFunc{
		"nobody listens": nil,
		"503":            func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"a page of HTML": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"wrong path":     func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "404 page not found", http.StatusNotFound) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openRegistered(t, r)
			id := w.register(w.subject(string(command.DBSLimitQuery)), schemas.Command(string(command.DBSLimitQuery)))
			f, address := newFront(t, r.URL), freeAddress(t)
			w.cfg.Registry.URLs = []string{"http://" + address}
			if instead != nil {
				f.answer(instead)
				f.serve(t, address)
			}
			a := w.start()
			ids := w.waiting(a, id)
			if f.answer(nil); instead == nil {
				f.serve(t, address)
			}
			w.goOn(a, ids)
		})
	}
}

// Results that need ids wait with the whole intake; the admin port says so.
func theStartWaits(t *testing.T, r *realRegistry) {
	w := openRegistered(t, r)
	_, err := w.apply("")
	w.must(err)
	f, address := newFront(t, r.URL), freeAddress(t)
	w.cfg.Registry.URLs = []string{"http://" + address}
	w.cfg.Registry.Results = registry.ResultsConfluent
	id := w.publishJSON(command.DBSLimitQuery, nil)
	a := w.build()
	started := make(chan error, 1)
	go func() { started <- a.Start(t.Context()) }()
	eventually(t, "word of what is waited for", func() bool {
		return strings.Contains(a.Ready().Error(), "waiting for the schema registry") && w.away(a)
	})
	f.serve(t, address)
	w.must(<-started)
	idOf(t, w.succeeds(id).Record.Value)
}
