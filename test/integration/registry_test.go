package integration

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/franz-go/pkg/sr"

	"bankprocessor/internal/command"
	"bankprocessor/internal/registry"
	"bankprocessor/schemas"
	"bankprocessor/test/containers"
)

// TestSchemaRegistry is one real registry for many tests, each with subjects of
// its own: they are named after its topics.
func TestSchemaRegistry(t *testing.T) {
	t.Parallel()
	r := &realRegistry{Registry: containers.StartRegistryContainer(t)}
	t.Run("frozen: commands wait", func(t *testing.T) { commandsWaitForAFrozenRegistry(t, r) }) // alone: it holds up everybody
	t.Run("thawed", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, *realRegistry){
			"ids in, ids out":                       idsInAndOut,
			"writers of other versions":             writersOfOtherVersions,
			"incompatible writers":                  incompatibleWriters,
			"unknown id":                            unknownID,
			"an id that is registered late":         lateID,
			"references":                            references,
			"away: commands wait":                   commandsWait,
			"away: the start waits":                 theStartWaits,
			"results without a schema":              resultsWithoutASchema,
			"apply, then check":                     applyThenCheck,
			"an incompatible change is refused":     incompatibleChange,
			"credentials and certificates":          credentialsAndCertificates,
			"credentials that change while it runs": credentialsThatChange,
		} {
			t.Run(name, func(t *testing.T) { t.Parallel(); test(t, r) })
		}
	})
}

// idOf is the schema id that a value is framed with.
func idOf(t *testing.T, value []byte) int {
	t.Helper()
	if len(value) < 5 || value[0] != 0 {
		t.Fatalf("a value begins with %x: not Confluent's wire format", value[:min(5, len(value))])
	}
	return int(binary.BigEndian.Uint32(value[1:5]))
}

// Commands come in by ids that upstream registered; outcomes go out by ids that
// another library resolves.
func idsInAndOut(t *testing.T, r *realRegistry) {
	w := openRegistered(t, r)
	w.cfg.Registry.Results = registry.ResultsConfluent
	states, err := w.apply("")
	w.must(err)
	ids := map[string]int{}
	for _, s := range states {
		ids[s.Topic] = s.ID
	}
	w.start()
	const name = string(command.DBSLimitQuery)
	id, _ := w.publishLimitQuery(ids[name], schemas.Command(name), nil)
	e := w.succeeds(id)
	if got, want := idOf(t, e.Record.Value), ids[schemas.ResultTopic(name)]; got != want {
		t.Errorf("the result is framed with the id %d, want %d", got, want)
	}
	if got := e.Header("content-type"); got != "application/avro" {
		t.Errorf("content-type is %s", got)
	}
	found, err := w.api.SchemaByID(t.Context(), idOf(t, e.Record.Value))
	w.must(err)
	reader, err := goavro.NewCodec(found.Schema)
	w.must(err)
	native, rest, err := reader.NativeFromBinary(e.Record.Value[5:])
	w.must(err)
	if event := native.(map[string]any); len(rest) > 0 || event["commandId"] != id || event["status"] != "SUCCEEDED" || event["payload"] == nil {
		t.Errorf("another library reads %v", event)
	}
	// Every kind of result has an id of its own, and refusals have one, too.
	for _, n := range command.Names() {
		refused := w.publishJSON(n, map[string]any{"expiresAt": "2020-01-01T00:00:00Z"})
		if got, want := idOf(t, w.outcome(refused).Record.Value), ids[schemas.ResultTopic(string(n))]; got != want {
			t.Errorf("%s: the result is framed with the id %d, want %d", n, got, want)
		}
	}
}

const companyField = `{"name": "companyCode", "type": "string", "doc": "The main company's code at the bank."}`

// The subject's level is as the registry ships it, which takes any version.
func writersOfOtherVersions(t *testing.T, r *realRegistry) {
	w := openRegistered(t, r)
	w.start()
	subject := w.subject(string(command.DBSLimitQuery))
	const name = string(command.DBSLimitQuery)
	older := changedSchema(t, name, `
    {
      "name": "correlationId",
      "type": ["null", "string"],
      "default": null,
      "doc": "Upstream's own reference, copied to the result. No personal data."
    },`, "")
	newer := changedSchema(t, name, companyField, companyField+`,{"name":"branch","type":{"type":"record","name":"Branch","fields":[{"name":"code","type":"long"}]}}`)
	id, _ := w.publishLimitQuery(w.register(subject, older), older, nil)
	if o := w.succeeds(id).Outcome; o.CorrelationID != "" {
		t.Errorf("a field that was not written has %q", o.CorrelationID)
	}
	id, _ = w.publishLimitQuery(w.register(subject, newer), newer, map[string]any{"branch": map[string]any{"code": 7}})
	w.succeeds(id)
	same, err := w.api.SchemaByVersion(t.Context(), subject, 1)
	w.must(err)
	id, _ = w.publishLimitQuery(same.ID, older, nil)
	w.succeeds(id)
}

