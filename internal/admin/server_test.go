package admin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"bankprocessor/internal/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func setup(t *testing.T, checks ...admin.Check) (get func(path string) (int, string, http.Header)) {
	t.Helper()
	return serve(t, admin.Config{Address: "127.0.0.1:0"}, checks...)
}

func serve(t *testing.T, cfg admin.Config, checks ...admin.Check) (get func(path string) (int, string, http.Header)) {
	t.Helper()
	s := admin.New(cfg, admin.Deps{
		Version: "v1.2.3", Checks: checks,
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metric 1\n") }),
	})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return func(path string) (int, string, http.Header) {
		t.Helper()
		answer, err := client.Get("http://" + s.Address() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(body), answer.Header
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	get := setup(t, admin.Check{Name: "kafka", Ready: func() error { return nil }})
	status, body, header := get("/readyz")
	if status != http.StatusOK || header.Get("Content-Type") != "application/json" {
		t.Errorf("want 200 and JSON, got %d %s", status, header.Get("Content-Type"))
	}
	if want := `{"ready":true,"checks":[{"name":"kafka","ready":true}]}`; strings.TrimSpace(body) != want {
		t.Errorf("want %s, got %s", want, body)
	}
}

func TestNotReadySaysWhy(t *testing.T) {
	t.Parallel()
	get := setup(t,
		admin.Check{Name: "kafka", Ready: func() error { return errors.New("no <partitions> yet") }},
		admin.Check{Name: "banks", Ready: func() error { return nil }})
	status, body, _ := get("/readyz")
	if status != http.StatusServiceUnavailable {
		t.Errorf("want 503, got %d", status)
	}
	want := `{"ready":false,"checks":[{"name":"kafka","ready":false,"reason":"no \u003cpartitions\u003e yet"},{"name":"banks","ready":true}]}`
	if strings.TrimSpace(body) != want {
		t.Errorf("want %s, got %s", want, body)
	}
	if status, body, _ = get("/"); status != http.StatusOK || !strings.Contains(body, "no &lt;partitions&gt; yet") {
		t.Errorf("want the reason on the page, escaped: %d %s", status, body)
	}
	if status, _, _ = get("/healthz"); status != http.StatusOK {
		t.Errorf("a process that is not ready is alive; got %d", status)
	}
}

func TestReadyWithoutWhatIsOptional(t *testing.T) {
	t.Parallel()
	get := setup(t, admin.Check{Name: "loanapi.loan", Optional: true, Ready: func() error { return errors.New("breaker open") }})
	status, body, _ := get("/readyz")
	want := `{"ready":true,"checks":[{"name":"loanapi.loan","ready":false,"optional":true,"reason":"breaker open"}]}`
	if status != http.StatusOK || strings.TrimSpace(body) != want {
		t.Errorf("want 200 and %s, got %d %s", want, status, body)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	get := setup(t)
	for path, want := range map[string]string{
		"/healthz": "ok\n", "/metrics": "metric 1\n", "/": "v1.2.3", "/readyz": `"checks":[]`,
	} {
		if status, body, _ := get(path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: want 200 with %q, got %d %q", path, want, status, body)
		}
	}
	if status, _, _ := get("/other"); status != http.StatusNotFound {
		t.Errorf("/other: want 404, got %d", status)
	}
}

func TestProfilesAreServedWhereTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{false, true} {
		get := serve(t, admin.Config{Address: "127.0.0.1:0", Profiling: asked})
		for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/profile?seconds=1"} {
			if status, _, _ := get(path); (status == http.StatusOK) != asked {
				t.Errorf("profiling %t: %s answers %d", asked, path, status)
			}
		}
		if status, body, _ := get("/debug/pprof/cmdline"); status == http.StatusOK {
			t.Errorf("the command line is shown: %s", body)
		}
	}
}

func TestStartAndStopInAnyOrder(t *testing.T) {
	t.Parallel()
	s := admin.New(admin.Config{Address: "127.0.0.1:0"}, admin.Deps{Metrics: http.NotFoundHandler()})
	if s.Address() != "" {
		t.Error("want no address before Start")
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("stopping before starting: %v", err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("want Start to fail after Stop")
	}
	s = admin.New(admin.Config{Address: "127.0.0.1:0"}, admin.Deps{Metrics: http.NotFoundHandler()})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("want a second Start to fail")
	}
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Errorf("stopping: %v", err)
		}
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	first := admin.New(admin.Config{Address: "127.0.0.1:0"}, admin.Deps{Metrics: http.NotFoundHandler()})
	if err := first.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Stop(context.Background()) }()
	second := admin.New(admin.Config{Address: first.Address()}, admin.Deps{Metrics: http.NotFoundHandler()})
	err := second.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "admin.address") || !strings.Contains(err.Error(), first.Address()) {
		t.Errorf("want an error that names key and address, got %v", err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if err := (admin.Config{}).WithDefaults().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	for _, address := range []string{"9464", "127.0.0.1", "127.0.0.1:"} {
		if err := (admin.Config{Address: address}).Validate(); err == nil {
			t.Errorf("%q: want a fault", address)
		}
	}
}

func TestTheConsoleTakesWhatIsNotTheServersOwn(t *testing.T) {
	t.Parallel()
	s := admin.New(admin.Config{Address: "127.0.0.1:0"}, admin.Deps{
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metric 1\n") }),
		Console: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "console: "+r.Method+" "+r.URL.Path)
		}),
	})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop(context.Background()) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for ask, want := range map[string]string{
		"GET /": "console: GET /", "POST /letters/1": "console: POST /letters/1",
		"GET /healthz": "ok\n", "GET /metrics": "metric 1\n",
	} {
		method, path, _ := strings.Cut(ask, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Address()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("%s: want %q, got %q (%v)", ask, want, body, err)
		}
	}
}
