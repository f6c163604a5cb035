package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"bankprocessor/schemas"
)

func codecSchema(text string) sr.Schema { return sr.Schema{Schema: text} }

func TestSubjects(t *testing.T) {
	t.Parallel()
	all := Subjects("prod.")
	if len(all) != 14 {
		t.Fatalf("got %d subjects", len(all))
	}
	results := 0
	for _, s := range all {
		if s.Name != "prod."+s.Topic+"-value" || !json.Valid([]byte(s.Schema)) || strings.Contains(s.Schema, "\n") {
			t.Errorf("got %+v", s)
		}
		if s.Result() {
			results++
		}
	}
	if results != 7 {
		t.Errorf("%d are of results", results)
	}
}

// changed is our schema of a topic with one text in it exchanged.
func changed(t *testing.T, topic, old, text string) string {
	t.Helper()
	was := compact(schemas.Topic(topic))
	now := strings.Replace(was, old, text, 1)
	if now == was {
		t.Fatalf("%s is not in the schema of %s", old, topic)
	}
	return now
}

func TestApplyRegistersWhatIsMissing(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := newClient(t, Config{URLs: []string{n.url}})
	subjects := Subjects("p.")
	// An older one, under a level of its own.
	n.register(t, "p.dbs.limit.query-value", changed(t, "dbs.limit.query", `{"name":"companyCode"`, `{"name":"old","type":"int"},{"name":"companyCode"`))
	states, err := c.Inspect(t.Context(), subjects)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if older := s.Topic == "dbs.limit.query"; s.Registered() || s.Missing() == older || older && s.Level != "BACKWARD" {
			t.Errorf("before: %+v", s)
		}
	}
	if err := Judge(states, false); err != nil {
		t.Errorf("nothing is amiss where results carry no ids: %v", err)
	}
	if err := Judge(states, true); err == nil || strings.Count(err.Error(), "-value") != 7 || !strings.Contains(err.Error(), "processor schemas apply") {
		t.Errorf("results that are not registered: %v", err)
	}
	for _, round := range []bool{true, false} {
		if states, err = c.Apply(t.Context(), subjects, ""); err != nil {
			t.Fatal(err)
		}
		for _, s := range states {
			if !s.Registered() || s.Applied != round || s.ID == 0 {
				t.Errorf("applied: %+v", s)
			}
		}
	}
	if err := Judge(states, true); err != nil || Summary(states) != "14 of our 14 schemas are registered" {
		t.Errorf("after: %v, %s", err, Summary(states))
	}
	if _, err := c.Apply(t.Context(), subjects, "FULL_TRANSITIVE"); err != nil {
		t.Fatal(err)
	}
	if states, err = c.Inspect(t.Context(), subjects); err != nil || states[0].Level != "FULL_TRANSITIVE" {
		t.Errorf("got %+v, %v", states[0], err)
	}
}

// incompatible has the node's stub of a check say no.
func incompatible(n *testNode, body string) {
	n.answer(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasPrefix(r.URL.Path, "/compatibility/"):
			n.Handler().ServeHTTP(w, r)
		case strings.HasSuffix(r.URL.Path, "/latest"):
			_, _ = w.Write([]byte(body))
		default: // not every registry has the check against all versions
			http.NotFound(w, r)
		}
	})
}

func TestAnIncompatibleSchemaIsRefusedByField(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ registered, answer, want string }{
		"Confluent's answer": {
			changed(t, "dbs.limit.query", `"dealerCode","type":"string"`, `"dealerCode","type":"int"`),
			`{"is_compatible":false,"messages":["at /fields/5/type"]}`, "dealerCode: is int where string is read; at /fields/5/type",
		},
		"Apicurio's answer": {
			changed(t, "dbs.limit.query", `"dealerCode","type":"string"`, `"dealer","type":"string"`),
			`{"is_compatible":false,"reason":"at /fields/5"}`, "dealerCode: is not written, and has no default where it is read; at /fields/5",
		},
		"no reason":  {compact(schemas.Topic("customer.create")), `{"is_compatible":false}`, "CreateCustomer where"},
		"no verdict": {compact(schemas.Topic("customer.create")), `{}`, "answers as no registry does"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := startNode(t)
			n.register(t, "dbs.limit.query-value", tt.registered)
			incompatible(n, tt.answer)
			c := newClient(t, Config{URLs: []string{n.url}})
			_, err := c.Apply(t.Context(), Subjects(""), "")
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "dbs.limit.query-value") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if _, ok := errors.AsType[*IncompatibleError](err); ok == Away(err) {
				t.Errorf("got %T", err)
			}
			if n.SubjectExists("customer.create-value") {
				t.Error("others were registered all the same")
			}
		})
	}
}

// Two that apply at once: the registry's own check has the last word.
func TestAConflictAtRegistrationIsTold(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	n.answer(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/versions") {
			status(http.StatusConflict, `{"error_code":409,"message":"at /fields/1"}`)(w, r)
			return
		}
		n.Handler().ServeHTTP(w, r)
	})
	_, err := newClient(t, Config{URLs: []string{n.url}}).Apply(t.Context(), Subjects(""), "")
	if conflict, ok := errors.AsType[*IncompatibleError](err); !ok || !strings.Contains(conflict.Error(), "at /fields/1") {
		t.Errorf("got %v", err)
	}
}

// A result must not carry the id of a schema that nobody named.
func TestAnAnswerWithoutAnIDIsNone(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	for _, answer := range []string{`{}`, `{"version":1}`, `{"id":7}`} {
		n.answer(status(http.StatusOK, answer))
		if ids, err := newClient(t, Config{URLs: []string{n.url}}).IDs(t.Context(), Subjects("")); !Away(err) {
			t.Errorf("%s: got %v, %v; want that the registry is away", answer, ids, err)
		}
	}
}

func TestAFramerNeedsItsIDs(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	c := newClient(t, Config{URLs: []string{n.url}})
	subjects := Subjects("p.")
	f := NewFramer(subjects)
	if _, err := f.Header("dbs.limit.query.result", 1); err == nil {
		t.Error("a header without an id")
	}
	err := f.Load(t.Context(), c)
	if missing, ok := errors.AsType[*UnregisteredError](err); !ok || len(missing.Subjects) != 14 || !strings.Contains(err.Error(), "run `processor schemas apply`") {
		t.Errorf("got %v", err)
	}
	if _, err := c.Apply(t.Context(), subjects, ""); err != nil {
		t.Fatal(err)
	}
	if err := f.Load(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range subjects {
		header, err := f.Header(s.Topic, 1)
		if err != nil || len(header) != 5 || header[0] != 0 || seen[string(header)] {
			t.Errorf("%s: %x, %v", s.Topic, header, err)
		}
		seen[string(header)] = true
	}
	if header, err := f.Header(schemas.AttemptsTopic, 1); err != nil || !bytes.HasPrefix(header, []byte{0xC3, 0x01}) {
		t.Errorf("attempts: %x, %v", header, err)
	}
}
