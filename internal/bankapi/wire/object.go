package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
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
// something else than asked for: Err tells the latter. A nil Object has no
// members.
type Object struct {
	members []member
	parent  *Object
	name    string
	index   int // place in a list, -1 outside of one
	fault   *error
}

type member struct {
	name, value []byte // the name without its quotes
}

// ReadObject reads a body that is one JSON object. The object refers to body,
// which must not change while the object is in use.
func ReadObject(body []byte) (*Object, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	o := &Object{index: -1, fault: new(error)}
	i := skipSpace(body, 0)
	end := o.read(body, i, 0)
	if end < 0 || skipSpace(body, end) != len(body) {
		return nil, &Error{Want: "one JSON object"}
	}
	return o, nil
}

func (o *Object) read(b []byte, i, depth int) int {
	o.members = o.members[:0]
	return scanObject(b, i, depth, func(name, value []byte) {
		o.members = append(o.members, member{name: memberName(name), value: value})
	})
}

// Err returns the first fault that any reading method met in the whole answer,
// an *Error, or nil.
func (o *Object) Err() error {
	if o == nil {
		return nil
	}
	return *o.fault
}

// Has says whether the member is there and not null.
func (o *Object) Has(name string) bool { return o.raw(name) != nil }

// Object returns the object that the member is, nil when there is none.
func (o *Object) Object(name string) *Object {
	raw := o.raw(name)
	if raw == nil || blank(raw) {
		return nil
	}
	child := &Object{parent: o, name: name, index: -1, fault: o.fault}
	if child.read(raw, 0, 0) < 0 {
		o.fail(name, "an object")
		return nil
	}
	return child
}

// List yields the objects of a list. A single object stands for a list of one,
// and null or "" for an empty one; null elements are passed over. The yielded
// object is only valid until the next one.
func (o *Object) List(name string) iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		raw := o.raw(name)
		if raw == nil || blank(raw) {
			return
		}
		row := &Object{parent: o, name: name, fault: o.fault}
		if raw[0] == '{' {
			row.read(raw, 0, 0)
			yield(row)
			return
		}
		more := true
		end := scanArray(raw, 0, 0, func(value []byte) {
			if !more || isNull(value) {
				row.index++
				return
			}
			if row.read(value, 0, 0) < 0 {
				o.fail(name, "a list of objects")
				more = false
				return
			}
			more = yield(row)
			row.index++
		})
		if end < 0 {
			o.fail(name, "a list of objects")
		}
	}
}

// raw returns the value of the last member called name, nil for none or null.
func (o *Object) raw(name string) []byte {
	if o == nil {
		return nil
	}
	for i := len(o.members) - 1; i >= 0; i-- {
		if m := &o.members[i]; string(m.name) == name {
			if isNull(m.value) {
				return nil
			}
			return m.value
		}
	}
	return nil
}

func (o *Object) fail(name, want string) {
	if *o.fault == nil {
		*o.fault = &Error{Field: o.path() + name, Want: want}
	}
}

// path names the object, with a dot behind it unless it is the whole body.
func (o *Object) path() string {
	if o.parent == nil {
		return ""
	}
	if o.index < 0 {
		return o.parent.path() + o.name + "."
	}
	return fmt.Sprintf("%s%s[%s].", o.parent.path(), o.name, strconv.Itoa(o.index))
}

// memberName returns a scanned name without its quotes and escapes.
func memberName(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') >= 0 {
		return []byte(unquote(quoted))
	}
	return quoted[1 : len(quoted)-1]
}

func isNull(value []byte) bool { return len(value) == 4 && value[0] == 'n' }

// blank says whether value is a string of nothing but white space.
func blank(value []byte) bool {
	return value[0] == '"' && strings.TrimSpace(unquote(value)) == ""
}

// unquote returns the text of a scanned JSON string. Bytes that are not UTF-8
// become U+FFFD: a message in a wrong encoding must not cost the answer.
func unquote(quoted []byte) string {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // scanString has accepted it
	return s
}
