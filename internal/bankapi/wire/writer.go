package wire

import (
	"strconv"
	"strings"

	"bankprocessor/internal/command"
)

// maxScale is how many digits after the point the banks take.
const maxScale = 2

// Writer appends one JSON object, member by member, in the order of the calls.
// It writes no white space. The zero value is ready; Begin comes first, and comes
// again to write another object into the same memory.
type Writer struct {
	buf  []byte
	next bool // a comma must precede what comes next
	err  error
}

// keptBytes is how much memory a Writer keeps between two objects.
const keptBytes = 16 << 10

// Begin opens the object at the top. What Bytes returned before is written over.
func (w *Writer) Begin() {
	if n := cap(w.buf); n == 0 || n > keptBytes {
		w.buf = make([]byte, 0, 1<<10)
	}
	*w = Writer{buf: w.buf[:0]}
	w.open("", '{')
}

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

// TextWithout writes a string without what is to be left out of it.
func (w *Writer) TextWithout(name, value, out string) {
	w.member(name)
	w.buf = append(w.buf, '"')
	for more := true; more; {
		var part string
		part, value, more = strings.Cut(value, out)
		w.buf = appendEscaped(w.buf, part)
	}
	w.buf = append(w.buf, '"')
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
	w.buf = value.AppendTo(w.buf)
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
