package wire

import (
	"bytes"
	"strconv"
	"time"

	"bankprocessor/internal/command"
)

// Text returns a string as it stands, or a number's own digits: the banks
// render some of their numbers either way.
func (o Object) Text(name string) string {
	text, _ := o.scalar(name, "a string")
	return string(text)
}

// Code returns a code: a trimmed string, or a bare number in at least three
// digits ("000" for 0).
func (o Object) Code(name string) string {
	const want = "a code"
	text, number := o.scalar(name, want)
	if !number {
		return string(bytes.TrimSpace(text))
	}
	if !allDigits(text) {
		o.fail(name, want)
		return ""
	}
	return "000"[:max(0, 3-len(text))] + string(text)
}

// Int64 returns a whole number, written as a number or as a string of digits.
func (o Object) Int64(name string) *int64 {
	n, ok := o.Int(name, 64)
	if !ok {
		return nil
	}
	return &n
}

// Int32 returns a whole number of at most 32 bits.
func (o Object) Int32(name string) *int32 {
	n, ok := o.Int(name, 32)
	if !ok {
		return nil
	}
	short := int32(n)
	return &short
}

// Int returns a whole number of at most so many bits; ok is false where Int64
// returns nil.
func (o Object) Int(name string, bits int) (n int64, ok bool) {
	const want = "a whole number"
	text, _ := o.scalar(name, want)
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(text), 10, bits)
	if err != nil || text[0] == '+' {
		o.fail(name, want+" of "+strconv.Itoa(bits)+" bits")
		return 0, false
	}
	return n, true
}

// Decimal returns an exact decimal, written as a number or as a string with a
// dot. An exponent is taken at its exact value; a comma, a thousands mark and
// more digits than a command.Decimal holds are faults.
func (o Object) Decimal(name string) *command.Decimal {
	const want = "a decimal number with a dot"
	text, _ := o.scalar(name, want)
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return nil
	}
	d, err := parseDecimal(string(text))
	if err != nil {
		o.fail(name, want)
		return nil
	}
	return &d
}

// Bool returns true or false, also where they are written as 1 and 0 or as
// strings.
func (o Object) Bool(name string) *bool {
	raw := o.raw(name)
	if raw == nil {
		return nil
	}
	if raw[0] == '"' {
		raw = bytes.TrimSpace(unquote(raw))
	}
	var b bool
	switch string(raw) {
	case "":
		return nil
	case "true", "True", "1":
		b = true
	case "false", "False", "0":
	default:
		o.fail(name, "true or false")
		return nil
	}
	return &b
}

// noTime is how .NET writes that there is none.
const noTime = "0001-01-01T00:00:00"

// Time returns a moment. The bank's datetimes are Istanbul's unless they carry an
// offset. The zero time stands for null, blank and .NET's 0001-01-01.
func (o Object) Time(name string) time.Time {
	const want = "a datetime such as 2006-01-02T15:04:05"
	raw := o.raw(name)
	if raw == nil {
		return time.Time{}
	}
	if raw[0] != '"' {
		o.fail(name, want)
		return time.Time{}
	}
	s := string(bytes.TrimSpace(unquote(raw)))
	if s == "" || s == noTime {
		return time.Time{}
	}
	for _, layout := range [...]string{"2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", time.DateOnly} {
		t, err := time.ParseInLocation(layout, s, command.Istanbul)
		if err != nil {
			continue
		}
		if t.Year() <= 1 {
			return time.Time{}
		}
		return t.In(command.Istanbul)
	}
	o.fail(name, want)
	return time.Time{}
}

// Date returns the day in Istanbul of what Time reads.
func (o Object) Date(name string) command.Date {
	t := o.Time(name)
	if t.IsZero() {
		return command.Date{}
	}
	return command.DateOf(t)
}

// scalar returns the text of a string or number, nil for null. It may be a part of
// the body.
func (o Object) scalar(name, want string) (text []byte, number bool) {
	raw := o.raw(name)
	switch {
	case raw == nil:
		return nil, false
	case raw[0] == '"':
		return unquote(raw), false
	case raw[0] == '-' || isDigit(raw[0]):
		return raw, true
	}
	o.fail(name, want)
	return nil, false
}

func allDigits(text []byte) bool {
	for _, c := range text {
		if !isDigit(c) {
			return false
		}
	}
	return true
}
