package codec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

func planned(t *testing.T, text string) *avroType {
	t.Helper()
	avro, err := compile(text)
	if err != nil {
		t.Fatal(err)
	}
	if avro.plan, err = planOf(avro.schema, 0); err != nil {
		t.Fatal(err)
	}
	return avro
}

func TestEverySchemaThatIsWalkedHasAPlan(t *testing.T) {
	t.Parallel()
	for topic, avro := range setup(t, Options{}).catalog.current {
		if avro.plan == nil && topic != schemas.DeadLetterTopic {
			t.Errorf("%s has none", topic)
		}
	}
}

func TestSchemasWithoutAPlan(t *testing.T) {
	t.Parallel()
	deep := `"int"`
	for i := range maxNested + 1 {
		deep = `{"type":"record","name":"R` + strings.Repeat("x", i+1) + `","fields":[{"name":"a","type":` + deep + `}]}`
	}
	for name, of := range map[string]string{
		"bytes":                 `"bytes"`,
		"a float":               `"double"`,
		"a map":                 `{"type":"map","values":"int"}`,
		"an enum":               `{"type":"enum","name":"E","symbols":["A"]}`,
		"fixed bytes":           `{"type":"fixed","name":"F","size":2}`,
		"a list of texts":       `{"type":"array","items":"string"}`,
		"a list or null":        `["null",{"type":"array","items":{"type":"record","name":"I","fields":[{"name":"a","type":"int"}]}}]`,
		"three options":         `["null","int","string"]`,
		"no null":               `["int","string"]`,
		"microseconds":          `{"type":"long","logicalType":"timestamp-micros"}`,
		"a scale of 19":         `{"type":"bytes","logicalType":"decimal","precision":38,"scale":19}`,
		"records in too deeply": deep,
	} {
		avro, err := compile(`{"type":"record","name":"R","fields":[{"name":"a","type":` + of + `}]}`)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := planOf(avro.schema, 0); err == nil {
			t.Errorf("%s has a plan", name)
		}
	}
}

// An earlier schema lacks a field, a later one may have a union the other way round.
func TestAPlanOfAnotherVersion(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	cmd := example(t, c, command.DBSInvoiceUpsert)
	cmd.CorrelationID = ""
	for name, text := range map[string]string{
		"earlier":    evolved(t, command.DBSInvoiceUpsert, without("entryType")),
		"null last":  evolved(t, command.DBSInvoiceUpsert, retyped("explanation", `["string","null"]`)),
		"as it is":   schemas.Command(string(command.DBSInvoiceUpsert)),
		"not before": evolved(t, command.DBSInvoiceUpsert, retyped("correlationId", `["string","null"]`)),
	} {
		avro := planned(t, text)
		want, err := avro.encode(nil, write(func(w walker) { commandFields(w, cmd) }))
		if err != nil {
			t.Fatal(err)
		}
		got, ok := avro.writeBinary(nil, func(w walker) { commandFields(w, cmd) })
		if !ok || string(got) != string(want) {
			t.Errorf("%s: wrote %x, want %x", name, got, want)
		}
		back := &command.Command{Payload: newPayload(command.DBSInvoiceUpsert)}
		if !avro.readBinary(got, func(w walker) { commandFields(w, back) }) || !cmp.Equal(back, cmd) {
			t.Errorf("%s: does not come back", name)
		}
	}
}

// A schema in another order, or with a field that nobody walks, is the reference's.
func TestAWalkGoesAstray(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	cmd := example(t, c, command.DBSInvoiceUpsert)
	for name, change := range map[string]func([]any) []any{
		"another order": func(fields []any) []any { fields[4], fields[5] = fields[5], fields[4]; return fields },
		"one more": func(fields []any) []any {
			return append(fields, map[string]any{"name": "more", "type": []any{"null", "string"}, "default": nil})
		},
		"one more between": func(fields []any) []any {
			more := map[string]any{"name": "more", "type": []any{"null", "string"}, "default": nil}
			return append([]any{fields[0], more}, fields[1:]...)
		},
		"another type": retyped("dealerCode", `"int"`),
	} {
		avro := planned(t, evolved(t, command.DBSInvoiceUpsert, change))
		if _, ok := avro.writeBinary(nil, func(w walker) { commandFields(w, cmd) }); ok {
			t.Errorf("%s: is written on the fast path", name)
		}
		b, err := avro.encode(nil, write(func(w walker) { commandFields(w, cmd) }))
		if err != nil {
			continue
		}
		back := &command.Command{Payload: newPayload(command.DBSInvoiceUpsert)}
		if avro.readBinary(b, func(w walker) { commandFields(w, back) }) {
			t.Errorf("%s: is read on the fast path", name)
		}
		if got, err := decodeCommand(command.DBSInvoiceUpsert, avro, b); err != nil || !cmp.Equal(got, cmd) {
			t.Errorf("%s: the reference reads %v", name, err)
		}
	}
}
