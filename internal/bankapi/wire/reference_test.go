package wire

import (
	"bytes"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// reference is a JSON object as encoding/json reads it; the last of the members
// with one name counts.
type reference map[string]any

// dirty is an answer that a Reader may have read before.
const dirty = `{"Error":{"Code":1,"a":"left over"},"a":[{"a":"left over"},{"N":7}],"Data":{"Data":{"Data":{}}}}`

// FuzzAgainstEncodingJSON holds every value that is read, by a Reader which has
// read something else before, against encoding/json.
func FuzzAgainstEncodingJSON(f *testing.F) {
	for _, seed := range []string{
		`{"Data":{"ErrorCode":"000","RefNumber":12,"TranId":null,"State":2}}`, `{"a":1,"a":{"b":2},"a":{"b":"3","b":null}}`,
		`{"L":[{"N":"1,5"},null,{"N":[{}]},7]}`, `{"\u0061":{"b\n":-0.50,"c":"\ud83d"},"a ":" 12 "}`, `{"a":[],"b":{},"c":[[{}]],"d":""}`,
		`{"a":true,"b":"False","c":1e2,"d":"  "}`, dirty,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) || bytes.ContainsAny(body, "\u00a0\ufeff") {
			return // read more leniently than by encoding/json
		}
		if bytes.Count(body, []byte("{")) > 10 {
			return // each level is compared twice
		}
		var r Reader
		if _, err := r.Read([]byte(dirty)); err != nil {
			t.Fatal(err)
		}
		o, err := r.Read(body)
		if err != nil {
			return // FuzzReader looks at what is refused
		}
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		var want reference
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("accepted, but by encoding/json: %v", err)
		}
		compare(t, o, want)
	})
}

func compare(t *testing.T, o Object, want reference) {
	t.Helper()
	got := slices.Compact(slices.Sorted(slices.Values(names(o))))
	if len(got) != len(want) {
		t.Fatalf("members %q, want %d", got, len(want))
	}
	for name, value := range want {
		if !slices.Contains(got, name) {
			t.Fatalf("no member %q", name)
		}
		compareScalars(t, o, name, value)
		compareObjects(t, o, name, value)
	}
}

// compareScalars holds each way of reading a member against the reference's text.
func compareScalars(t *testing.T, o Object, name string, value any) {
	t.Helper()
	text, scalar := textOf(value)
	if fault := faultOf(o, func() {
		if got := o.Text(name); got != text || o.Has(name) != (value != nil) {
			t.Fatalf("%q reads as %q, want %q", name, got, text)
		}
	}); fault == scalar {
		t.Fatalf("text %q: fault %v", name, fault)
	}
	trimmed := strings.TrimSpace(text)
	n, err := strconv.ParseInt(trimmed, 10, 64)
	whole := err == nil && trimmed[0] != '+'
	if fault := faultOf(o, func() {
		if got := o.Int64(name); (got != nil) != whole || got != nil && *got != n {
			t.Fatalf("%q reads as %v, want %d, %v", name, got, n, whole)
		}
	}); fault != (!whole && (trimmed != "" || !scalar)) {
		t.Fatalf("whole number %q: fault %v", name, fault)
	}
	_ = faultOf(o, func() {
		if got := o.Decimal(name); got != nil {
			if exact, ok := new(big.Rat).SetString(trimmed); !ok || exact.Cmp(got.Rat()) != 0 {
				t.Fatalf("%q reads as %s, want %q", name, got, trimmed)
			}
		}
	})
}

func compareObjects(t *testing.T, o Object, name string, value any) {
	t.Helper()
	if strings.TrimSpace(textOrX(value)) == "" {
		value = nil // blank stands for none
	}
	inner, isObject := value.(map[string]any)
	fault := faultOf(o, func() {
		got := o.Object(name)
		if got.Exists() != isObject {
			t.Fatalf("%q is an object: %v, want %v", name, got.Exists(), isObject)
		}
		if isObject {
			compare(t, got, inner)
		}
	})
	if fault != (value != nil && !isObject) {
		t.Fatalf("object %q: fault %v", name, fault)
	}
	rows, isList := rowsOf(value)
	var i int
	fault = faultOf(o, func() {
		for row := range o.List(name) {
			if i == len(rows) {
				t.Fatalf("list %q has more than %d rows", name, len(rows))
			}
			before := o.reader.fault
			compare(t, row, rows[i])
			o.reader.fault = before
			i++
		}
	})
	if i != len(rows) || fault == isList {
		t.Fatalf("list %q has %d rows, want %d; fault %v", name, i, len(rows), fault)
	}
}

// faultOf says whether read was a fault, and forgets it.
func faultOf(o Object, read func()) bool {
	before := o.reader.fault
	o.reader.fault = nil
	read()
	fault := o.reader.fault != nil
	o.reader.fault = before
	return fault
}

// textOf returns what Text reads, and whether that is no fault.
func textOf(value any) (text string, scalar bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// textOrX returns a string's text and X for anything else.
func textOrX(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	return "X"
}

// rowsOf returns the objects of a list, up to its first fault, and whether there
// is none.
func rowsOf(value any) (rows []reference, ok bool) {
	switch v := value.(type) {
	case nil:
		return nil, true
	case map[string]any:
		return []reference{v}, true
	case []any:
		for _, element := range v {
			row, isObject := element.(map[string]any)
			if !isObject && element != nil {
				return rows, false
			}
			if isObject {
				rows = append(rows, row)
			}
		}
		return rows, true
	}
	return nil, false
}
