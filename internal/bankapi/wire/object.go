package wire

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// Error says which field of an answer is not what the contract promises. It
// never holds the field's value.
type Error struct {
	Field string // path, such as "Data.DBSLimitResult[2].DdaLimit"; "" for the whole body
	Want  string
}

// Error names the field and what was wanted there.
func (e *Error) Error() string {
	if e.Field == "" {
		return "want " + e.Want
	}
	return e.Field + ": want " + e.Want
}

// Object is one JSON object of an answer. Its reading methods return the zero
// value for a member that is absent, null or blank, and also for one that is
// something else than asked for: Err tells the latter. The zero Object is none and
// has no members.
type Object struct {
	reader *Reader
	at     int32 // of its node
}

// Exists says whether there is such an object.
func (o Object) Exists() bool { return o.reader != nil }

// Err returns the first fault that any reading method met in the whole answer,
// an *Error, or nil.
func (o Object) Err() error {
	if o.reader == nil {
		return nil
	}
	return o.reader.fault
}

// Has says whether the member is there and not null.
func (o Object) Has(name string) bool { return o.raw(name) != nil }

// Object returns the object that the member is, the zero Object when there is none.
func (o Object) Object(name string) Object {
	raw, at := o.member(name)
	switch {
	case raw == nil || blank(raw):
		return Object{}
	case raw[0] != '{':
		o.fail(name, "an object")
		return Object{}
	}
	return Object{o.reader, at}
}

// List yields the objects of a list. A single object stands for a list of one,
// and null or "" for an empty one; null elements are passed over.
func (o Object) List(name string) iter.Seq[Object] {
	return func(yield func(Object) bool) {
		raw, at := o.member(name)
		switch {
		case raw == nil || blank(raw):
			return
		case raw[0] == '{':
			o.reader.nodes[at].row = true
			yield(Object{o.reader, at})
			return
		case raw[0] != '[':
			o.fail(name, "a list of objects")
			return
		}
		r := o.reader
		for i := at + 1; i < r.nodes[at].next; i = r.nodes[i].next {
			switch element := r.text(r.nodes[i].value); {
			case isNull(element):
			case element[0] != '{':
				o.fail(name, "a list of objects")
				return
			case !yield(Object{r, i}):
				return
			}
		}
	}
}

// raw returns the value of the last member called name, nil for none or null.
func (o Object) raw(name string) []byte {
	raw, _ := o.member(name)
	return raw
}

// member returns raw and the node that it is the value of.
func (o Object) member(name string) (raw []byte, at int32) {
	if o.reader == nil {
		return nil, 0
	}
	nodes := o.reader.nodes
	for i := o.at + 1; i < nodes[o.at].next; i = nodes[i].next {
		if n := &nodes[i]; n.mayBe(name) && string(o.reader.name(n)) == name {
			raw, at = o.reader.text(n.value), i
		}
	}
	if isNull(raw) {
		raw = nil
	}
	return raw, at
}

func (o Object) fail(name, want string) {
	if o.reader.fault == nil {
		o.reader.fault = &Error{Field: o.reader.path(o.at) + name, Want: want}
	}
}

func isNull(value []byte) bool { return len(value) == 4 && value[0] == 'n' }

// blank says whether value is a string of nothing but white space.
func blank(value []byte) bool {
	return value[0] == '"' && len(bytes.TrimSpace(unquote(value))) == 0
}

// unquote returns the text of a scanned JSON string, which may be a part of it.
// Bytes that are not UTF-8 become U+FFFD: a message in a wrong encoding must not
// cost the answer.
func unquote(quoted []byte) []byte {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return inner
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // scanString has accepted it
	return []byte(s)
}
