package wire

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

// FuzzReader holds the scanner against encoding/json and reads every member
// in every way.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{"$type":"ServiceResponseMessage","Data":{"ErrorCode":"000","RefDate":"0001-01-01T00:00:00","TranId":null,"State":2}}`,
		`{"Data":{"DBSLimitResult":[{"ResultCode":300,"DdaLimit":"1.5e3"},null]}}`,
		`{"Data":{"L":{"N":"1,5"}},"Data":""}`,
		"\ufeff{\u00a0\"a\":\"\\u0130\\ud83d\"}",
		`{"Error":{"Code":1,"Description":"InvalidJson [X"}}`,
		`<html>`, `{"a":`, `{"a":-0.0e-0,"b":[],"c":[{}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := new(Reader).Read(body)
		// On the common ground of both, both must agree.
		if !bytes.Contains(body, []byte("\u00a0")) && !bytes.HasPrefix(body, []byte("\ufeff")) &&
			bytes.Count(body, []byte("{"))+bytes.Count(body, []byte("[")) < maxDepth {
			trimmed := bytes.TrimLeft(body, " \t\r\n")
			want := json.Valid(body) && len(trimmed) > 0 && trimmed[0] == '{'
			if (err == nil) != want {
				t.Fatalf("accepted %v, encoding/json says %v", err == nil, want)
			}
		}
		if err == nil {
			readAll(o)
		}
	})
}

func readAll(o Object) {
	for _, name := range names(o) {
		o.Text(name)
		o.Code(name)
		o.Int64(name)
		o.Int32(name)
		o.Decimal(name)
		o.Bool(name)
		o.Time(name)
		o.Date(name)
		for row := range o.List(name) {
			readAll(row)
		}
		if child := o.Object(name); child.Exists() {
			readAll(child)
		}
	}
}

// names lists the members, each as often as it is there.
func names(o Object) (all []string) {
	nodes := o.reader.nodes
	for i := o.at + 1; i < nodes[o.at].next; i = nodes[i].next {
		all = append(all, string(o.reader.name(&nodes[i])))
	}
	return all
}

// FuzzDecimal holds the decimal reader against math/big.
func FuzzDecimal(f *testing.F) {
	for _, seed := range []string{"900", "900.00", "1.234,56", "-0.5e-3", "1e18", "12.50E1", "0e-40", "+1", "1_0", " 1", "1/2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDecimal(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(s, ",_/ +xX") && !strings.ContainsAny(s, "eE") {
			t.Fatalf("accepted %q", s)
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || want.Cmp(d.Rat()) != 0 {
			t.Fatalf("%q = %s, math/big says %v (%v)", s, d, want, ok)
		}
	})
}