func incompatibleWriters(t *testing.T, r *realRegistry) {
	w := openRegistered(t, r)
	w.start()
	subject := w.subject(string(command.DBSLimitQuery))
	const name = string(command.DBSLimitQuery)
	for _, tt := range []struct {
		field, schema string
		value         any
		code          command.Code
	}{
		{"companyCode", changedSchema(t, name, companyField, `{"name":"companyCode","type":"int"}`), 7, command.CodeCommandUndecodable},
		{"invoicesMonth", changedSchema(t, name, `"type": {"type": "int", "logicalType": "date"}`, `"type": "double"`), 7.5, command.CodeCommandUndecodable},
		{"companyCode", changedSchema(t, name, companyField+",", ""), nil, command.CodeCommandInvalid},
	} {
		id, place := w.publishLimitQuery(w.register(subject, tt.schema), tt.schema, map[string]any{tt.field: tt.value})
		o := w.outcome(id).Outcome
		if o.Status != command.Rejected || o.Code != tt.code || len(o.Violations) != 1 || o.Violations[0].Field != tt.field {
			t.Errorf("%s: got %s %s %+v", tt.field, o.Status, o.Code, o.Violations)
		}
		if tt.code != command.CodeCommandUndecodable {
			continue
		}
		letter := w.letter(place)
		if letter.Header("dlq-reason") != string(command.ReasonMalformed) || !strings.Contains(letter.Header("dlq-message"), tt.field) {
			t.Errorf("%s: the dead letter says %s, %s", tt.field, letter.Header("dlq-reason"), letter.Header("dlq-message"))
		}
	}
	if calls := w.box.Bank().Calls(0); len(calls) > 0 {
		t.Errorf("the bank was called: %v", calls)
	}
}

func unknownID(t *testing.T, r *realRegistry) {
	w := openRegistered(t, r)
	w.start()
	const nobodys = 1 << 30
	_, place := w.publishLimitQuery(nobodys, schemas.Command(string(command.DBSLimitQuery)), nil)
	letter := w.letter(place)
	if got := letter.Header("dlq-message"); !strings.Contains(got, "no schema with the id 1073741824") || letter.Header("dlq-code") != string(command.CodeCommandUndecodable) {
		t.Errorf("the dead letter says %s", got)
	}
	if !bytes.HasPrefix(letter.Record.Value, []byte{0, 0x40, 0, 0, 0}) {
		t.Error("the dead letter's value is not the original")
	}
}

// A node that lags behind the one where upstream registered its schema.
func lateID(t *testing.T, r *realRegistry) {
	w := openRegistered(t, r)
	id := w.register(w.subject(string(command.DBSLimitQuery)), schemas.Command(string(command.DBSLimitQuery)))
	f, address := newFront(t, r.URL), freeAddress(t)
	f.answer(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"error_code":40403,"message":"Schema not found"}`))
	})
	f.serve(t, address)
	w.cfg.Registry.URLs = []string{"http://" + address}
	w.cfg.Registry.UnknownIDGrace = time.Hour
	w.start()
	commandID, _ := w.publishLimitQuery(id, schemas.Command(string(command.DBSLimitQuery)), nil)
	eventually(t, "second question", func() bool { return f.asked.Load() > 1 })
	f.answer(nil)
	w.succeeds(commandID)
	if len(w.letters) > 0 {
		t.Errorf("%d dead letters", len(w.letters))
	}
}

func references(t *testing.T, r *realRegistry) {
	w := openRegistered(t, r)
	w.start()
	const name = string(command.DBSLimitQuery)
	code := `{"type":"record","name":"Code","namespace":"shared","fields":[{"name":"text","type":"string"}]}`
	w.register(w.subject("shared"), code)
	const extra = `,{"name":"branches","type":{"type":"array","items":"shared.Code"}},{"name":"first","type":["null","shared.Code"]}`
	id := w.register(w.subject(name), changedSchema(t, name, companyField, companyField+extra),
		sr.SchemaReference{Name: "shared.Code", Subject: w.subject("shared"), Version: 1})
	whole := changedSchema(t, name, companyField, companyField+strings.Replace(extra, `"shared.Code"`, code, 1))
	commandID, _ := w.publishLimitQuery(id, whole, map[string]any{
		"branches": []any{map[string]any{"text": "a"}, map[string]any{"text": "b"}}, "first": nil,
	})
	w.succeeds(commandID)
}

func resultsWithoutASchema(t *testing.T, r *realRegistry) {
	w := openRegistered(t, r)
	w.cfg.Registry.Results = registry.ResultsConfluent
	err := w.build().Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), w.subject("customer.create.result")) || !strings.Contains(err.Error(), "processor schemas apply") {
		t.Errorf("got %v", err)
	}
}
