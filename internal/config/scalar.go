package config

import (
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var errUnreadable = errors.New("unreadable")

// scalar reads one value from its text.
type scalar struct {
	want string // what is wanted, for messages
	// text says that in YAML the value must be a string; numbers and booleans
	// must not be one.
	text bool
	set  func(v reflect.Value, s string) error
}

var durationType = reflect.TypeFor[time.Duration]()

// scalarFor returns how to read a value of type t that stands under a key
// called name; ok is false when t is no scalar.
func scalarFor(t reflect.Type, name string) (s scalar, ok bool) {
	switch {
	case t == durationType:
		return scalar{"a duration with its unit, such as 250ms, 5s or 1h30m", true, setDuration}, true
	case t.Kind() == reflect.String:
		return scalar{"text (in quotes where it looks like a number)", true, setString}, true
	case t.Kind() == reflect.Bool:
		return scalar{"true or false", false, setBool}, true
	case t.Kind() == reflect.Float64:
		return scalar{"a number", false, setFloat}, true
	case isInt(t.Kind()) && strings.HasSuffix(name, "_bytes"):
		return scalar{"a size with its unit, such as 512KiB or 8MiB", true, setSize}, true
	case isInt(t.Kind()):
		return scalar{"a whole number", false, setInt}, true
	case isUint(t.Kind()):
		return scalar{"a whole number, 0 or more", false, setUint}, true
	}
	return scalar{}, false
}

func isInt(k reflect.Kind) bool {
	switch k {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return true
	}
	return false
}

func isUint(k reflect.Kind) bool {
	switch k {
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}

func setString(v reflect.Value, s string) error {
	v.SetString(s)
	return nil
}

func setBool(v reflect.Value, s string) error {
	switch s {
	case "true":
		v.SetBool(true)
	case "false":
		v.SetBool(false)
	default:
		return errUnreadable
	}
	return nil
}

func setInt(v reflect.Value, s string) error {
	n, err := strconv.ParseInt(s, 10, v.Type().Bits())
	if err != nil {
		return err
	}
	v.SetInt(n)
	return nil
}

func setUint(v reflect.Value, s string) error {
	n, err := strconv.ParseUint(s, 10, v.Type().Bits())
	if err != nil {
		return err
	}
	v.SetUint(n)
	return nil
}

func setFloat(v reflect.Value, s string) error {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return errUnreadable
	}
	v.SetFloat(x)
	return nil
}

func setDuration(v reflect.Value, s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		return err
	}
	v.SetInt(int64(d))
	return nil
}

// units are tried in order, so that "MiB" is not read as "B".
var units = []struct {
	suffix string
	bytes  int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}}

func setSize(v reflect.Value, s string) error {
	for _, u := range units {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.bytes || v.OverflowInt(n*u.bytes) {
			return errUnreadable
		}
		v.SetInt(n * u.bytes)
		return nil
	}
	return errUnreadable
}
