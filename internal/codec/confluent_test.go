package codec

import (
	"context"
	"encoding/binary"
	"errors"
	"math/big"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/linkedin/goavro/v2"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

// registry answers from a map and counts the questions.
type registry struct {
	schemas map[int32]string
	err     error
	asked   atomic.Int32
}

func (r *registry) WriterSchema(_ context.Context, id int32) (string, error) {
	r.asked.Add(1)
	if r.err != nil {
		return "", r.err
	}
	text, ok := r.schemas[id]
	if !ok {
		return "", ErrUnknownSchema
	}
	return text, nil
}

func confluent(id int32, datum []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{confluentMagic}, uint32(id)), datum...)
}

func TestConfluentCommands(t *testing.T) {
	t.Parallel()
	r := &registry{schemas: map[int32]string{7: schemas.Command("dbs.limit.query"), 8: schemas.Command("customer.create")}}
	c := setup(t, Options{Registry: r})
	cmd := example(t, c, command.DBSLimitQuery)
	datum := encoded(t, c, cmd)[singleHeader:]
	for range 3 {
		back, err := decode(c, command.DBSLimitQuery, confluent(7, datum))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(cmd.Payload, back.Payload); diff != "" {
			t.Errorf("(-sent +read):\n%s", diff)
		}
	}
	if got := r.asked.Load(); got != 1 {
		t.Errorf("the registry was asked %d times for one schema", got)
	}
	_, err := decode(c, command.DBSLimitQuery, confluent(9, datum))
	if e := refused(t, err); !strings.Contains(e.Reason, "no schema with the id 9") {
		t.Error(err)
	}
	asked := r.asked.Load()
	_, err = decode(c, command.DBSLimitQuery, confluent(-7, datum))
	if e := refused(t, err); !strings.Contains(e.Reason, "no schema with the id -7") || r.asked.Load() != asked {
		t.Errorf("got %v after %d questions more", err, r.asked.Load()-asked)
	}
	create := example(t, c, command.CustomerCreate)
	_, err = decode(c, command.DBSLimitQuery, confluent(8, encoded(t, c, create)[singleHeader:]))
	if e := refused(t, err); e.Code != command.CodeCommandSchemaMismatch || e.CommandID != create.ID {
		t.Errorf("got %+v, want a mismatch of command %s", e, create.ID)
	}
}

func TestAnAbsentRegistryIsNoFaultOfTheCommand(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	_, err := decode(setup(t, Options{Registry: &registry{err: down}}), command.DBSLimitQuery, confluent(7, nil))
	var refusal *command.DecodeError
	if !errors.Is(err, down) || errors.As(err, &refusal) {
		t.Errorf("got %v, want the registry's own error", err)
	}
}

func TestAnUnusableWritersSchemaIsNamed(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{Registry: &registry{schemas: map[int32]string{1: `{"type":"record","name":"R","fields":[{"name":"CANARY","type":"x"}]}`}}})
	_, err := decode(c, command.DBSLimitQuery, confluent(1, nil))
	if e := refused(t, err); !strings.Contains(e.Reason, "schema 1 of the registry") || strings.Contains(e.Reason, "CANARY") {
		t.Error(err)
	}
}

// A writer may have another version, other names and other types, as long as its
// values mean what ours do.
const foreignInvoice = `{"type":"record","name":"Fatura","namespace":"erp","fields":[
	{"name":"extra","type":{"type":"map","values":["null","string"]}},
	{"name":"commandId","type":["null",{"type":"string","logicalType":"uuid"}]},
	{"name":"issuedAt","type":["null","string",{"type":"long","logicalType":"timestamp-micros"}]},
	{"name":"operation","type":{"type":"enum","name":"Op","symbols":["INSERT","UPDATE"]}},
	{"name":"maturity","type":["null","Op",{"type":"enum","name":"M","symbols":["TERM","ADVANCE"]}]},
	{"name":"amount","type":["null",{"type":"bytes","logicalType":"decimal","precision":12,"scale":4}]},
	{"name":"tax","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":1}},
	{"name":"customerNumber","type":["int","null"]},
	{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[{"name":"n","type":"int"}]}}},
	{"name":"dueDate","type":["null",{"type":"int","logicalType":"date"}]},
	{"name":"invoiceDate","type":"string"}]}`

func foreignValue() map[string]any {
	return map[string]any{
		"extra":          map[string]any{"a": goavro.Union("string", "b"), "c": nil},
		"commandId":      goavro.Union("string", someID),
		"issuedAt":       goavro.Union("long.timestamp-micros", time.UnixMicro(1767602040000001)),
		"operation":      "INSERT",
		"maturity":       goavro.Union("erp.M", "ADVANCE"),
		"amount":         goavro.Union("bytes.decimal", big.NewRat(90050, 100)),
		"tax":            big.NewRat(1, 2),
		"customerNumber": goavro.Union("int", 955807),
		"lines":          []any{map[string]any{"n": 1}},
		"dueDate":        goavro.Union("int.date", time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC)),
		"invoiceDate":    "2020-11-02",
	}
}

