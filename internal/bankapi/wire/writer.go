package wire

import (
	"strconv"
	"unicode/utf8"

	"bankprocessor/internal/command"
)

// maxScale is how many digits after the point the banks take.
const maxScale = 2

// Writer appends one JSON object, member by member, in the order of the calls.
// It writes no white space. The zero value is ready; Begin comes first.
type Writer struct {
	buf  []byte
	next bool // a comma must precede what comes next
	err  error
}

// Begin opens the object at the top.
func (w *Writer) Begin() { w.open("", '{') }

// BeginObject opens a member that is an object.
func (w *Writer) BeginObject(name string) { w.open(name, '{') }

// BeginSingle opens a member that is a list of exactly one object; EndSingle
// closes both.
func (w *Writer) BeginSingle(name string) {
	w.open(name, '[')
	w.open("", '{')
}

// End closes the innermost object.
func (w *Writer) End() { w.close('}') }

// EndSingle closes what BeginSingle opened.
func (w *Writer) EndSingle() {
	w.close('}')
	w.close(']')
}

// Text writes a string. Only what JSON demands is escaped; bytes that are not
// UTF-8 become U+FFFD.
func (w *Writer) Text(name, value string) {
	w.member(name)
	w.buf = appendString(w.buf, value)
}

// OptionalText writes a string, or nothing when it is empty.
func (w *Writer) OptionalText(name, value string) {
	if value != "" {
		w.Text(name, value)
	}
}

// Int writes a whole number.
func (w *Writer) Int(name string, value int64) {
	w.member(name)
	w.buf = strconv.AppendInt(w.buf, value, 10)
}

// Bool writes true or false.
func (w *Writer) Bool(name string, value bool) {
	w.member(name)
	w.buf = strconv.AppendBool(w.buf, value)
}

// Decimal writes an exact number without an exponent. More than two digits after
// the point are a fault that Bytes reports.
func (w *Writer) Decimal(name string, value command.Decimal) {
	if value.DigitsAfterPoint() > maxScale {
		w.fail(name, "at most two digits after the point")
	}
	w.member(name)
	w.buf = append(w.buf, value.String()...)
}

// Missing reports a required member that the caller has no value for.
func (w *Writer) Missing(name string) { w.fail(name, "a value") }

// Bytes returns what was written, or the first fault, an *Error.
func (w *Writer) Bytes() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return w.buf, nil
}

func (w *Writer) open(name string, bracket byte) {
	w.member(name)
	w.buf = append(w.buf, bracket)
	w.next = false
}

func (w *Writer) close(bracket byte) {
	w.buf = append(w.buf, bracket)
	w.next = true
}

// member writes what comes before a value; an element of a list has no name.
func (w *Writer) member(name string) {
	if w.next {
		w.buf = append(w.buf, ',')
	}
	w.next = true
	if name != "" {
		w.buf = append(appendString(w.buf, name), ':')
	}
}

func (w *Writer) fail(name, want string) {
	if w.err == nil {
		w.err = &Error{Field: name, Want: want}
	}
}

func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&0xf])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
