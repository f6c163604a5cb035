package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustRead(t *testing.T, body string) Object {
	t.Helper()
	o, err := new(Reader).Read([]byte(body))
	if err != nil {
		t.Fatalf("reading %s: %v", body, err)
	}
	return o
}

func TestReaderTakesWhatTheBanksSend(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"plain":                  `{"Code":"1"}`,
		"byte order mark":        "\ufeff" + `{"Code":"1"}`,
		"non-breaking spaces":    "{\u00a0\u00a0\"Code\":\u00a0\"1\"\n\u00a0}\u00a0\r\n",
		"member twice":           `{"Code":"9","Code":"1"}`,
		"unknown members":        `{"$type":"X","Extra":{"a":[1,{"b":null}]},"Code":"1"}`,
		"escaped name":           `{"\u0043ode":"1"}`,
		"same name, other case":  `{"Code":"1","code":"2","CODE":"3"}`,
		"bytes that are no text": "{\"Message\":\"\xfe\xff\",\"Code\":\"1\"}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := mustRead(t, body)
			if got := o.Code("Code"); got != "1" || o.Err() != nil {
				t.Errorf("Code = %q, err %v", got, o.Err())
			}
		})
	}
}

func TestReaderRefusesWhatIsNotOneObject(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":             ``,
		"blank":             " \n",
		"firewall page":     `<html><body>Request Rejected</body></html>`,
		"half a body":       `{"Data":{"ErrorCode":"000"`,
		"cut in a string":   `{"Data":"abc`,
		"cut in an escape":  `{"Data":"abc\`,
		"cut in an \\u":     `{"Data":"\u00`,
		"list":              `[{"Data":1}]`,
		"string":            `"x"`,
		"number":            `1`,
		"two objects":       `{"a":1}{"b":2}`,
		"text behind":       `{"a":1} ok`,
		"trailing comma":    `{"a":1,}`,
		"single quotes":     `{'a':1}`,
		"name unquoted":     `{a:1}`,
		"quote lost (S1)":   `{"PhoneNumber: "5559999999"}`,
		"leading zero":      `{"a":01}`,
		"number without 0":  `{"a":.5}`,
		"dot without digit": `{"a":1.}`,
		"NaN":               `{"a":NaN}`,
		"control character": "{\"a\":\"\x01\"}",
		"nested too deep":   strings.Repeat(`{"a":`, 80) + "1" + strings.Repeat("}", 80),
		"half a nbsp":       "{\xc2\"a\":1}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := new(Reader).Read([]byte(body))
			var fault *Error
			if !errors.As(err, &fault) || fault.Field != "" {
				t.Errorf("err = %v, want an *Error of the whole body", err)
			}
		})
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	o := mustRead(t, `{"There":{"A":"x"},"Null":null,"Blank":" ","Wrong":[1]}`)
	if got := o.Object("There").Text("A"); got != "x" {
		t.Errorf("There.A = %q", got)
	}
	for _, name := range []string{"Null", "Blank", "Absent"} {
		if o.Object(name).Exists() {
			t.Errorf("%s is an object", name)
		}
	}
	if o.Err() != nil {
		t.Fatalf("err %v before any fault", o.Err())
	}
	var none Object
	if none.Has("A") || none.Text("A") != "" || none.Object("A").Exists() || none.Err() != nil {
		t.Error("no object has members")
	}
	if o.Object("Wrong").Exists() {
		t.Error("a list passed for an object")
	}
	if got, want := o.Err(), (&Error{Field: "Wrong", Want: "an object"}); !cmp.Equal(got, error(want)) {
		t.Errorf("err = %v, want %v", got, want)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list string
		want []string
	}{
		"list":                  {`[{"N":"1"},{"N":"2"}]`, []string{"1", "2"}},
		"collapsed":             {`{"N":"1"}`, []string{"1"}},
		"empty":                 {`[]`, nil},
		"empty as a string":     {`""`, nil},
		"null":                  {`null`, nil},
		"null among the others": {`[null,{"N":"1"},null,{"N":"2"}]`, []string{"1", "2"}},
		"spaces between":        {"[\u00a0{\"N\":\"1\"}\n,\t{\"N\":\"2\"} ]", []string{"1", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := mustRead(t, `{"L":`+c.list+`}`)
			var got []string
			for row := range o.List("L") {
				got = append(got, row.Text("N"))
			}
			if !cmp.Equal(got, c.want) || o.Err() != nil {
				t.Errorf("got %q, err %v, want %q", got, o.Err(), c.want)
			}
		})
	}
}

func TestListFaultsNameTheRow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ list, field string }{
		"a number for a list":  {`7`, "D.L"},
		"a text for a list":    {`"x"`, "D.L"},
		"a string in the list": {`[{"N":1},"x",{"N":"y"}]`, "D.L"},
		"a field of a row":     {`[{"N":1},null,{"N":"1,5"}]`, "D.L[2].N"},
		"a collapsed row":      {`{"N":"1,5"}`, "D.L[0].N"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := mustRead(t, `{"D":{"L":`+c.list+`}}`)
			for row := range o.Object("D").List("L") {
				row.Decimal("N")
			}
			var fault *Error
			if !errors.As(o.Err(), &fault) || fault.Field != c.field {
				t.Errorf("err = %v, want one of field %s", o.Err(), c.field)
			}
		})
	}
}

func TestListStopsWhereTheReaderStops(t *testing.T) {
	t.Parallel()
	o := mustRead(t, `{"L":[{"N":"1"},{"N":"2"},"not looked at"]}`)
	for row := range o.List("L") {
		if row.Text("N") == "2" {
			break
		}
	}
	if o.Err() != nil {
		t.Errorf("err %v of an element behind the break", o.Err())
	}
}

func TestErrorsHoldNoValue(t *testing.T) {
	t.Parallel()
	const canary = "10000000146"
	o := mustRead(t, `{"A":"x`+canary+`"}`)
	o.Decimal("A")
	if o.Err() == nil || strings.Contains(o.Err().Error(), canary) {
		t.Errorf("err = %v", o.Err())
	}
	if _, err := new(Reader).Read([]byte(canary)); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("err = %v", err)
	}
}
