package codec

import (
	"encoding/json"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"bankprocessor/internal/command"
)

// fault is the first field that does not read.
type fault struct{ field, reason string }

// reader is the walker that reads: Avro's values without their union wrappers,
// or parsed JSON. It goes on after a fault and keeps the first.
type reader struct {
	values map[string]any
	path   string
	fault  **fault
}

func read(values map[string]any, fields func(walker)) *fault {
	var first *fault
	fields(reader{values: values, fault: &first})
	return first
}

func (r reader) fail(name, reason string) {
	if *r.fault == nil {
		*r.fault = &fault{field: join(r.path, name), reason: reason}
	}
}

func (r reader) text(name, before string) string {
	var s string
	switch v := r.values[name].(type) {
	case nil:
		return before
	case []byte: // Avro promotes bytes to a string
		s = string(v)
	case string:
		s = v
	default:
		r.fail(name, "must be text")
		return before
	}
	if !utf8.ValidString(s) {
		r.fail(name, "is not UTF-8")
		return before
	}
	return s
}

func (r reader) flag(name string, p *bool) {
	switch v := r.values[name].(type) {
	case nil:
	case bool:
		*p = v
	default:
		r.fail(name, "must be true or false")
	}
}

func (r reader) optFlag(name string, p **bool) {
	if r.values[name] != nil {
		var b bool
		r.flag(name, &b)
		*p = &b
	}
}

func (r reader) integer(name string, bits int, before int64) int64 {
	var n int64
	switch v := r.values[name].(type) {
	case nil:
		return before
	case int32:
		n = int64(v)
	case int64:
		n = v
	case json.Number:
		var err error
		if n, err = strconv.ParseInt(v.String(), 10, 64); err != nil {
			r.fail(name, "must be a whole number of at most 64 bits")
			return before
		}
	default:
		r.fail(name, "must be a whole number")
		return before
	}
	if bits == 32 && int64(int32(n)) != n {
		r.fail(name, "must be a whole number of at most 32 bits")
		return before
	}
	return n
}

func (r reader) optInteger(name string, bits int, before int64, present bool) (int64, bool) {
	if r.values[name] == nil {
		return before, present
	}
	return r.integer(name, bits, 0), true
}

func (r reader) decimal(name string, p **command.Decimal) {
	var d command.Decimal
	var err error
	switch v := r.values[name].(type) {
	case nil:
		return
	case *big.Rat:
		d, err = fromRat(v)
	case int32:
		d = command.NewDecimal(int64(v), 0)
	case int64:
		d = command.NewDecimal(v, 0)
	case json.Number:
		d, err = command.ParseDecimal(v.String())
	case string:
		d, err = command.ParseDecimal(v)
	case float32, float64:
		r.fail(name, "must be an exact decimal: a float cannot carry an amount")
		return
	default:
		r.fail(name, "must be a decimal number")
		return
	}
	if err != nil {
		r.fail(name, "must be a decimal number: digits with at most one dot, no exponent, no thousands mark, at most 18 digits")
		return
	}
	*p = &d
}

// fromRat finds the least scale that holds a writer's decimal, whose own scale
// the datum no longer tells.
func fromRat(r *big.Rat) (command.Decimal, error) {
	for scale := range uint8(command.MaxDecimalScale) {
		if d, err := command.DecimalFromRat(r, scale); err == nil {
			return d, nil
		}
	}
	return command.DecimalFromRat(r, command.MaxDecimalScale)
}

func (r reader) day(name string, p *command.Date) {
	var d command.Date
	switch v := r.values[name].(type) {
	case nil:
		return
	case string:
		var err error
		if d, err = command.ParseDate(v); err != nil || d.Year < 1 {
			r.fail(name, "must be a day: yyyy-mm-dd")
			return
		}
	case time.Time:
		if !fitMoment(v) || v.Sub(v.Truncate(24*time.Hour)) != 0 {
			r.fail(name, "must be a day between the years 1 and 9999")
			return
		}
		d = command.DateOf(v)
	default:
		r.fail(name, "must be a day")
		return
	}
	*p = d
}

func (r reader) moment(name string, p *time.Time) {
	var t time.Time
	switch v := r.values[name].(type) {
	case nil:
		return
	case string:
		var err error
		if t, err = time.Parse(time.RFC3339, v); err != nil {
			r.fail(name, "must be a moment in RFC 3339, such as 2026-01-02T15:04:05Z")
			return
		}
	case time.Time:
		t = v
	default:
		r.fail(name, "must be a moment")
		return
	}
	if t = t.UTC(); !fitMoment(t) {
		r.fail(name, "must lie between the years 1 and 9999")
		return
	}
	*p = t
}

func (r reader) record(name string, _ bool) (walker, bool) {
	switch v := r.values[name].(type) {
	case nil:
	case map[string]any:
		return r.inside(name, v), true
	default:
		r.fail(name, "must be a record")
	}
	return nil, false
}

func (r reader) list(name string, length int) int {
	list, ok := r.values[name].([]any)
	switch {
	case ok:
		return len(list)
	case r.values[name] != nil:
		r.fail(name, "must be a list")
	}
	return length
}

func (r reader) item(name string, i int) walker {
	list, _ := r.values[name].([]any)
	if i >= len(list) {
		return r.inside(name, nil)
	}
	values, ok := list[i].(map[string]any)
	if !ok {
		r.fail(name, "must be a list of records")
	}
	return r.inside(name, values)
}

func (r reader) inside(name string, values map[string]any) reader {
	return reader{values: values, path: join(r.path, name), fault: r.fault}
}

func (reader) end() {}
