package banksim

import (
	"strconv"
	"time"

	"bankprocessor/internal/command"
)

// shape is how answers are written; the zero value is the bank's usual way.
type shape struct {
	numbersAsText  bool
	codesAsNumbers bool
	collapseLists  bool
	emptyListText  bool
	repeatStatus   bool
	pageFields     bool
}

func (s *shape) add(k Kind) {
	switch k {
	case FaultNumbersAsText:
		s.numbersAsText = true
	case FaultCodesAsNumbers:
		s.codesAsNumbers = true
	case FaultCollapseLists:
		s.collapseLists = true
	case FaultEmptyListText:
		s.emptyListText = true
	case FaultRepeatStatus:
		s.repeatStatus = true
	case FaultPageFields:
		s.pageFields = true
	}
}

// out writes JSON in the order of its calls.
type out struct {
	b     []byte
	shape shape
	comma bool // the next member or item needs one before it
}

func (o *out) item() {
	if o.comma {
		o.b = append(o.b, ',')
	}
	o.comma = false
}

func (o *out) name(name string) {
	o.item()
	o.b = append(o.b, '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
}

// object writes an object as the value of the name before it.
func (o *out) object(members func()) {
	o.b = append(o.b, '{')
	o.comma = false
	members()
	o.b = append(o.b, '}')
	o.comma = true
}

// list writes n objects under a name.
func (o *out) list(name string, n int, item func(i int)) {
	o.name(name)
	switch {
	case n == 0 && o.shape.emptyListText:
		o.raw(`""`)
		return
	case n == 1 && o.shape.collapseLists:
		o.object(func() { item(0) })
		return
	}
	o.b = append(o.b, '[')
	o.comma = false
	for i := range n {
		o.item()
		o.object(func() { item(i) })
	}
	o.b = append(o.b, ']')
	o.comma = true
}

func (o *out) raw(s string) {
	o.b = append(o.b, s...)
	o.comma = true
}

func (o *out) null(names ...string) {
	for _, name := range names {
		o.name(name)
		o.raw("null")
	}
}

func (o *out) text(name, s string) {
	o.name(name)
	o.quote(s)
}

// orNull writes a text, null when it is empty.
func (o *out) orNull(name, s string) {
	if s == "" {
		o.null(name)
		return
	}
	o.text(name, s)
}

// code writes a bank code, null when it is empty.
func (o *out) code(name, code string) {
	n, err := strconv.Atoi(code)
	if o.shape.codesAsNumbers && err == nil {
		o.name(name)
		o.raw(strconv.Itoa(n))
		return
	}
	o.orNull(name, code)
}

func (o *out) number(name string, n int64) {
	o.name(name)
	o.digits(strconv.AppendInt(nil, n, 10))
}

func (o *out) optional(name string, n *int64) {
	if n == nil {
		o.null(name)
		return
	}
	o.number(name, *n)
}

func (o *out) money(name string, m Money) {
	o.name(name)
	o.digits([]byte(m.String()))
}

func (o *out) decimal(name string, d command.Decimal) {
	o.name(name)
	o.digits([]byte(d.String()))
}

func (o *out) digits(b []byte) {
	if o.shape.numbersAsText {
		o.quote(string(b))
		return
	}
	o.b = append(o.b, b...)
	o.comma = true
}

func (o *out) flag(name string, b bool) {
	o.name(name)
	o.raw(strconv.FormatBool(b))
}

// day writes a date at midnight, null for none.
func (o *out) day(name string, d command.Date) {
	if d.IsZero() {
		o.null(name)
		return
	}
	o.text(name, d.String()+"T00:00:00")
}

// moment writes a local time without a zone.
func (o *out) moment(name string, t time.Time) {
	o.text(name, t.In(command.Istanbul).Format("2006-01-02T15:04:05.000"))
}

func (o *out) quote(s string) {
	const hex = "0123456789abcdef"
	o.b = append(o.b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			o.b = append(o.b, '\\', c)
		case c < ' ':
			o.b = append(o.b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			o.b = append(o.b, c)
		}
	}
	o.b = append(o.b, '"')
	o.comma = true
}
