package codec

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

const someID = "0b7d9c0e-5f0a-5d7e-8a53-6f2f6c1f7a10"

func setup(t testing.TB, o Options) *Codec {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func decode(c *Codec, name command.Name, value []byte) (*command.Command, error) {
	return c.Decode(context.Background(), &command.Message{Name: name, Value: value})
}

// refused returns err as a *command.DecodeError.
func refused(t testing.TB, err error) *command.DecodeError {
	t.Helper()
	var refusal *command.DecodeError
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v (%T), want a *command.DecodeError", err, err)
	}
	return refusal
}

func example(t testing.TB, c *Codec, name command.Name) *command.Command {
	t.Helper()
	cmd, err := c.CommandFromJSON(name, []byte(schemas.Example(string(name))))
	if err != nil {
		t.Fatalf("example of %s: %v", name, err)
	}
	return cmd
}

func encoded(t testing.TB, c *Codec, cmd *command.Command) []byte {
	t.Helper()
	b, err := c.EncodeCommand(cmd)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// drawing fills values at random.
type drawing struct {
	t *rapid.T
	// nils says whether pointers and moments may be absent: they may in results.
	nils bool
	// wild says that values may be what no event carries.
	wild bool
	// scale and digits bound decimals.
	scale, digits int
}

func (d drawing) fill(v reflect.Value, label string) {
	switch v.Kind() {
	case reflect.Pointer:
		if d.nils && rapid.Bool().Draw(d.t, label+"?") {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		d.fill(v.Elem(), label)
	case reflect.String:
		v.SetString(rapid.String().Draw(d.t, label))
	case reflect.Int:
		v.SetInt(int64(rapid.Int32().Draw(d.t, label)))
		if d.wild {
			v.SetInt(rapid.Int64().Draw(d.t, label))
		}
	case reflect.Int32:
		v.SetInt(int64(rapid.Int32().Draw(d.t, label)))
	case reflect.Int64:
		v.SetInt(rapid.Int64().Draw(d.t, label))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(d.t, label))
	case reflect.Slice:
		if n := rapid.IntRange(0, 3).Draw(d.t, label+"#"); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				d.fill(v.Index(i), label)
			}
		}
	case reflect.Struct:
		d.fillStruct(v, label)
	}
}

func (d drawing) fillStruct(v reflect.Value, label string) {
	if d.wild && d.fillWild(v, label) {
		return
	}
	switch v.Interface().(type) {
	case command.Decimal:
		scale := rapid.IntRange(0, d.scale).Draw(d.t, label+" scale")
		limit := int64(math.Pow10(18)) - 1 // what ParseDecimal reads
		if d.digits < 18 {
			limit = int64(math.Pow10(d.digits+scale)) - 1
		}
		coef := rapid.Int64Range(-limit, limit).Draw(d.t, label)
		v.Set(reflect.ValueOf(command.NewDecimal(coef, uint8(scale))))
	case command.Date:
		v.Set(reflect.ValueOf(command.DateFromEpochDays(rapid.Int32Range(-719162, 2932896).Draw(d.t, label))))
	case time.Time:
		millis := rapid.Int64Range(-62135596799000, 253402300799999).Draw(d.t, label)
		v.Set(reflect.ValueOf(time.UnixMilli(millis).UTC()))
	default:
		for i := range v.NumField() {
			d.fill(v.Field(i), label+"."+v.Type().Field(i).Name)
		}
	}
}

