package wire

import (
	"encoding/json"
	"errors"
	"testing"

	"bankprocessor/internal/command"

	"pgregory.net/rapid"
)

func TestWriter(t *testing.T) {
	t.Parallel()
	var w Writer
	w.Begin()
	w.BeginObject("Header")
	w.Text("AppKey", `a"b\c`)
	w.OptionalText("TellerName", "")
	w.End()
	w.BeginSingle("Parameters")
	w.Text("Education", "ÜNİVERSİTE ışğ\u2028<&>\n\x01")
	w.Int("CustomerNo", 5035266140)
	w.Decimal("Amount", command.NewDecimal(90000, 2))
	w.Decimal("Salary", command.NewDecimal(1234550, 2))
	w.Bool("IsFatca", false)
	w.BeginObject("Empty")
	w.End()
	w.Bool("Last", true)
	w.EndSingle()
	w.End()
	got, err := w.Bytes()
	want := `{"Header":{"AppKey":"a\"b\\c"},"Parameters":[{"Education":"ÜNİVERSİTE ışğ` + "\u2028" +
		`<&>\n\u0001","CustomerNo":5035266140,"Amount":900,"Salary":12345.5,"IsFatca":false,"Empty":{},"Last":true}]}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, err %v\nwant %s", got, err, want)
	}
}

func TestWriterFaults(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(*Writer){
		"three digits":      func(w *Writer) { w.Decimal("Amount", command.NewDecimal(12345, 3)) },
		"missing":           func(w *Writer) { w.Missing("Amount") },
		"first fault stays": func(w *Writer) { w.Missing("Amount"); w.Missing("Other") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w Writer
			w.Begin()
			write(&w)
			w.End()
			_, err := w.Bytes()
			var fault *Error
			if !errors.As(err, &fault) || fault.Field != "Amount" {
				t.Errorf("err = %v, want one of Amount", err)
			}
		})
	}
}

func TestWrittenTextReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name, text := rapid.String().Draw(t, "name"), rapid.String().Draw(t, "text")
		if name == "" {
			name = "V"
		}
		var w Writer
		w.Begin()
		w.Text(name, text)
		w.End()
		body, _ := w.Bytes()
		var std map[string]string
		if err := json.Unmarshal(body, &std); err != nil || std[name] != text {
			t.Fatalf("encoding/json reads %q from %q, err %v", std, body, err)
		}
		o, err := ReadObject(body)
		if err != nil || o.Text(name) != text {
			t.Fatalf("read back %q, err %v, want %q", o.Text(name), err, text)
		}
	})
}

func TestWrittenNumbersReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := command.NewDecimal(rapid.Int64Range(-1e17, 1e17).Draw(t, "coefficient"), rapid.Uint8Range(0, 2).Draw(t, "scale"))
		n := rapid.Int64().Draw(t, "n")
		var w Writer
		w.Begin()
		w.Decimal("D", d)
		w.Text("S", d.String())
		w.Int("N", n)
		w.End()
		body, err := w.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		o, err := ReadObject(body)
		if err != nil {
			t.Fatal(err)
		}
		number, text, whole := o.Decimal("D"), o.Decimal("S"), o.Int64("N")
		if o.Err() != nil || !number.Equal(d) || !text.Equal(d) || *whole != n {
			t.Fatalf("%s reads as %v, %v, %v; err %v", body, number, text, whole, o.Err())
		}
	})
}
