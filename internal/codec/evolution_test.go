package codec

import (
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/linkedin/goavro/v2"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

var at = time.UnixMilli(1767602040000).UTC()

// evolved is our schema of a command with its fields changed, as another version
// of it.
func evolved(t testing.TB, name command.Name, change func(fields []any) []any) string {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal([]byte(schemas.Command(string(name))), &schema); err != nil {
		t.Fatal(err)
	}
	schema["fields"] = change(schema["fields"].([]any))
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// without leaves a field out, and retyped gives it another type.
func without(name string) func([]any) []any {
	return func(fields []any) []any {
		var left []any
		for _, f := range fields {
			if f.(map[string]any)["name"] != name {
				left = append(left, f)
			}
		}
		return left
	}
}

func retyped(name, schema string) func([]any) []any {
	return func(fields []any) []any {
		for _, f := range fields {
			if field := f.(map[string]any); field["name"] == name {
				field["type"] = json.RawMessage(schema)
				delete(field, "default")
			}
		}
		return fields
	}
}

// native is an invoice as goavro takes it from a writer.
func native(change map[string]any) map[string]any {
	value := map[string]any{
		"commandId": someID, "issuedAt": at, "expiresAt": nil, "correlationId": nil,
		"operation": "INSERT", "companyCode": "SOLEN", "dealerCode": "1001", "invoiceNumber": "A1",
		"invoiceCurrency": "TRY", "paymentCurrency": "TRY", "invoiceDate": at.Truncate(24 * time.Hour), "amount": big.NewRat(1001, 100),
		"dueDate": at.Truncate(24 * time.Hour), "previousDueDate": nil, "maturity": "TERM", "entryType": "DEBIT",
		"blockage": nil, "parametricCode": nil, "explanation": nil, "dealerName": nil, "dealerSurname": nil, "customerNumber": nil,
	}
	maps.Copy(value, change)
	return value
}

func readAs(t *testing.T, schema string, value map[string]any) (*command.Invoice, error) {
	t.Helper()
	c := setup(t, Options{Registry: &registry{schemas: map[int32]string{1: schema}}})
	cmd, err := decode(c, command.DBSInvoiceUpsert, foreign(t, schema, value))
	if err != nil {
		return nil, err
	}
	return cmd.Payload.(*command.Invoice), nil
}

func TestAnOlderWriterTakesOurDefaults(t *testing.T) {
	t.Parallel()
	invoice, err := readAs(t, evolved(t, command.DBSInvoiceUpsert, without("entryType")), native(nil))
	if err != nil || invoice.EntryType != command.Debit || invoice.DealerCode != "1001" {
		t.Errorf("got %+v, %v", invoice, err)
	}
}

func TestANewerWritersFieldsAreIgnored(t *testing.T) {
	t.Parallel()
	newer := evolved(t, command.DBSInvoiceUpsert, func(fields []any) []any {
		return append([]any{map[string]any{"name": "branch", "type": "string"}}, append(fields,
			map[string]any{"name": "tags", "type": map[string]any{"type": "array", "items": "string"}})...)
	})
	invoice, err := readAs(t, newer, native(map[string]any{"branch": "9", "tags": []any{"a"}}))
	if err != nil {
		t.Fatal(err)
	}
	same, err := readAs(t, schemas.Command(string(command.DBSInvoiceUpsert)), native(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(same, invoice); diff != "" {
		t.Errorf("(-ours +newer)\n%s", diff)
	}
}

func TestTypesThatMeanTheSame(t *testing.T) {
	t.Parallel()
	decimal := func(kind string) string {
		return strings.Replace(`{"type":KIND,"logicalType":"decimal","precision":18,"scale":6}`, "KIND", kind, 1)
	}
	for name, tt := range map[string]struct {
		field, schema string
		value         any
	}{
		"decimal of another scale":       {"amount", decimal(`"bytes"`), big.NewRat(1001, 100)},
		"decimal in fixed bytes":         {"amount", decimal(`"fixed","name":"Money","size":9`), big.NewRat(1001, 100)},
		"decimal behind a union":         {"amount", `["null",` + decimal(`"fixed","name":"Money","size":9`) + `]`, goavro.Union("bank.command.v1.Money", big.NewRat(1001, 100))},
		"text in bytes":                  {"dealerCode", `"bytes"`, []byte("1001")},
		"text behind a union":            {"dealerCode", `["null","string"]`, goavro.Union("string", "1001")},
		"an enum for text":               {"operation", `{"type":"enum","name":"Op","symbols":["INSERT"]}`, "INSERT"},
		"an int where a long is read":    {"customerNumber", `"int"`, int32(0)},
		"micros where millis are read":   {"issuedAt", `{"type":"long","logicalType":"timestamp-micros"}`, at},
		"an option where none is wanted": {"customerNumber", `["long","int","null"]`, goavro.Union("int", int32(0))},
	} {
		want, err := readAs(t, schemas.Command(string(command.DBSInvoiceUpsert)), native(nil))
		if err != nil {
			t.Fatal(err)
		}
		got, err := readAs(t, evolved(t, command.DBSInvoiceUpsert, retyped(tt.field, tt.schema)), native(map[string]any{tt.field: tt.value}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestTypesThatMeanSomethingElseNameTheirField(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		field, schema string
		value         any
	}{
		"a double for an amount":   {"amount", `"double"`, 10.01},
		"an amount in plain bytes": {"amount", `"bytes"`, []byte{1}},
		"an amount of too many digits": {
			"amount", `{"type":"bytes","logicalType":"decimal","precision":38,"scale":0}`,
			new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil)),
		},
		"an int for text":          {"dealerCode", `"int"`, int32(1001)},
		"bytes that are no text":   {"dealerCode", `"bytes"`, []byte{0xff}},
		"text for a number":        {"customerNumber", `"string"`, "1"},
		"nanos for a moment":       {"issuedAt", `{"type":"long","logicalType":"timestamp-nanos"}`, int64(1)},
		"local time for a moment":  {"issuedAt", `{"type":"long","logicalType":"local-timestamp-millis"}`, int64(1)},
		"a plain number for a day": {"dueDate", `"int"`, int32(1)},
		"a record for text":        {"dealerCode", `{"type":"record","name":"D","fields":[{"name":"code","type":"string"}]}`, map[string]any{"code": "1"}},
		"no id":                    {"commandId", `["null","string"]`, nil},
		"no moment of issue":       {"issuedAt", `["null",{"type":"long","logicalType":"timestamp-millis"}]`, nil},
	} {
		_, err := readAs(t, evolved(t, command.DBSInvoiceUpsert, retyped(tt.field, tt.schema)), native(map[string]any{tt.field: tt.value}))
		var refusal *command.DecodeError
		if !errors.As(err, &refusal) || refusal.Field != tt.field || refusal.Code != command.CodeCommandUndecodable {
			t.Errorf("%s: got %v, want an undecodable %s", name, err, tt.field)
		}
	}
}

// What a writer leaves out of a payload is told by the command's own checks, all
// of it at once.
func TestARequiredFieldThatIsNotWritten(t *testing.T) {
	t.Parallel()
	invoice, err := readAs(t, evolved(t, command.DBSInvoiceUpsert, without("dealerCode")), native(nil))
	if err != nil {
		t.Fatal(err)
	}
	violations := invoice.Validate(command.Rules{})
	found := false
	for _, v := range violations {
		found = found || v.Field == "dealerCode"
	}
	if !found {
		t.Errorf("got %v, want a violation of dealerCode", violations)
	}
	for _, field := range []string{"commandId", "issuedAt"} {
		_, err := readAs(t, evolved(t, command.DBSInvoiceUpsert, without(field)), native(nil))
		if e := refused(t, err); e.Field != field {
			t.Errorf("got %+v, want %s", e, field)
		}
	}
}

func TestASchemaThatCannotBeUsedIsTheCommandsFault(t *testing.T) {
	t.Parallel()
	r := &registry{err: &SchemaError{Reason: "is of type PROTOBUF"}}
	c := setup(t, Options{Registry: r})
	for range 3 {
		_, err := decode(c, command.DBSLimitQuery, confluent(7, nil))
		if e := refused(t, err); e.Reason != "schema 7 of the registry: is of type PROTOBUF" {
			t.Errorf("got %+v", e)
		}
	}
	if got := r.asked.Load(); got != 1 {
		t.Errorf("the registry was asked %d times", got)
	}
	r.err = &SchemaError{Reason: "refers to another", Incomplete: true}
	for range 3 { // what is missing may come
		_, err := decode(c, command.DBSLimitQuery, confluent(8, nil))
		refused(t, err)
	}
	if got := r.asked.Load(); got != 4 {
		t.Errorf("the registry was asked %d times", got)
	}
}

func TestOutcomesInConfluentFraming(t *testing.T) {
	t.Parallel()
	r := &registry{schemas: map[int32]string{3: schemas.Result("dbs.limit.query"), 4: schemas.Result("customer.create")}}
	c := setup(t, Options{Registry: r})
	single, err := c.EncodeOutcome(&command.Outcome{CommandID: someID, Command: command.DBSLimitQuery, Status: command.Succeeded, Revision: 1, ReceivedAt: at, CompletedAt: at})
	if err != nil {
		t.Fatal(err)
	}
	datum := single[singleHeader:]
	o, err := c.DecodeOutcome(t.Context(), command.DBSLimitQuery, confluent(3, datum))
	if err != nil || o.CommandID != someID || o.Status != command.Succeeded {
		t.Errorf("got %+v, %v", o, err)
	}
	_, err = c.DecodeOutcome(t.Context(), command.DBSLimitQuery, confluent(4, datum))
	if e := refused(t, err); e.Code != command.CodeCommandSchemaMismatch {
		t.Errorf("another command's schema: %+v", e)
	}
	_, err = c.DecodeOutcome(t.Context(), command.DBSLimitQuery, confluent(5, datum))
	refused(t, err)
	r.err = errors.New("away")
	if _, err := c.DecodeOutcome(t.Context(), command.DBSLimitQuery, confluent(6, datum)); !errors.Is(err, r.err) {
		t.Errorf("got %v", err)
	}
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	record := func(fields string) string {
		return `{"type":"record","name":"R","namespace":"n","fields":[` + fields + `]}`
	}
	const inner = `{"type":"record","name":"In","fields":[{"name":"x","type":"int"}]}`
	for name, tt := range map[string]struct{ reader, writer, want string }{
		"same":                {`{"name":"a","type":"int"}`, `{"name":"a","type":"int"}`, ""},
		"one more":            {``, `{"name":"a","type":"int"}`, ""},
		"one less, defaulted": {`{"name":"a","type":"int","default":1}`, ``, ""},
		"one less":            {`{"name":"a","type":"int"}`, ``, "a: is not written, and has no default where it is read"},
		"promoted":            {`{"name":"a","type":"long"},{"name":"b","type":"bytes"}`, `{"name":"a","type":"int"},{"name":"b","type":"string"}`, ""},
		"narrowed":            {`{"name":"a","type":"int"}`, `{"name":"a","type":"long"}`, "a: is long where int is read"},
		"becomes optional":    {`{"name":"a","type":["null","int"]}`, `{"name":"a","type":"int"}`, ""},
		"becomes required":    {`{"name":"a","type":"int"}`, `{"name":"a","type":["null","int"]}`, "a: is null where int is read"},
		"no option fits":      {`{"name":"a","type":["null","int"]}`, `{"name":"a","type":"string"}`, "a: is string where null or int is read"},
		"inside an option":    {`{"name":"a","type":["null",{"type":"record","name":"In","fields":[{"name":"y","type":"int"}]}]}`, `{"name":"a","type":` + inner + `}`, "a.y: is not written, and has no default where it is read"},
		"another record":      {`{"name":"a","type":{"type":"record","name":"Other","fields":[]}}`, `{"name":"a","type":` + inner + `}`, "a: is the record n.In where n.Other is read"},
		"fewer symbols":       {`{"name":"a","type":{"type":"enum","name":"E","symbols":["A"]}}`, `{"name":"a","type":{"type":"enum","name":"E","symbols":["A","B"]}}`, "a: the symbol B is not known"},
		"another size":        {`{"name":"a","type":{"type":"fixed","name":"F","size":1}}`, `{"name":"a","type":{"type":"fixed","name":"F","size":2}}`, "a: has 2 bytes where 1 are read"},
		"items":               {`{"name":"a","type":{"type":"array","items":"int"}}`, `{"name":"a","type":{"type":"array","items":"string"}}`, "a: is string where int is read"},
		"another scale":       {`{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}`, `{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":3}}`, "a: is a decimal of scale 3 where 2 is read"},
	} {
		got, err := Conflicts(record(tt.reader), record(tt.writer))
		if err != nil || strings.Join(got, "; ") != tt.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, tt.want)
		}
	}
	if got, err := Conflicts(`{"type":"record","name":"a.R","fields":[]}`, `{"type":"record","name":"b.R","fields":[]}`); err != nil || got != nil {
		t.Errorf("another namespace: %v, %v", got, err)
	}
	if got, _ := Conflicts(`"int"`, `"string"`); strings.Join(got, "") != "the record: is string where int is read" {
		t.Errorf("got %v", got)
	}
	for _, broken := range [][2]string{{`{`, `"int"`}, {`"int"`, `{`}} {
		if _, err := Conflicts(broken[0], broken[1]); err == nil {
			t.Errorf("%v is taken", broken)
		}
	}
}
