package wire

import (
	"strconv"
	"strings"
	"time"

	"bankprocessor/internal/command"
)

// Text returns a string as it stands, or a number's own digits: the banks
// render some of their numbers either way.
func (o *Object) Text(name string) string {
	s, _ := o.scalar(name, "a string")
	return s
}

// Code returns a code: a trimmed string, or a bare number in at least three
// digits ("000" for 0).
func (o *Object) Code(name string) string {
	const want = "a code"
	s, number := o.scalar(name, want)
	if !number {
		return strings.TrimSpace(s)
	}
	if !allDigits(s) {
		o.fail(name, want)
		return ""
	}
	return strings.Repeat("0", max(0, 3-len(s))) + s
}

// Int64 returns a whole number, written as a number or as a string of digits.
func (o *Object) Int64(name string) *int64 { return o.integer(name, 64) }

// Int32 returns a whole number of at most 32 bits.
func (o *Object) Int32(name string) *int32 {
	n := o.integer(name, 32)
	if n == nil {
		return nil
	}
	short := int32(*n)
	return &short
}

func (o *Object) integer(name string, bits int) *int64 {
	const want = "a whole number"
	s, _ := o.scalar(name, want)
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, bits)
	if err != nil || s[0] == '+' {
		o.fail(name, want+" of "+strconv.Itoa(bits)+" bits")
		return nil
	}
	return &n
}

// Decimal returns an exact decimal, written as a number or as a string with a
// dot. An exponent is taken at its exact value; a comma, a thousands mark and
// more digits than a command.Decimal holds are faults.
func (o *Object) Decimal(name string) *command.Decimal {
	const want = "a decimal number with a dot"
	s, _ := o.scalar(name, want)
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	d, err := parseDecimal(s)
	if err != nil {
		o.fail(name, want)
		return nil
	}
	return &d
}

// Bool returns true or false, also where they are written as 1 and 0 or as
// strings.
func (o *Object) Bool(name string) *bool {
	raw := o.raw(name)
	if raw == nil {
		return nil
	}
	s := string(raw)
	if raw[0] == '"' {
		s = strings.TrimSpace(unquote(raw))
	}
	var b bool
	switch s {
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

// Time returns a moment. The bank's datetimes are Istanbul's unless they carry an
// offset. The zero time stands for null, blank and .NET's 0001-01-01.
func (o *Object) Time(name string) time.Time {
	const want = "a datetime such as 2006-01-02T15:04:05"
	raw := o.raw(name)
	if raw == nil {
		return time.Time{}
	}
	if raw[0] != '"' {
		o.fail(name, want)
		return time.Time{}
	}
	s := strings.TrimSpace(unquote(raw))
	if s == "" {
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
func (o *Object) Date(name string) command.Date {
	t := o.Time(name)
	if t.IsZero() {
		return command.Date{}
	}
	return command.DateOf(t)
}

// scalar returns the text of a string or number, "" for null.
func (o *Object) scalar(name, want string) (s string, number bool) {
	raw := o.raw(name)
	switch {
	case raw == nil:
		return "", false
	case raw[0] == '"':
		return unquote(raw), false
	case raw[0] == '-' || isDigit(raw[0]):
		return string(raw), true
	}
	o.fail(name, want)
	return "", false
}

func allDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}
