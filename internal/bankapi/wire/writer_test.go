package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/test/allocs"

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
		o, err := new(Reader).Read(body)
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
		o, err := new(Reader).Read(body)
		if err != nil {
			t.Fatal(err)
		}
		number, text, whole := o.Decimal("D"), o.Decimal("S"), o.Int64("N")
		if o.Err() != nil || !number.Equal(d) || !text.Equal(d) || *whole != n {
			t.Fatalf("%s reads as %v, %v, %v; err %v", body, number, text, whole, o.Err())
		}
	})
}

// FuzzText holds what is written against encoding/json, and pieces against the
// whole.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "ışğ", "a-b--c-", "\x00\x1f\x7f\"\\\n\r\t", "\xff\u2028\ufffd\xc3", "\xed\xa0\x80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var w Writer
		w.Begin()
		w.Text("Whole", text)
		w.TextWithout("Without", text, "-")
		w.End()
		body, err := w.Bytes()
		var got struct{ Whole, Without string }
		if jsonErr := json.Unmarshal(body, &got); err != nil || jsonErr != nil {
			t.Fatalf("%s: %v, %v", body, err, jsonErr)
		}
		want := reencoded(t, text)
		if got.Whole != want || got.Without != strings.ReplaceAll(want, "-", "") {
			t.Fatalf("%q reads as %q and %q", text, got.Whole, got.Without)
		}
	})
}

// reencoded is what encoding/json makes of a text.
func reencoded(t *testing.T, text string) (same string) {
	t.Helper()
	body, err := json.Marshal(text)
	if err == nil {
		err = json.Unmarshal(body, &same)
	}
	if err != nil {
		t.Fatal(err)
	}
	return same
}

func TestDaysAndMonths(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day := command.Date{
			Year:  rapid.OneOf(rapid.IntRange(0, 9999), rapid.IntRange(-20000, 20000)).Draw(t, "year"),
			Month: time.Month(rapid.IntRange(1, 12).Draw(t, "month")), Day: rapid.IntRange(1, 31).Draw(t, "day"),
		}
		if rapid.Bool().Draw(t, "none") {
			day = command.Date{}
		}
		var w Writer
		w.Begin()
		w.Day("D", day, "T00:00:00")
		w.YearMonth("YM", day)
		w.MonthYear("MY", day)
		w.End()
		body, err := w.Bytes()
		want := fmt.Sprintf(`{"D":"%sT00:00:00","YM":"%04d%02d","MY":"%02d%04d"}`,
			day, day.Year, int(day.Month), int(day.Month), day.Year)
		if err != nil || string(body) != want {
			t.Fatalf("got %s, err %v, want %s", body, err, want)
		}
	})
}

func TestAWriterBeginsAnew(t *testing.T) {
	t.Parallel()
	var w Writer
	w.Begin()
	w.Text("Left", strings.Repeat("over", keptBytes))
	w.Missing("Field")
	for range 2 {
		w.Begin()
		w.Int("N", 1)
		w.End()
		if body, err := w.Bytes(); err != nil || string(body) != `{"N":1}` || cap(body) > keptBytes {
			t.Errorf("got %s of %d bytes, err %v", body, cap(body), err)
		}
	}
}

func TestWritingAllocatesNothing(t *testing.T) {
	var w Writer
	day := command.Date{Year: 2020, Month: time.November, Day: 2}
	allocs.AtMost(t, 0, func() {
		w.Begin()
		w.Text("Text", "ÜNİVERSİTE \"x\"")
		w.TextWithout("Without", "331eb5f5-29c7-4df2-b800-926b5f34b874", "-")
		w.Int("Int", 5035266140)
		w.Decimal("Decimal", command.NewDecimal(1234550, 2))
		w.Day("Day", day, "T00:00:00")
		w.YearMonth("Month", day)
		w.Bool("Bool", true)
		w.End()
		_, _ = w.Bytes()
	})
}
