package command_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
)

// canaryText and canaryNumber stand in every field that fill reaches.
const (
	canaryText   = "CANARY"
	canaryNumber = 777333111
)

// fill sets every exported field of v, recursively, to a canary.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.String:
		v.SetString(canaryText)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(canaryNumber)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		switch v.Interface().(type) {
		case command.Decimal:
			v.Set(reflect.ValueOf(command.NewDecimal(canaryNumber, 2)))
		case time.Time:
			v.Set(reflect.ValueOf(time.Unix(canaryNumber, 0)))
		default:
			for _, field := range v.Fields() {
				fill(field)
			}
		}
	}
}

func filled[T any]() *T {
	p := new(T)
	fill(reflect.ValueOf(p).Elem())
	return p
}

// prints returns everything that could be printed of v.
func prints(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	slog.New(slog.NewJSONHandler(&b, nil)).Info("json", "v", v)
	slog.New(slog.NewTextHandler(&b, nil)).Info("text", "v", v)
	j, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("marshalling %T: %v", v, err)
	}
	b.Write(j)
	return b.String()
}

func mustHide(t *testing.T, v any) {
	t.Helper()
	out := prints(t, v)
	hex := fmt.Sprintf("%x", canaryText)
	for _, canary := range []string{canaryText, hex, strings.ToUpper(hex), fmt.Sprint(canaryNumber), fmt.Sprintf("%x", canaryNumber), "7773331"} {
		if strings.Contains(out, canary) {
			t.Errorf("printing %T shows %q:\n%s", v, canary, out)
		}
	}
}

// addressed prints v itself, a pointer to it, and both inside of others.
func addressed[T any](t *testing.T) {
	t.Helper()
	v := filled[T]()
	mustHide(t, v)
	mustHide(t, *v)
	mustHide(t, []T{*v})
	mustHide(t, struct{ Inside T }{*v})
	mustHide(t, map[string]any{"v": v})
}

func TestNothingPersonalPrints(t *testing.T) {
	t.Parallel()
	addressed[command.CreateCustomer](t)
	addressed[command.UpdateCustomer](t)
	addressed[command.CompleteCustomer](t)
	addressed[command.QueryLimit](t)
	addressed[command.Invoice](t)
	addressed[command.QueryInvoiceResults](t)
	addressed[command.SubmitIncome](t)
	addressed[command.Address](t)
	addressed[command.CodedName](t)
	addressed[command.CustomerCreated](t)
	addressed[command.CustomerUpdated](t)
	addressed[command.CustomerCompleted](t)
	addressed[command.LimitList](t)
	addressed[command.LimitRow](t)
	addressed[command.InvoiceRecorded](t)
	addressed[command.InvoiceResultList](t)
	addressed[command.InvoiceResultRow](t)
	addressed[command.LoanOffer](t)
	addressed[command.Private](t)
	addressed[command.PrivateInt](t)
}

func TestACommandPrintsItsNameAndID(t *testing.T) {
	t.Parallel()
	const id = "0b7d9c0e-5f0a-5d7e-8a53-6f2f6c1f7a10"
	c := command.Command{ID: id, CorrelationID: canaryText, Payload: filled[command.UpdateCustomer]()}
	mustHide(t, c)
	mustHide(t, &c)
	if got := fmt.Sprintf("%+v", &c); got != "customer.update "+id {
		t.Errorf("a command prints %q", got)
	}
	if got := fmt.Sprint(command.Command{ID: id}); got != "command "+id {
		t.Errorf("a command without payload prints %q", got)
	}
}

func TestAMessagePrintsWhereItStands(t *testing.T) {
	t.Parallel()
	m := command.Message{
		Topic: "x.customer.create", Partition: 3, Offset: 42, Key: []byte(canaryText), Value: []byte(canaryText),
		Headers: []command.Header{{Key: "h", Value: []byte(canaryText)}},
	}
	mustHide(t, m)
	mustHide(t, &m)
	mustHide(t, command.DeadLetter{Message: &m})
	if got := fmt.Sprintf("%v", &m); got != "x.customer.create/3@42" {
		t.Errorf("a message prints %q", got)
	}
}

func TestAnOutcomeHidesItsResult(t *testing.T) {
	t.Parallel()
	mustHide(t, command.Outcome{Result: filled[command.LoanOffer]()})
	mustHide(t, command.Verdict{Result: filled[command.CustomerCreated]()})
}

func TestPrivateShowsWhetherThereIsSomething(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		command.Private("").String():                                              "",
		command.Private("x").String():                                             "***",
		command.PrivateInt(0).String():                                            "",
		command.PrivateInt(7).String():                                            "***",
		command.Private("x").Reveal() + fmt.Sprint(command.Private("x")):          "x***",
		fmt.Sprint(command.PrivateInt(7).Reveal()) + command.Private("").String(): "7",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
