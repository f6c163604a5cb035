package registry

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/franz-go/pkg/sr"

	"bankprocessor/internal/codec"
)

func reference(subject string) sr.SchemaReference {
	return sr.SchemaReference{Name: "any." + subject, Subject: subject, Version: 1}
}

// A shared type may stand in a subject of its own, and refer to others in turn.
func TestReferencesArePutIn(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	n.register(t, "currency", `{"type":"enum","name":"Currency","namespace":"shared","symbols":["TRY","USD"]}`)
	n.register(t, "money", `{"type":"record","name":"shared.Money","fields":[
		{"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":18,"scale":2}},
		{"name":"currency","type":"Currency"}]}`, reference("currency"))
	id := n.register(t, "invoice", `{"type":"record","name":"Invoice","namespace":"erp","fields":[
		{"name":"total","type":"shared.Money"},
		{"name":"parts","type":{"type":"array","items":["null","shared.Money"]}},
		{"name":"rates","type":{"type":"map","values":"shared.Currency"}}]}`, reference("money"), reference("currency"))
	text, err := newClient(t, Config{URLs: []string{n.url}}).WriterSchema(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := goavro.NewCodec(text); err != nil {
		t.Errorf("%v: %s", err, text)
	}
	if strings.Count(text, `"symbols"`) != 1 || strings.Count(text, `"amount"`) != 1 {
		t.Errorf("a type stands in full more than once: %s", text)
	}
}

// Avro takes what a schema defines within itself for known to whoever refers to it.
func TestATypeWithinAReferenceMayBeUsed(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	n.register(t, "money", `["null",{"type":"record","name":"shared.Money","fields":[
		{"name":"currency","type":["null",{"type":"enum","name":"Currency","symbols":["TRY","USD"]}]}]}]`)
	id := n.register(t, "invoice", `{"type":"record","name":"Invoice","namespace":"erp","fields":[
		{"name":"currency","type":"shared.Currency"},
		{"name":"total","type":"shared.Money"}]}`, reference("money"))
	text, err := newClient(t, Config{URLs: []string{n.url}}).WriterSchema(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := goavro.NewCodec(text); err != nil || strings.Count(text, `"symbols"`) != 1 {
		t.Errorf("%v: %s", err, text)
	}
}

// Versions of a type differ in what its bytes mean: none of them is picked.
func TestTwoDefinitionsOfATypeAreUnusable(t *testing.T) {
	t.Parallel()
	money := func(scale, doc string) string {
		return `{"type":"record","name":"shared.Money","fields":[{"name":"amount","doc":"` + doc + `",
			"type":{"type":"bytes","logicalType":"decimal","precision":18,"scale":` + scale + `}}]}`
	}
	for name, tt := range map[string]struct {
		later string
		want  string // "" for usable
	}{
		"another scale": {money("4", ""), "refers to two definitions of shared.Money"},
		"another word":  {money("2", "what it costs"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := startNode(t)
			n.SeedSchema("money", 1, 100, sr.Schema{Schema: money("2", "")})
			n.SeedSchema("money", 2, 101, sr.Schema{Schema: tt.later})
			n.SeedSchema("part", 1, 102, sr.Schema{
				Schema:     `{"type":"record","name":"Part","fields":[{"name":"net","type":"shared.Money"}]}`,
				References: []sr.SchemaReference{reference("money")},
			})
			later := reference("money")
			later.Version = 2
			n.SeedSchema("whole", 1, 50, sr.Schema{
				Schema:     `{"type":"record","name":"Whole","fields":[{"name":"part","type":"Part"},{"name":"total","type":"shared.Money"}]}`,
				References: []sr.SchemaReference{reference("part"), later},
			})
			_, err := newClient(t, Config{URLs: []string{n.url}}).WriterSchema(t.Context(), 50)
			unusable, ok := errors.AsType[*codec.SchemaError](err)
			if ok != (tt.want != "") || ok && unusable.Reason != tt.want || !ok && err != nil {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestUnusableSchemas(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	answers := map[string]string{
		"/schemas/ids/50":           `{"schema":"syntax","schemaType":"PROTOBUF"}`,
		"/schemas/ids/51":           `{"schema":"{}","references":[{"name":"n","subject":"gone","version":1}]}`,
		"/schemas/ids/52":           `{"schema":"{","references":[{"name":"n","subject":"part","version":1}]}`,
		"/subjects/part/versions/1": `{"schema":"\"int\"","version":1}`,
	}
	n.answer(func(w http.ResponseWriter, r *http.Request) {
		if answer, ok := answers[r.URL.Path]; ok {
			_, _ = w.Write([]byte(answer))
			return
		}
		status(http.StatusNotFound, `{"error_code":40401,"message":"Subject not found"}`)(w, r)
	})
	client := newClient(t, Config{URLs: []string{n.url}})
	for id, want := range map[int32]string{
		50: "is of type PROTOBUF: want Avro",
		51: "refers to version 1 of gone, which the registry does not have",
		52: "is not JSON",
	} {
		_, err := client.WriterSchema(t.Context(), id)
		unusable, ok := errors.AsType[*codec.SchemaError](err)
		if !ok || unusable.Reason != want || unusable.Incomplete != (id == 51) {
			t.Errorf("%d: got %v, want %q", id, err, want)
		}
	}
}

// What stands between us and a registry may answer anything with 200.
func TestAReferenceWithoutASchemaIsNoAnswer(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	n.answer(func(w http.ResponseWriter, r *http.Request) {
		answer := `{}`
		if r.URL.Path == "/schemas/ids/50" {
			answer = `{"schema":"\"Money\"","references":[{"name":"Money","subject":"money","version":1}]}`
		}
		_, _ = w.Write([]byte(answer))
	})
	_, err := newClient(t, Config{URLs: []string{n.url}}).WriterSchema(t.Context(), 50)
	if !Away(err) {
		t.Errorf("got %v, want that the registry is away", err)
	}
}

func TestASchemaOfTooManyPartsIsUnusable(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	all := make([]sr.SchemaReference, 0, maxReferences+1)
	for i := range maxReferences + 1 {
		subject := "part" + strings.Repeat("x", i)
		n.SeedSchema(subject, 1, 100+i, sr.Schema{Schema: `"string"`})
		all = append(all, reference(subject))
	}
	n.SeedSchema("whole", 1, 50, sr.Schema{Schema: `"string"`, References: all})
	_, err := newClient(t, Config{URLs: []string{n.url}}).WriterSchema(t.Context(), 50)
	if _, ok := errors.AsType[*codec.SchemaError](err); !ok || !strings.Contains(err.Error(), "more than 64") {
		t.Errorf("got %v", err)
	}
}
