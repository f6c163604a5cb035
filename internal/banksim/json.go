package banksim

import (
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// The bank's own JSON reader keeps what encoding/json hides: members that stand
// twice, and numbers as they were written.

type kind uint8

const (
	absent kind = iota
	null
	boolean
	number
	text
	object
	array
)

// value is a parsed JSON value; raw points into the request's body.
type value struct {
	kind    kind
	raw     []byte
	members []member
	items   []value
}

type member struct {
	name  string
	value value
}

// get returns the last member of that name, as the bank does.
func (v *value) get(name string) *value {
	for i := len(v.members) - 1; i >= 0; i-- {
		if v.members[i].name == name {
			return &v.members[i].value
		}
	}
	return &value{}
}

// text returns a string's text, "" for every other kind.
func (v *value) text() string {
	if v.kind != text {
		return ""
	}
	inner := v.raw[1 : len(v.raw)-1]
	for _, c := range inner {
		if c == '\\' {
			var s string
			if json.Unmarshal(v.raw, &s) != nil {
				return ""
			}
			return s
		}
	}
	return string(inner)
}

var (
	errJSON = errors.New("malformed JSON")
	errSize = errors.New("JSON nested too deep or with too many members")
)

// No request of the contract comes near these bounds; they keep the search for
// duplicates cheap.
const (
	maxDepth   = 16
	maxMembers = 256 // of one object
)

type parser struct {
	b          []byte
	i          int
	duplicates []string // names that stand twice in one object
}

// parse reads one JSON document.
func parse(b []byte) (v value, duplicates []string, err error) {
	if !utf8.Valid(b) {
		return value{}, nil, errJSON
	}
	p := parser{b: b}
	v, err = p.value(0)
	if err != nil {
		return value{}, nil, err
	}
	if p.skip(); p.i != len(b) {
		return value{}, nil, errJSON
	}
	return v, p.duplicates, nil
}

func (p *parser) skip() {
	for p.i < len(p.b) && (p.b[p.i] == ' ' || p.b[p.i] == '\n' || p.b[p.i] == '\t' || p.b[p.i] == '\r') {
		p.i++
	}
}

// next skips white space and returns the byte there, 0 at the end.
func (p *parser) next() byte {
	if p.skip(); p.i < len(p.b) {
		return p.b[p.i]
	}
	return 0
}

func (p *parser) value(depth int) (value, error) {
	if depth > maxDepth {
		return value{}, errSize
	}
	switch c := p.next(); {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		raw, err := p.string()
		return value{kind: text, raw: raw}, err
	case c == '-' || (c >= '0' && c <= '9'):
		raw, err := p.number()
		return value{kind: number, raw: raw}, err
	}
	for _, literal := range [...]struct {
		word string
		kind kind
	}{{"true", boolean}, {"false", boolean}, {"null", null}} {
		if end := p.i + len(literal.word); end <= len(p.b) && string(p.b[p.i:end]) == literal.word {
			v := value{kind: literal.kind, raw: p.b[p.i:end]}
			p.i = end
			return v, nil
		}
	}
	return value{}, errJSON
}

func (p *parser) object(depth int) (value, error) {
	v, start := value{kind: object}, p.i
	p.i++
	if p.next() == '}' {
		p.i++
		v.raw = p.b[start:p.i]
		return v, nil
	}
	v.members = make([]member, 0, 8)
	for {
		if p.next() != '"' {
			return value{}, errJSON
		}
		raw, err := p.string()
		if err != nil {
			return value{}, err
		}
		name := memberName(raw)
		if p.next() != ':' {
			return value{}, errJSON
		}
		p.i++
		item, err := p.value(depth + 1)
		if err != nil {
			return value{}, err
		}
		if v.get(name).kind != absent {
			p.duplicates = append(p.duplicates, name)
		}
		if len(v.members) == maxMembers {
			return value{}, errSize
		}
		v.members = append(v.members, member{name: name, value: item})
		switch p.next() {
		case ',':
			p.i++
		case '}':
			p.i++
			v.raw = p.b[start:p.i]
			return v, nil
		default:
			return value{}, errJSON
		}
	}
}

func memberName(raw []byte) string { return (&value{kind: text, raw: raw}).text() }

func (p *parser) array(depth int) (value, error) {
	v := value{kind: array}
	p.i++
	if p.next() == ']' {
		p.i++
		return v, nil
	}
	for {
		item, err := p.value(depth + 1)
		if err != nil {
			return value{}, err
		}
		v.items = append(v.items, item)
		switch p.next() {
		case ',':
			p.i++
		case ']':
			p.i++
			return v, nil
		default:
			return value{}, errJSON
		}
	}
}

// string returns the string at the cursor with its quotes.
func (p *parser) string() ([]byte, error) {
	start := p.i
	for p.i++; p.i < len(p.b); p.i++ {
		switch c := p.b[p.i]; {
		case c == '"':
			p.i++
			return p.b[start:p.i], nil
		case c < ' ':
			return nil, errJSON
		case c == '\\':
			if p.i++; p.i >= len(p.b) {
				return nil, errJSON
			}
			switch p.b[p.i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if !p.hex4() {
					return nil, errJSON
				}
			default:
				return nil, errJSON
			}
		}
	}
	return nil, errJSON
}

// hex4 moves the cursor to the last of four hexadecimal digits.
func (p *parser) hex4() bool {
	for range 4 {
		if p.i++; p.i >= len(p.b) || !isHex(p.b[p.i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
}

func (p *parser) number() ([]byte, error) {
	start := p.i
	if p.b[p.i] == '-' {
		p.i++
	}
	zero := p.i < len(p.b) && p.b[p.i] == '0'
	if n := p.digits(); n == 0 || (zero && n > 1) {
		return nil, errJSON
	}
	if p.i < len(p.b) && p.b[p.i] == '.' {
		p.i++
		if p.digits() == 0 {
			return nil, errJSON
		}
	}
	if p.i < len(p.b) && (p.b[p.i] == 'e' || p.b[p.i] == 'E') {
		p.i++
		if p.i < len(p.b) && (p.b[p.i] == '+' || p.b[p.i] == '-') {
			p.i++
		}
		if p.digits() == 0 {
			return nil, errJSON
		}
	}
	return p.b[start:p.i], nil
}

func (p *parser) digits() int {
	start := p.i
	for p.i < len(p.b) && p.b[p.i] >= '0' && p.b[p.i] <= '9' {
		p.i++
	}
	return p.i - start
}
