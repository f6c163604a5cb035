package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"bankprocessor/internal/app"
	"bankprocessor/internal/registry"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/schemas"
)

// startRegistry serves a registry of the client library's own. verdict replaces
// its word on compatibility, which is always yes; "" leaves it.
func startRegistry(t *testing.T, verdict string) (fake *srfake.Registry, url string) {
	t.Helper()
	fake = srfake.New()
	t.Cleanup(fake.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if verdict != "" && strings.HasPrefix(r.URL.Path, "/compatibility/") {
			_, _ = w.Write([]byte(verdict))
			return
		}
		fake.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return fake, server.URL
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	_, url := startRegistry(t, "")
	flags := []string{"--registry", url, "--topic-prefix", "t."}
	tool := func(want int, args ...string) (out, errs string) {
		t.Helper()
		code, out, errs := execute(t, "", append(append([]string{"schemas"}, args...), flags...)...)
		if code != want {
			t.Errorf("%v: exit %d, want %d: %s%s", args, code, want, out, errs)
		}
		return out, errs
	}
	for _, verb := range []string{"list", "check"} {
		out, _ := tool(exitDone, verb)
		if strings.Count(out, "missing: there is no such subject") != 14 {
			t.Errorf("%s before: %s", verb, out)
		}
	}
	out, _ := tool(exitDone, "apply")
	if strings.Count(out, "registered now: version 1, id ") != 14 {
		t.Errorf("apply: %s", out)
	}
	out, _ = tool(exitDone, "apply", "--compatibility", "FULL")
	wantAll(t, out, "t.dbs.limit.query.result-value", "registered: version 1, id ", ", the latest")
	_, errs := tool(exitUsage, "apply", "--compatibility", "SOME")
	wantAll(t, errs, `--compatibility is "SOME": want `, "BACKWARD_TRANSITIVE")
	tool(exitUsage)
}

func TestAnIncompatibleSchemaFailsTheCheck(t *testing.T) {
	t.Parallel()
	fake, url := startRegistry(t, `{"is_compatible":false,"messages":["at /fields/4"]}`)
	upstreams := strings.Replace(schemas.Command("dbs.limit.query"), `"name": "companyCode"`, `"name": "company"`, 1)
	if _, _, err := fake.RegisterSchema("dbs.limit.query-value", sr.Schema{Schema: upstreams}); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"check", "apply"} {
		code, out, errs := execute(t, "", "schemas", verb, "--registry", url)
		if code != exitFailed {
			t.Errorf("%s: exit %d", verb, code)
		}
		wantAll(t, out, "incompatible with version 1 (BACKWARD)")
		wantAll(t, errs, "dbs.limit.query-value", "companyCode: is not written, and has no default where it is read", "at /fields/4")
	}
	if fake.SubjectExists("customer.create-value") {
		t.Error("others were registered all the same")
	}
	code, out, _ := execute(t, "", "schemas", "list", "--registry", url)
	if code != exitDone {
		t.Errorf("list fails: %s", out)
	}
}

func TestSchemasNeedARegistry(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"schemas", "list"}, {"send", "dbs.limit.query", "--encoding", "confluent", "--brokers", "127.0.0.1:1"},
	} {
		code, _, errs := execute(t, query, args...)
		if code != exitUsage {
			t.Errorf("%v: exit %d", args, code)
		}
		wantAll(t, errs, "registry.urls", "--registry")
	}
	code, _, errs := execute(t, query, "send", "dbs.limit.query", "--encoding", "xml", "--brokers", "127.0.0.1:1")
	if code != exitUsage || !strings.Contains(errs, "single-object, confluent or json") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

// The tools speak all three encodings, and read results of either framing.
func TestSendAndWatchWithARegistry(t *testing.T) {
	t.Parallel()
	fake, url := startRegistry(t, "")
	names := topics.Config{Partitions: 2}
	box, brokers := startSandbox(t, sandbox.Options{Topics: names})
	flags := []string{"--brokers", brokers, "--registry", url}
	code, _, errs := execute(t, query, append([]string{"send", "dbs.limit.query", "--encoding", "confluent"}, flags...)...)
	if code != exitFailed || !strings.Contains(errs, "dbs.limit.query-value: run `processor schemas apply`") {
		t.Errorf("before the schema is registered: %d, %s", code, errs)
	}
	if code, _, errs := execute(t, "", "schemas", "apply", "--registry", url); code != exitDone {
		t.Fatal(errs)
	}
	cfg := app.SandboxConfig(box, names)
	cfg.Registry.URLs, cfg.Registry.Results = []string{url}, registry.ResultsConfluent
	startConfigured(t, cfg)
	for _, encoding := range []string{"confluent", "single-object", "json"} {
		code, out, errs := execute(t, query, append([]string{"send", "dbs.limit.query", "--encoding", encoding}, flags...)...)
		if code != exitDone {
			t.Fatalf("%s: %d, %s", encoding, code, errs)
		}
		code, out, errs = execute(t, "", append([]string{"watch", "--from-beginning", "--command-id", firstWord(out), "--timeout", "20s"}, flags...)...)
		if code != exitDone {
			t.Errorf("%s: %d, %s", encoding, code, errs)
		}
		wantAll(t, out, "SUCCEEDED", "dbs.limit.listed")
	}
	if _, ok := fake.GetSchema("dbs.limit.query.result-value", 1); !ok {
		t.Error("results had no schema")
	}
}
