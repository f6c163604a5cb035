package codec

import (
	"fmt"
	"math"
	"time"

	"bankprocessor/internal/command"
)

// unfit is the refusal of a value that its schema cannot carry. It names the
// field, never the value.
func unfit(path, want string) error {
	return fmt.Errorf("encoding %s: %s", path, want)
}

// toNative turns what the writer produced into what goavro encodes.
func toNative(s *schema, path string, v any) (any, error) {
	if some := s.optional(); some != nil {
		if v == nil {
			return nil, nil
		}
		native, err := toNative(some, path, v)
		return map[string]any{some.key(): native}, err
	}
	switch v := v.(type) {
	case nil:
		return nil, unfit(path, "the event's schema requires it")
	case object:
		return recordNative(s, path, v)
	case []object:
		return listNative(s, path, v)
	case int64:
		return intNative(s, path, v)
	case command.Decimal:
		return decimalNative(s, path, v)
	case command.Date:
		if s.logical == logicalDate {
			return v.EpochDays(), nil
		}
	case time.Time:
		if s.logical == logicalMillis && fitMoment(v) {
			return v.UnixMilli(), nil
		}
	case string:
		if s.kind == "string" {
			return v, nil
		}
	case bool:
		if s.kind == "boolean" {
			return v, nil
		}
	}
	return nil, unfit(path, "does not fit the type "+s.kind+" of the event's schema")
}

func recordNative(s *schema, path string, o object) (any, error) {
	values := make(map[string]member, len(o))
	for _, m := range o {
		values[m.name] = m
	}
	native := make(map[string]any, len(s.fields))
	for _, f := range s.fields {
		m := values[f.name]
		v := m.value
		if m.empty && f.schema.optional() != nil {
			v = nil
		}
		var err error
		if native[f.name], err = toNative(f.schema, join(path, f.name), v); err != nil {
			return nil, err
		}
	}
	return native, nil
}

func listNative(s *schema, path string, list []object) (any, error) {
	if s.kind != "array" {
		return nil, unfit(path, "is not a list in the event's schema")
	}
	native := make([]any, len(list))
	for i, o := range list {
		var err error
		if native[i], err = toNative(s.items, path, o); err != nil {
			return nil, err
		}
	}
	return native, nil
}

func intNative(s *schema, path string, n int64) (any, error) {
	switch {
	case s.kind == "long":
		return n, nil
	case s.kind == "int" && n >= math.MinInt32 && n <= math.MaxInt32:
		return int32(n), nil
	}
	return nil, unfit(path, "is too large for the type "+s.kind+" of the event's schema")
}

func decimalNative(s *schema, path string, d command.Decimal) (any, error) {
	if s.logical != logicalDecimal {
		return nil, unfit(path, "is not a decimal in the event's schema")
	}
	if d.DigitsAfterPoint() > s.scale || d.DigitsBeforePoint() > s.digits-s.scale {
		return nil, unfit(path, fmt.Sprintf("has more digits than decimal(%d,%d)", s.digits, s.scale))
	}
	return d.Rat(), nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