func foreign(t testing.TB, schema string, value map[string]any) []byte {
	t.Helper()
	writer, err := goavro.NewCodec(schema)
	if err != nil {
		t.Fatal(err)
	}
	datum, err := writer.BinaryFromNative(nil, value)
	if err != nil {
		t.Fatal(err)
	}
	return confluent(1, datum)
}

func TestAForeignWritersSchema(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{Registry: &registry{schemas: map[int32]string{1: foreignInvoice}}})
	cmd, err := decode(c, command.DBSInvoiceUpsert, foreign(t, foreignInvoice, foreignValue()))
	if err != nil {
		t.Fatal(err)
	}
	want := &command.Invoice{
		Operation: command.InsertInvoice, Maturity: command.Advance, EntryType: command.Debit,
		Amount: new(command.NewDecimal(9005, 1)), CustomerNumber: 955807,
		DueDate: command.Date{Year: 2099, Month: 12, Day: 31}, InvoiceDate: command.Date{Year: 2020, Month: 11, Day: 2},
	}
	if diff := cmp.Diff(want, cmd.Payload); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if cmd.ID != someID || cmd.IssuedAt.UnixMicro() != 1767602040000001 {
		t.Errorf("envelope: %s, %v", cmd.ID, cmd.IssuedAt)
	}
}

func TestAForeignWritersWrongTypes(t *testing.T) {
	t.Parallel()
	for field, c := range map[string]struct {
		old, changed string
		value        any
		reason       string
	}{
		"amount":         {`["null",{"type":"bytes","logicalType":"decimal","precision":12,"scale":4}]`, `"double"`, 900.5, "a float cannot carry an amount"},
		"customerNumber": {`["int","null"]`, `"string"`, "955807", "whole number"},
		"operation":      {`{"type":"enum","name":"Op","symbols":["INSERT","UPDATE"]}`, `"bytes"`, []byte("\xff"), "UTF-8"},
		"maturity":       {`["null","Op",{"type":"enum","name":"M","symbols":["TERM","ADVANCE"]}]`, `"boolean"`, true, "text"},
		"invoiceDate":    {`"invoiceDate","type":"string"`, `"invoiceDate","type":{"type":"long","logicalType":"timestamp-millis"}`, time.UnixMilli(1), "day"},
		"issuedAt":       {`["null","string",{"type":"long","logicalType":"timestamp-micros"}]`, `"long"`, 1, "moment"},
		"dueDate":        {`["null",{"type":"int","logicalType":"date"}]`, `{"type":"int","logicalType":"date"}`, 1 << 30, "between the years"},
	} {
		schema := strings.Replace(foreignInvoice, c.old, c.changed, 1)
		schema = strings.Replace(schema, `"Op",`, `{"type":"enum","name":"Op","symbols":["INSERT","UPDATE"]},`, map[bool]int{true: 1}[field == "operation"])
		value := foreignValue()
		value[field] = c.value
		codec := setup(t, Options{Registry: &registry{schemas: map[int32]string{1: schema}}})
		_, err := decode(codec, command.DBSInvoiceUpsert, foreign(t, schema, value))
		e := refused(t, err)
		if e.Field != field || !strings.Contains(e.Reason, c.reason) || e.CommandID != someID {
			t.Errorf("got %+v, want %s: %s", e, field, c.reason)
		}
	}
}

// A few bytes must not stand for gigabytes. Not parallel: it counts what is
// allocated.
func TestLengthBombs(t *testing.T) {
	const schema = `{"type":"record","name":"B","fields":[
		{"name":"commandId","type":"string"},
		{"name":"list","type":{"type":"array","items":"int"}},
		{"name":"map","type":{"type":"map","values":"int"}},
		{"name":"fix","type":{"type":"fixed","name":"F","size":2000000000}}]}`
	c := setup(t, Options{Registry: &registry{schemas: map[int32]string{1: schema}}})
	long := func(n int64) []byte { return binary.AppendVarint(nil, n) }
	id := append(long(int64(len(someID))), someID...)
	for name, tail := range map[string][]byte{
		"list of 2^31-1":  long(1<<31 - 1),
		"list of 2^62":    long(1 << 62),
		"list of -2^63":   long(-1 << 63),
		"negative block":  append(long(-1<<31+1), long(1)...),
		"map of 2^31-1":   append(long(0), long(1<<31-1)...),
		"map key of 2^40": append(append(long(0), long(1)...), long(1<<40)...),
		"fixed":           append(long(0), long(0)...),
		"endless varint":  {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := decode(c, command.DBSLimitQuery, confluent(1, append(append([]byte{}, id...), tail...)))
		runtime.ReadMemStats(&after)
		if e := refused(t, err); e.CommandID != someID {
			t.Errorf("%s: %+v", name, e)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 256<<20 {
			t.Errorf("%s: %d bytes were allocated", name, grown)
		}
	}
	if _, err := decode(c, command.DBSLimitQuery, confluent(1, long(1<<40))); refused(t, err).CommandID != "" {
		t.Error("a string that is not there gave an id")
	}
}
