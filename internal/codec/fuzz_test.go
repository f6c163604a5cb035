package codec

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

// canary stands in every text of the seeds; mutations keep most of it.
const canary = "CANARY"

// fuzzRegistry knows our own schemas by their position, and a foreign one.
func fuzzRegistry() *registry {
	r := &registry{schemas: map[int32]string{100: foreignInvoice}}
	for i, topic := range schemas.Topics() {
		r.schemas[int32(i)] = schemas.Topic(topic)
	}
	return r
}

func FuzzDecode(f *testing.F) {
	r := fuzzRegistry()
	c := setup(f, Options{Registry: r})
	for i, name := range command.Names() {
		text := strings.NewReplacer("example-", canary, "SOLEN", canary, "flow-0001", canary, "S00330", canary).
			Replace(schemas.Example(string(name)))
		f.Add(uint8(i), []byte(text))
		cmd, err := c.CommandFromJSON(name, []byte(text))
		if err != nil {
			f.Fatal(err)
		}
		single := encoded(f, c, cmd)
		f.Add(uint8(i), single)
		f.Add(uint8(i+1), single)
		f.Add(uint8(i), single[:len(single)/2])
		f.Add(uint8(i), append(slices.Clone(single), canary...))
		f.Add(uint8(i), confluent(int32(slices.Index(schemas.Topics(), string(name))), single[singleHeader:]))
	}
	f.Add(uint8(4), foreign(f, foreignInvoice, foreignValue()))
	for _, s := range []string{
		"", "{", "{}", "{{", `{"commandId":"CANARY"}`, `{"CANARY":1,"CANARY":2}`, `{"amount":1e400}`, `{"commandId":` + strings.Repeat("[", 99),
		" \t\n{}", "\x00", "\x00\x00\x00\x00\x64", "\xc3\x01", "\xc3\x01CANARYxxCANARY", `{"issuedAt":"CANARY"}`,
	} {
		f.Add(uint8(4), []byte(s))
	}
	names := command.Names()
	f.Fuzz(func(t *testing.T, which uint8, value []byte) {
		m := &command.Message{Name: names[int(which)%len(names)], Value: value}
		cmd, err := c.Decode(context.Background(), m)
		if err != nil {
			checkRefusal(t, c, err)
			return
		}
		if id, err := command.ParseID(cmd.ID); err != nil || id != cmd.ID || cmd.IssuedAt.IsZero() || cmd.Name() != m.Name {
			t.Fatalf("a command without its name: %s", cmd)
		}
		for _, v := range cmd.Payload.Validate(command.Rules{Now: time.Unix(0, 0)}) {
			if strings.Contains(v.Message, canary) || !command.Known(v.Code) {
				t.Fatalf("violation %+v", v)
			}
		}
		if _, err := c.EncodeCommand(cmd); err != nil && strings.Contains(err.Error(), canary) {
			t.Fatalf("the error shows the value: %v", err)
		}
	})
}

func FuzzDecodeOutcome(f *testing.F) {
	c := setup(f, Options{})
	names := command.Names()
	for i, name := range names {
		o := someOutcome()
		o.Command, o.Result, o.BankMessage = name, newResult(name), canary
		switch r := o.Result.(type) {
		case *command.LimitList:
			r.Rows = []command.LimitRow{{DealerName: canary, Limit: new(command.NewDecimal(77733, 2))}}
		case *command.InvoiceResultList:
			r.Rows = []command.InvoiceResultRow{{DealerName: canary, LastUpdated: o.ReceivedAt}}
		}
		o.Violations.Add("amount", command.CodeCommandInvalid, canary)
		b, err := c.EncodeOutcome(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), b)
		f.Add(uint8(i+1), b)
		f.Add(uint8(i), b[:len(b)/2])
		f.Add(uint8(i), append(slices.Clone(b), canary...))
	}
	f.Add(uint8(0), []byte{})
	f.Fuzz(func(t *testing.T, which uint8, value []byte) {
		o, err := c.DecodeOutcome(context.Background(), names[int(which)%len(names)], value)
		if err != nil {
			checkRefusal(t, c, err)
			return
		}
		if _, err := OutcomeJSON(o); err != nil {
			t.Fatalf("an outcome that is read is not written: %v", err)
		}
	})
}

func FuzzParseSchema(f *testing.F) {
	for _, topic := range schemas.Topics() {
		f.Add(schemas.Topic(topic))
	}
	f.Add(foreignInvoice)
	f.Add(`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":1}},{"name":"b","type":{"type":"bytes","logicalType":"decimal","precision":2}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if avro, err := compile(text); err == nil {
			_, _ = avro.decode([]byte{2, 2, 2, 2, 2, 2, 2, 2})
		} else if !errors.Is(err, errSchema) {
			t.Fatalf("got %v", err)
		}
	})
}

func checkRefusal(t *testing.T, c *Codec, err error) {
	t.Helper()
	e := refused(t, err)
	if strings.Contains(err.Error(), canary) {
		t.Fatalf("the error shows the value: %v", err)
	}
	if e.Reason == "" || !command.Known(e.Code) {
		t.Fatalf("a refusal without words: %+v", e)
	}
	if id, err := command.ParseID(e.CommandID); e.CommandID != "" && (err != nil || id != e.CommandID) {
		t.Fatalf("the refusal's id is none")
	}
	for name := range strings.SplitSeq(e.Field, ".") {
		if e.Field != "" && !c.catalog.fieldNames[name] {
			t.Fatalf("the refusal names a field that is not ours")
		}
	}
}
