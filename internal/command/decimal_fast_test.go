package command_test

import (
	"math"
	"math/big"
	"testing"

	"bankprocessor/internal/command"
)

// reference is the decimal as math/big has it.
func reference(coef int64, scale uint8) *big.Rat {
	return new(big.Rat).SetFrac(big.NewInt(coef), tenToThe(scale))
}

func tenToThe(scale uint8) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
}

func FuzzDecimalAgainstBig(f *testing.F) {
	for _, coef := range []int64{0, 1, -1, 9, 10, 90000, -12345, math.MaxInt64, math.MinInt64, 1e18, -1e18} {
		f.Add(coef, uint8(0), uint8(2))
		f.Add(coef, uint8(2), uint8(18))
		f.Add(coef, uint8(18), uint8(40))
	}
	f.Fuzz(func(t *testing.T, coef int64, scale, at uint8) {
		scale %= command.MaxDecimalScale + 1
		d := command.NewDecimal(coef, scale)
		want := reference(coef, scale)
		if text := want.FloatString(d.DigitsAfterPoint()); d.String() != text {
			t.Errorf("%d at scale %d is %s, want %s", coef, scale, d, text)
		}
		if got := string(d.AppendTo([]byte("x"))); got != "x"+d.String() {
			t.Errorf("AppendTo gives %s, String %s", got, d)
		}
		whole := new(big.Int).Quo(want.Num(), want.Denom())
		digits := len(whole.Abs(whole).String())
		if whole.Sign() == 0 {
			digits = 0
		}
		if got := d.DigitsBeforePoint(); got != digits {
			t.Errorf("%s has %d digits before the point, want %d", d, got, digits)
		}
		shifted := new(big.Rat).Mul(want, new(big.Rat).SetInt(tenToThe(at)))
		fits := shifted.IsInt() && shifted.Num().IsInt64()
		n, exact := d.Unscaled(at)
		if exact != fits || (fits && n != shifted.Num().Int64()) {
			t.Errorf("%s at scale %d is %d, %t, want %v", d, at, n, exact, shifted)
		}
	})
}

func BenchmarkDecimalString(b *testing.B) {
	d := command.NewDecimal(9000050, 2)
	b.ReportAllocs()
	room := make([]byte, 0, 32)
	for b.Loop() {
		room = d.AppendTo(room[:0])
	}
}