// fillWild fills what has bounds with something beyond them, or zero.
func (d drawing) fillWild(v reflect.Value, label string) bool {
	if !rapid.Bool().Draw(d.t, label+" wild") {
		return false
	}
	switch v.Interface().(type) {
	case command.Decimal:
		scale := rapid.IntRange(0, command.MaxDecimalScale).Draw(d.t, label+" scale")
		v.Set(reflect.ValueOf(command.NewDecimal(rapid.Int64().Draw(d.t, label), uint8(scale))))
	case command.Date:
		number := rapid.IntRange(-12_000, 12_000)
		v.Set(reflect.ValueOf(command.Date{
			Year: number.Draw(d.t, label+" year"), Month: time.Month(number.Draw(d.t, label+" month")), Day: number.Draw(d.t, label+" day"),
		}))
	case time.Time:
		seconds := rapid.OneOf(rapid.Int64Range(-1<<40, 1<<40), rapid.SampledFrom([]int64{-62135596800, -62135596801, 253402300799, 253402300800}))
		zone := time.FixedZone("", rapid.IntRange(-50_000, 50_000).Draw(d.t, label+" zone"))
		v.Set(reflect.ValueOf(time.Unix(seconds.Draw(d.t, label), rapid.Int64Range(0, 999_999_999).Draw(d.t, label+" nanos")).In(zone)))
	default:
		return false
	}
	return true
}

// drawPayload fills every field that the schema requires; amounts fit
// decimal(18,2).
func drawPayload(t *rapid.T, name command.Name) command.Payload {
	p := newPayload(name)
	drawing{t: t, scale: 2, digits: 16}.fill(reflect.ValueOf(p).Elem(), string(name))
	switch p := p.(type) {
	case *command.UpdateCustomer:
		if rapid.Bool().Draw(t, "no contact") {
			p.ContactAddress = nil
		}
	case *command.Invoice:
		p.EntryType += "X" // empty is absent in JSON, and absent is DEBIT
		if rapid.Bool().Draw(t, "no previous") {
			p.PreviousDueDate = command.Date{}
		}
	}
	return p
}

func drawCommand(t *rapid.T, name command.Name) *command.Command {
	c := &command.Command{ID: someID, CorrelationID: rapid.String().Draw(t, "correlation"), Payload: drawPayload(t, name)}
	drawing{t: t}.fill(reflect.ValueOf(&c.IssuedAt).Elem(), "issued")
	if rapid.Bool().Draw(t, "expires") {
		drawing{t: t}.fill(reflect.ValueOf(&c.ExpiresAt).Elem(), "expires")
	}
	return c
}

func drawOutcome(t *rapid.T, name command.Name) *command.Outcome {
	o := &command.Outcome{}
	result := o.Result
	v := reflect.ValueOf(o).Elem()
	drawing{t: t, nils: true}.fill(v, "outcome")
	o.CommandID, o.Command, o.Result = someID, name, result
	if rapid.Bool().Draw(t, "result") {
		o.Result = newResult(name)
		drawing{t: t, nils: true, scale: command.MaxDecimalScale, digits: 18}.fill(reflect.ValueOf(o.Result).Elem(), "result")
	}
	return o
}

// drawEvent draws any value of a topic's type, those included that no event carries.
func drawEvent(t *rapid.T, topic string) any {
	d := drawing{t: t, nils: true, wild: rapid.Bool().Draw(t, "wild"), scale: command.MaxDecimalScale, digits: 18}
	if !d.wild && slices.Contains(command.Names(), command.Name(topic)) {
		return drawCommand(t, command.Name(topic))
	}
	for _, name := range command.Names() {
		switch topic {
		case string(name):
			c := &command.Command{Payload: newPayload(name)}
			d.fillExported(c, "command", "Payload")
			d.fillExported(c.Payload, "payload")
			return c
		case schemas.ResultTopic(string(name)):
			o := &command.Outcome{}
			d.fillExported(o, "outcome", "Result")
			if rapid.Bool().Draw(t, "result") {
				o.Result = newResult(name)
				d.fillExported(o.Result, "result")
			}
			return o
		}
	}
	if topic == schemas.AuditTopic {
		a := &command.AuditRecord{}
		d.fillExported(a, "audit")
		return a
	}
	a := &command.Attempt{}
	d.fillExported(a, "attempt")
	return a
}

// fillExported fills the fields of what p points to, but for one.
func (d drawing) fillExported(p any, label string, but ...string) {
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; !slices.Contains(but, name) {
			d.fill(v.Field(i), label+"."+name)
		}
	}
}
