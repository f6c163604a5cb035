package banksim

import (
	"strconv"
	"strings"
	"time"

	"bankprocessor/internal/command"
)

// fields reads the members of one object. The first member that cannot be read
// is kept in malformed; the zero value stands for it.
type fields struct {
	object    *value
	malformed string // the member's name
	complain  func(Rule, string)
}

func (f *fields) fail(name string) {
	if f.malformed == "" {
		f.malformed = name
	}
}

// only complains of members that the method does not have, of the type marker and
// of nulls other than those in nullable.
func (f *fields) only(known map[string]bool) {
	for i := range f.object.members {
		m := &f.object.members[i]
		nullable, ok := known[m.name]
		switch {
		case m.name == "$type":
			f.complain(RuleTypeMember, m.name)
		case !ok:
			f.complain(RuleUnknownMember, m.name)
		case m.value.kind == null && !nullable:
			f.complain(RuleNullMember, m.name)
		}
	}
}

// members builds the set for only; a name that ends in ? may be null.
func members(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		bare, nullable := strings.CutSuffix(name, "?")
		set[bare] = nullable
	}
	return set
}

// text reads an optional text; absent and null are "".
func (f *fields) text(name string) string {
	v := f.object.get(name)
	if v.kind != text && v.kind != absent && v.kind != null {
		f.fail(name)
	}
	return v.text()
}

// required reads a text that must not be blank.
func (f *fields) required(name string) string {
	s := f.text(name)
	if strings.TrimSpace(s) == "" {
		f.fail(name)
	}
	return s
}

// integer reads a required whole number.
func (f *fields) integer(name string) int64 {
	v := f.object.get(name)
	n, err := strconv.ParseInt(string(v.raw), 10, 64)
	if v.kind != number || err != nil {
		f.fail(name)
		return 0
	}
	return n
}

// flag reads a required boolean.
func (f *fields) flag(name string) bool {
	v := f.object.get(name)
	if v.kind != boolean {
		f.fail(name)
	}
	return string(v.raw) == "true"
}

// money reads a required number with at most two digits after the point.
func (f *fields) money(name string) Money {
	v := f.object.get(name)
	if v.kind != number {
		f.fail(name)
		return 0
	}
	if strings.ContainsAny(string(v.raw), "eE") {
		f.complain(RuleExponent, name)
	}
	m, err := parseMoney(string(v.raw))
	if err != nil {
		f.fail(name)
	}
	return m
}

// day reads a required date that stands at midnight without an offset.
func (f *fields) day(name string) command.Date {
	t, bare := f.moment(name)
	if f.malformed == "" && (!bare || t.Hour()+t.Minute()+t.Second()+t.Nanosecond() != 0) {
		f.complain(RuleMidnight, name)
	}
	return command.DateOf(t)
}

// moment reads a required local date or datetime; bare says that it has no
// offset, which the bank ignores.
func (f *fields) moment(name string) (t time.Time, bare bool) {
	v := f.object.get(name)
	s := v.text()
	for _, layout := range [...]string{"2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	t, err := time.Parse("2006-01-02T15:04:05Z07:00", s)
	if err != nil {
		f.fail(name)
		return time.Time{}, false
	}
	return t, false
}

// inner returns the fields of a required object.
func (f *fields) inner(name string) fields {
	v := f.object.get(name)
	if v.kind != object {
		f.fail(name)
	}
	return fields{object: v, complain: f.complain}
}

// join takes over what an inner object could not read.
func (f *fields) join(inner *fields, name string) {
	if inner.malformed != "" {
		f.fail(name + "." + inner.malformed)
	}
}

// validCitizen checks a citizenship number (contract section 8.1): it proves the
// form alone.
func validCitizen(s string) bool {
	if len(s) != 11 || s[0] == '0' {
		return false
	}
	var d [11]int
	total := 0
	for i := range 11 {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		d[i] = int(s[i] - '0')
		if i < 10 {
			total += d[i]
		}
	}
	odd := d[0] + d[2] + d[4] + d[6] + d[8]
	even := d[1] + d[3] + d[5] + d[7]
	tenth := ((7*odd-even)%10 + 10) % 10 // the difference may be negative
	return d[9] == tenth && d[10] == total%10
}

// validPhone is ten digits that begin with a 5.
func validPhone(s string) bool { return len(s) == 10 && s[0] == '5' && allDigits(s) }

func validEmail(s string) bool {
	local, domain, _ := strings.Cut(s, "@")
	return local != "" && domain != "" && len(s) <= 254 && strings.Count(s, "@") == 1 && !strings.ContainsAny(s, " \t\r\n")
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
