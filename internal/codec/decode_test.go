package codec

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

func TestExamplesAreValidCommands(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	for _, name := range command.Names() {
		cmd := example(t, c, name)
		if vs := cmd.Payload.Validate(command.Rules{Now: cmd.IssuedAt}); len(vs) > 0 {
			t.Errorf("%s: %v", name, vs)
		}
		if w, ok := cmd.Payload.(command.Warner); ok && len(w.Warnings(command.Rules{})) > 0 {
			t.Errorf("%s warns: %v", name, w.Warnings(command.Rules{}))
		}
		back, err := decode(c, name, encoded(t, c, cmd))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(cmd.Payload, back.Payload); diff != "" {
			t.Errorf("%s through Avro (-json +avro):\n%s", name, diff)
		}
	}
}

func TestUnreadableValues(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{MaxBytes: 4096})
	whole := encoded(t, c, example(t, c, command.DBSInvoiceUpsert))
	id := example(t, c, command.DBSInvoiceUpsert).ID
	result, err := c.EncodeOutcome(&command.Outcome{
		CommandID: id, Command: command.DBSInvoiceUpsert, Revision: 1, ReceivedAt: time.Unix(1, 0), CompletedAt: time.Unix(1, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	unknown := bytes.Clone(whole)
	binary.LittleEndian.PutUint64(unknown[2:], 0xfeedface)
	invalidUTF8 := bytes.Replace(whole, []byte("SOLEN"), []byte("SO\xffEN"), 1)
	notAnID := bytes.Replace(whole, []byte(id), []byte(strings.Repeat("x", 36)), 1)
	for name, c := range map[string]struct {
		value  []byte
		code   command.Code
		id     string
		field  string
		reason string // words of it
	}{
		"tombstone":               {nil, command.CodeCommandUndecodable, "", "", "tombstone"},
		"empty":                   {[]byte{}, command.CodeCommandUndecodable, "", "", "empty"},
		"too large":               {bytes.Repeat([]byte{'{'}, 4097), command.CodeCommandUndecodable, "", "", "over the limit of 4096"},
		"unknown encoding":        {[]byte("CANARY"), command.CodeCommandUndecodable, "", "", "no known encoding"},
		"C3 and another byte":     {[]byte{0xC3, 0x02, 0}, command.CodeCommandUndecodable, "", "", "no known encoding"},
		"white space":             {[]byte(" \n"), command.CodeCommandUndecodable, "", "", "no known encoding"},
		"half a single header":    {whole[:6], command.CodeCommandUndecodable, "", "", "single-object header"},
		"unknown fingerprint":     {unknown, command.CodeCommandUndecodable, "", "", "00000000feedface"},
		"ends early":              {whole[:len(whole)-2], command.CodeCommandUndecodable, id, "", "ends early"},
		"ends inside the id":      {whole[:20], command.CodeCommandUndecodable, "", "", "ends early"},
		"no datum":                {whole[:10], command.CodeCommandUndecodable, "", "", "ends early"},
		"trailing byte":           {append(bytes.Clone(whole), 0), command.CodeCommandUndecodable, id, "", "follow the value's end"},
		"invalid UTF-8":           {invalidUTF8, command.CodeCommandUndecodable, id, "companyCode", "UTF-8"},
		"id is no UUID":           {notAnID, command.CodeCommandUndecodable, "", "commandId", "UUID"},
		"another command":         {encoded(t, c, example(t, c, command.CustomerCreate)), command.CodeCommandSchemaMismatch, example(t, c, command.CustomerCreate).ID, "", "customer.create"},
		"a result":                {result, command.CodeCommandSchemaMismatch, id, "", "dbs.invoice.upsert.result"},
		"confluent, no registry":  {[]byte{0, 0, 0, 0, 1, 2}, command.CodeCommandUndecodable, "", "", "no schema registry is configured"},
		"half a confluent header": {[]byte{0, 0, 0}, command.CodeCommandUndecodable, "", "", "Confluent header"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decode(setup(t, Options{MaxBytes: 4096}), command.DBSInvoiceUpsert, c.value)
			e := refused(t, err)
			if e.Code != c.code || e.CommandID != c.id || e.Field != c.field || !strings.Contains(e.Reason, c.reason) {
				t.Errorf("got %+v, want %s, id %q, field %q, reason with %q", e, c.code, c.id, c.field, c.reason)
			}
			if strings.Contains(err.Error(), "CANARY") || strings.Contains(err.Error(), "SOLEN") {
				t.Errorf("the error shows the value: %v", err)
			}
		})
	}
}

func TestUnknownCommandName(t *testing.T) {
	t.Parallel()
	if _, err := decode(setup(t, Options{}), "no.such", []byte("{}")); refused(t, err).Reason != "the topic is not a command's" {
		t.Error(err)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	const envelope = `"commandId":"` + someID + `","issuedAt":"2026-01-05T08:30:00.5+03:00"`
	cmd, err := decode(c, command.CustomerCreate, []byte("{"+envelope+`,"unknown":{"a":[1,{"b":null}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 1, 5, 5, 30, 0, 5e8, time.UTC); !cmd.IssuedAt.Equal(want) || cmd.IssuedAt.Location() != time.UTC {
		t.Errorf("issuedAt = %v, want %v", cmd.IssuedAt, want)
	}
	if diff := cmp.Diff(&command.CreateCustomer{NotificationOnUpdate: true}, cmd.Payload); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	cmd, err = decode(c, command.DBSInvoiceUpsert, []byte(" \n{"+envelope+`,"entryType":null,"correlationId":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&command.Invoice{EntryType: command.Debit}, cmd.Payload); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEncodeCommandNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	for want, change := range map[string]func(*command.Command){
		"amount":         func(c *command.Command) { c.Payload.(*command.Invoice).Amount = nil },
		"decimal(18,2)":  func(c *command.Command) { c.Payload.(*command.Invoice).Amount = new(command.NewDecimal(77733, 3)) },
		"dueDate":        func(c *command.Command) { c.Payload.(*command.Invoice).DueDate = command.Date{} },
		"issuedAt":       func(c *command.Command) { c.IssuedAt = time.Time{} },
		"issuedAt: does": func(c *command.Command) { c.IssuedAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		cmd := example(t, c, command.DBSInvoiceUpsert)
		change(cmd)
		if _, err := c.EncodeCommand(cmd); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "777") {
			t.Errorf("got %v, want an error about %s", err, want)
		}
	}
	update := example(t, c, command.CustomerUpdate)
	update.Payload.(*command.UpdateCustomer).Education.Code = nil
	if _, err := c.EncodeCommand(update); err == nil || !strings.Contains(err.Error(), "education.code") {
		t.Errorf("got %v, want an error about education.code", err)
	}
}

func TestNewRefusesANegativeBound(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{MaxBytes: -1}); err == nil {
		t.Error("a negative bound is taken")
	}
}

func TestEarlierSchemasStayReadable(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	for _, topic := range schemas.Topics() {
		for i, text := range schemas.Earlier(topic) {
			old, err := compile(text)
			if err != nil {
				t.Fatalf("%s~%d: %v", topic, i+1, err)
			}
			if c.catalog.byFingerprint[old.fingerprint()].topic != topic {
				t.Errorf("%s~%d is not known by its fingerprint", topic, i+1)
			}
		}
	}
}
