package codec

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

func TestCommandsRoundTrip(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	for _, name := range command.Names() {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				cmd := drawCommand(t, name)
				avro, err := c.EncodeCommand(cmd)
				if err != nil {
					t.Fatal(err)
				}
				plain, err := json.Marshal(write(func(w walker) { commandFields(w, cmd) }))
				if err != nil {
					t.Fatal(err)
				}
				for encoding, b := range map[string][]byte{"avro": avro, "json": plain} {
					back, err := decode(c, name, b)
					if err != nil {
						t.Fatalf("%s: %v", encoding, err)
					}
					if diff := cmp.Diff(cmd.Payload, back.Payload); diff != "" {
						t.Fatalf("%s (-sent +read):\n%s", encoding, diff)
					}
					if back.ID != cmd.ID || back.CorrelationID != cmd.CorrelationID ||
						!back.IssuedAt.Equal(cmd.IssuedAt) || !back.ExpiresAt.Equal(cmd.ExpiresAt) {
						t.Fatalf("%s: the envelope differs", encoding)
					}
				}
			})
		})
	}
}

func TestOutcomesRoundTrip(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	for _, name := range command.Names() {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				o := drawOutcome(t, name)
				b, err := c.EncodeOutcome(o)
				if err != nil {
					t.Fatal(err)
				}
				back, err := c.DecodeOutcome(context.Background(), name, b)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(o, back); diff != "" {
					t.Fatalf("avro (-sent +read):\n%s", diff)
				}
				plain, err := OutcomeJSON(o)
				if err != nil {
					t.Fatal(err)
				}
				values, err := parseJSON(plain)
				if err != nil {
					t.Fatal(err)
				}
				if back, err = readOutcome(name, values); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(o, back); diff != "" {
					t.Fatalf("json (-sent +read):\n%s", diff)
				}
			})
		})
	}
}

func TestAttemptsRoundTrip(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	for _, operation := range []command.InvoiceOperation{"", command.CancelInvoice} {
		a := &command.Attempt{
			CommandID: someID, Command: command.DBSInvoiceUpsert, Number: 2, ChannelRequestID: "r", Operation: operation,
			StartedAt: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), Partition: 3, Offset: 1 << 40,
		}
		b, err := c.EncodeAttempt(a)
		if err != nil {
			t.Fatal(err)
		}
		back, err := c.DecodeAttempt(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, back); diff != "" {
			t.Errorf("(-sent +read):\n%s", diff)
		}
		for what, broken := range map[string][]byte{"cut": b[:len(b)-1], "longer": append(slices.Clone(b), 0), "foreign": {'{'}, "empty": nil} {
			if _, err := c.DecodeAttempt(broken); refused(t, err).Reason == "" {
				t.Errorf("%s: no reason", what)
			}
		}
	}
}

// walked lists the fields that a walk visits, nested ones included.
func walked(o object, path string) []string {
	var names []string
	for _, m := range o {
		names = append(names, join(path, m.name))
		switch v := m.value.(type) {
		case object:
			names = append(names, walked(v, join(path, m.name))...)
		case []object:
			names = append(names, walked(v[0], join(path, m.name))...)
		}
	}
	return names
}

func declared(s *schema, path string) []string {
	if some := s.optional(); some != nil {
		return declared(some, path)
	}
	if s.kind == "array" {
		return declared(s.items, path)
	}
	var names []string
	for _, f := range s.fields {
		names = append(names, join(path, f.name))
		names = append(names, declared(f.schema, join(path, f.name))...)
	}
	return names
}

// A field that is walked and not declared, or the other way round, would be lost
// in silence, and one out of order would be walked on the path of reference only.
func TestTheWalkVisitsExactlyTheSchemasFields(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	same := func(topic string, o object) {
		t.Helper()
		got, want := walked(o, ""), declared(c.catalog.current[topic].schema, "")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-schema +walk):\n%s", topic, diff)
		}
	}
	for _, name := range command.Names() {
		cmd := &command.Command{Payload: newPayload(name)}
		if p, ok := cmd.Payload.(*command.UpdateCustomer); ok {
			p.JobAddress, p.HomeAddress, p.ContactAddress = &command.Address{}, &command.Address{}, &command.Address{}
		}
		same(string(name), write(func(w walker) { commandFields(w, cmd) }))

		o := &command.Outcome{Violations: make(command.Violations, 1), Result: newResult(name)}
		switch r := o.Result.(type) {
		case *command.LimitList:
			r.Rows = make([]command.LimitRow, 1)
		case *command.InvoiceResultList:
			r.Rows = make([]command.InvoiceResultRow, 1)
		}
		same(schemas.ResultTopic(string(name)), write(func(w walker) { outcomeFields(w, o) }))
	}
	same(schemas.AuditTopic, write(func(w walker) { auditFields(w, &command.AuditRecord{}) }))
	same(schemas.AttemptsTopic, write(func(w walker) { attemptFields(w, &command.Attempt{}) }))
}
