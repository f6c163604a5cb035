package alerts

import (
	"regexp"
	"slices"
	"strings"
)

// Selector is one mention of a series in an expression.
type Selector struct {
	Name     string
	Matchers []Matcher
	Within   string // the function right around it; "" for none
}

// Matcher is one condition on a label.
type Matcher struct{ Label, Op, Value string }

// Values are the alternatives that a matcher names.
func (m Matcher) Values() []string {
	if strings.Contains(m.Op, "~") {
		return strings.Split(m.Value, "|")
	}
	return []string{m.Value}
}

// Matches says whether a label's value is one that m wants.
func (m Matcher) Matches(value string) bool {
	same := m.Value == value
	if strings.Contains(m.Op, "~") {
		same = regexp.MustCompile(`^(?:` + m.Value + `)$`).MatchString(value)
	}
	return same == (m.Op[0] == '=')
}

// Query is what an expression reads.
type Query struct {
	Selectors []Selector
	// Grouping are the labels of by, without, on and ignoring, each once.
	Grouping []string
	// Made are the labels that label_replace makes.
	Made []string
}

// A string, a name, a duration or number, an operator, or one other character.
var token = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9][0-9a-zA-Z.]*|=~|!~|!=|==|[^\s]`)

var (
	grouping = []string{"by", "without", "on", "ignoring", "group_left", "group_right"}
	operator = []string{"and", "or", "unless", "offset", "bool", "inf", "nan"}
)

// Read takes an expression apart. It takes for granted that it is PromQL.
func Read(expr string) Query {
	r := reader{tokens: token.FindAllString(expr, -1)}
	for r.at < len(r.tokens) {
		r.step()
	}
	return r.query
}

type reader struct {
	tokens []string
	at     int
	calls  []string // what each open parenthesis belongs to; "" for none
	query  Query
}

func (r *reader) next() string {
	if r.at >= len(r.tokens) {
		return ""
	}
	r.at++
	return r.tokens[r.at-1]
}

func (r *reader) ahead() string {
	if r.at >= len(r.tokens) {
		return ""
	}
	return r.tokens[r.at]
}

func (r *reader) step() {
	switch t := r.next(); {
	case t == "(":
		r.calls = append(r.calls, "")
	case t == ")":
		r.calls = r.calls[:max(0, len(r.calls)-1)]
	case t == "[":
		r.until("]")
	case slices.Contains(grouping, t):
		if r.ahead() == "(" {
			r.group()
		}
	case slices.Contains(operator, t) || !isName(t):
	case r.ahead() == "(":
		r.next()
		r.calls = append(r.calls, t)
		if t == "label_replace" {
			r.made()
		}
	case slices.Contains(grouping, r.ahead()) && !strings.Contains(t, "_"): // an aggregation: its labels come first
	default:
		r.selector(t)
	}
}

func isName(t string) bool {
	c := t[0]
	return c == '_' || c == ':' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (r *reader) until(end string) (inside []string) {
	for t := r.next(); t != end && t != ""; t = r.next() {
		inside = append(inside, t)
	}
	return inside
}

func (r *reader) group() {
	r.next()
	for _, t := range r.until(")") {
		if t != "," && !slices.Contains(r.query.Grouping, t) {
			r.query.Grouping = append(r.query.Grouping, t)
		}
	}
}

// made looks ahead for the label that label_replace makes: its first string that is
// no matcher's.
func (r *reader) made() {
	for _, t := range r.tokens[r.at:] {
		if t[0] == '"' {
			r.query.Made = append(r.query.Made, t[1:len(t)-1])
			return
		}
	}
}

func (r *reader) selector(name string) {
	s := Selector{Name: name}
	for _, call := range r.calls {
		if call != "" {
			s.Within = call
		}
	}
	if r.ahead() == "{" {
		r.next()
		inside := r.until("}")
		for i := 0; i+2 < len(inside); i += 4 { // label, operator, value, comma
			value := inside[i+2]
			s.Matchers = append(s.Matchers, Matcher{inside[i], inside[i+1], value[1 : len(value)-1]})
		}
	}
	r.query.Selectors = append(r.query.Selectors, s)
}
