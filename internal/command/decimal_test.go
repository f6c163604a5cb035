package command_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"bankprocessor/internal/command"
)

func TestParseDecimal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"900": "900", "900.0": "900", "900.00": "900", "0": "0", "-0": "0", "0.50": "0.5", "-1.25": "-1.25",
		"0.000000000000000001": "0.000000000000000001", "999999999999999999": "999999999999999999",
		"5784.38": "5784.38", "007": "7",
	} {
		d, err := command.ParseDecimal(in)
		if err != nil || d.String() != want {
			t.Errorf("ParseDecimal(%q) = %v, %v, want %s", in, d, err, want)
		}
	}
	for _, in := range []string{
		"", "-", ".", "1.", ".5", "1.234,56", "1,5", "1e3", "1E3", "+1", " 1", "1 ", "1.2.3", "0x1", "NaN", "Inf", "--1",
		"99999999999999999999", "9223372036854775808", "0.0000000000000000001", "١",
	} {
		if d, err := command.ParseDecimal(in); !errors.Is(err, command.ErrDecimal) {
			t.Errorf("ParseDecimal(%q) = %v, %v, want ErrDecimal", in, d, err)
		}
	}
}

func TestDecimalsOfOneValueAreEqual(t *testing.T) {
	t.Parallel()
	a, b, c := amount("900"), amount("900.0"), amount("900.00")
	if !a.Equal(*b) || !b.Equal(*c) || a.Equal(*amount("900.01")) {
		t.Error("900, 900.0 and 900.00 are one value, 900.01 another")
	}
	for in, want := range map[string][2]int{"900.00": {3, 0}, "0.50": {0, 1}, "-12.345": {2, 3}, "0": {0, 0}} {
		d := amount(in)
		if got := [2]int{d.DigitsBeforePoint(), d.DigitsAfterPoint()}; got != want {
			t.Errorf("%s has %v digits before and after the point, want %v", in, got, want)
		}
	}
	for in, want := range map[string]int{"-0.01": -1, "0.00": 0, "0.01": 1} {
		if got := amount(in).Sign(); got != want {
			t.Errorf("sign of %s = %d, want %d", in, got, want)
		}
	}
}

func TestDecimalRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		coef := rapid.Int64Range(-999999999999999999, 999999999999999999).Draw(t, "coef")
		scale := uint8(rapid.IntRange(0, command.MaxDecimalScale).Draw(t, "scale"))
		d := command.NewDecimal(coef, scale)
		want := new(big.Rat).SetFrac(big.NewInt(coef), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
		if d.Rat().Cmp(want) != 0 {
			t.Fatalf("Rat is %v, want %v", d.Rat(), want)
		}
		if text, ok := new(big.Rat).SetString(d.String()); !ok || text.Cmp(want) != 0 {
			t.Fatalf("%s is not %v", d, want)
		}
		if !json.Valid([]byte(d.String())) {
			t.Fatalf("%s is no JSON number", d)
		}
		parsed, err := command.ParseDecimal(d.String())
		if err != nil || !parsed.Equal(d) {
			t.Fatalf("%s parses to %s, %v", d, parsed, err)
		}
		back, err := command.DecimalFromRat(d.Rat(), scale)
		if err != nil || !back.Equal(d) {
			t.Fatalf("%s comes back from Rat as %s, %v", d, back, err)
		}
		if least := d.DigitsAfterPoint(); least > 0 {
			if rounded, err := command.DecimalFromRat(d.Rat(), uint8(least-1)); err == nil {
				t.Fatalf("%s was rounded to %s", d, rounded)
			}
		}
	})
}

func TestDecimalFromRatRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		r     *big.Rat
		scale uint8
	}{
		"a third":      {big.NewRat(1, 3), 18},
		"a fraction":   {big.NewRat(1, 100), 1},
		"over 64 bits": {new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 63)), 0},
		"scale of 19":  {big.NewRat(1, 1), 19},
	} {
		if d, err := command.DecimalFromRat(c.r, c.scale); !errors.Is(err, command.ErrDecimal) {
			t.Errorf("%s: %v, %v, want ErrDecimal", name, d, err)
		}
	}
	if got := command.NewDecimal(math.MinInt64, 2).String(); got != "-92233720368547758.08" {
		t.Errorf("the least decimal is %s", got)
	}
}
