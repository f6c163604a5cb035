package integration

import (
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"bankprocessor/internal/app"
	"bankprocessor/internal/command"
	"bankprocessor/internal/registry"
	"bankprocessor/schemas"
)

// finding is what `processor check` says under a name.
func (w *registered) finding(name string) app.Finding {
	w.t.Helper()
	for _, f := range app.Check(w.t.Context(), w.cfg, nil) {
		if f.Name == name {
			return f
		}
	}
	w.t.Fatalf("nothing is found about %s", name)
	return app.Finding{}
}

func applyThenCheck(t *testing.T, r *realRegistry) {
	w := openRegistered(t, r)
	w.cfg.Registry.Results = registry.ResultsConfluent
	client, subjects := w.registry(), registry.Subjects(w.cfg.Topics.Prefix)
	if f := w.finding("registry schemas"); f.Err == nil || !strings.Contains(f.Err.Error(), "processor schemas apply") {
		t.Errorf("before: %+v", f)
	}
	for _, first := range []bool{true, false} {
		states, err := w.apply("BACKWARD_TRANSITIVE")
		w.must(err)
		for _, s := range states {
			if s.Version != 1 || s.Applied != first {
				t.Errorf("applied: %+v", s)
			}
		}
	}
	states, err := client.Inspect(t.Context(), subjects)
	w.must(err)
	for _, s := range states {
		if !s.Registered() || s.Latest != 1 || s.Level != "BACKWARD_TRANSITIVE" {
			t.Errorf("registered: %+v", s)
		}
	}
	if f := w.finding("registry schemas"); f.Err != nil || f.Note != "14 of our 14 schemas are registered" {
		t.Errorf("after: %+v", f)
	}
	// From now on the registry refuses what our readers could not read.
	_, err = w.api.RegisterSchema(t.Context(), w.subject(string(command.DBSLimitQuery)), sr.Schema{
		Schema: changedSchema(t, string(command.DBSLimitQuery), companyField, `{"name":"companyCode","type":"int"}`),
	}, -1, -1)
	if refusal, ok := errors.AsType[*sr.ResponseError](err); !ok || refusal.StatusCode != 409 {
		t.Errorf("an incompatible version of upstream's: %v", err)
	}
}

// Upstream has registered, under a level that forbids it, what we do not read.
func incompatibleChange(t *testing.T, r *realRegistry) {
	w := openRegistered(t, r)
	subject := w.subject(string(command.DBSLimitQuery))
	w.register(subject, changedSchema(t, string(command.DBSLimitQuery), companyField, `{"name":"company","type":"string"}`))
	client, subjects := w.registry(), registry.Subjects(w.cfg.Topics.Prefix)
	states, err := client.Inspect(t.Context(), subjects)
	w.must(err)
	w.must(registry.Incompatible(states)) // under the level NONE everything may follow
	w.must(w.api.SetCompatibility(t.Context(), sr.SetCompatibility{Level: sr.CompatBackward}, subject)[0].Err)
	_, err = w.apply("")
	const want = "companyCode: is not written, and has no default where it is read"
	conflict, ok := errors.AsType[*registry.IncompatibleError](err)
	if !ok || len(conflict.States) != 1 || conflict.States[0].Name != subject || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "BACKWARD") {
		t.Errorf("got %v, want %q", err, want)
	}
	if f := w.finding("registry schemas"); f.Err == nil || !strings.Contains(f.Err.Error(), want) {
		t.Errorf("`processor check` says %+v", f)
	}
	all, err := w.api.Subjects(t.Context())
	w.must(err)
	for _, s := range all {
		if s == w.subject(schemas.ResultTopic(string(command.DBSLimitQuery))) {
			t.Error("something was registered all the same")
		}
	}
}
