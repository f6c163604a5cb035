package command

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Decimal is an exact decimal number: coefficient / 10^scale. The zero value is
// 0. It never passes through a float.
type Decimal struct {
	coef  int64
	scale uint8 // 0 to 18
}

// MaxDecimalScale is the largest scale a Decimal holds.
const MaxDecimalScale = 18

// ErrDecimal is wrapped by every refusal of ParseDecimal and DecimalFromRat.
var ErrDecimal = errors.New("not an exact decimal")

// NewDecimal returns coef / 10^scale. A scale above 18 panics: it is a constant
// of the caller's.
func NewDecimal(coef int64, scale uint8) Decimal {
	if scale > MaxDecimalScale {
		panic("command: decimal scale over 18")
	}
	return Decimal{coef: coef, scale: scale}
}

// ParseDecimal reads digits with an optional leading minus and an optional dot:
// "900", "900.00", "-0.5". Exponents, commas, thousands marks, spaces and more
// than 18 digits are refused with an error that wraps ErrDecimal.
func ParseDecimal(s string) (Decimal, error) {
	rest, negative := strings.CutPrefix(s, "-")
	whole, fraction, dotted := strings.Cut(rest, ".")
	if whole == "" || (dotted && fraction == "") || len(fraction) > MaxDecimalScale {
		return Decimal{}, fmt.Errorf("%w: want digits with at most one dot", ErrDecimal)
	}
	var coef int64
	for _, r := range whole + fraction {
		if r < '0' || r > '9' {
			return Decimal{}, fmt.Errorf("%w: want digits with at most one dot", ErrDecimal)
		}
		if coef > (1<<63-1-9)/10 {
			return Decimal{}, fmt.Errorf("%w: more digits than 64 bits hold", ErrDecimal)
		}
		coef = coef*10 + int64(r-'0')
	}
	if negative {
		coef = -coef
	}
	return Decimal{coef: coef, scale: uint8(len(fraction))}, nil
}

// DecimalFromRat returns r at the given scale; a value that needs more digits
// after the point, or more than 64 bits, is refused with ErrDecimal.
func DecimalFromRat(r *big.Rat, scale uint8) (Decimal, error) {
	if scale > MaxDecimalScale {
		return Decimal{}, fmt.Errorf("%w: scale over %d", ErrDecimal, MaxDecimalScale)
	}
	n := new(big.Int).Mul(r.Num(), pow10(scale))
	quotient, remainder := n.QuoRem(n, r.Denom(), new(big.Int))
	if remainder.Sign() != 0 {
		return Decimal{}, fmt.Errorf("%w: more than %d digits after the point", ErrDecimal, scale)
	}
	if !quotient.IsInt64() {
		return Decimal{}, fmt.Errorf("%w: more digits than 64 bits hold", ErrDecimal)
	}
	return Decimal{coef: quotient.Int64(), scale: scale}, nil
}

// Rat returns the exact value.
func (d Decimal) Rat() *big.Rat {
	return new(big.Rat).SetFrac(big.NewInt(d.coef), pow10(d.scale))
}

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.coef < 0:
		return -1
	case d.coef > 0:
		return 1
	}
	return 0
}

// Equal compares values, so that 900, 900.0 and 900.00 are equal.
func (d Decimal) Equal(o Decimal) bool {
	a, b := d.trimmed(), o.trimmed()
	return a == b
}

// DigitsAfterPoint is the least scale that holds the value: 0 for 900.00, 1 for 0.50.
func (d Decimal) DigitsAfterPoint() int { return int(d.trimmed().scale) }

// DigitsBeforePoint is how many digits the whole part has; 0 for 0.5.
func (d Decimal) DigitsBeforePoint() int {
	whole := new(big.Int).Quo(big.NewInt(d.coef), pow10(d.scale))
	if whole.Sign() == 0 {
		return 0
	}
	return len(whole.Abs(whole).String())
}

// String writes the value in the shortest plain form: "900", "0.5", "-1.25".
// It is a JSON number.
func (d Decimal) String() string {
	t := d.trimmed()
	n := big.NewInt(t.coef)
	digits := new(big.Int).Abs(n).String()
	if pad := int(t.scale) - len(digits) + 1; pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	if t.scale > 0 {
		point := len(digits) - int(t.scale)
		digits = digits[:point] + "." + digits[point:]
	}
	if t.coef < 0 {
		digits = "-" + digits
	}
	return digits
}

// MarshalText writes String.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Decimal) trimmed() Decimal {
	for d.scale > 0 && d.coef%10 == 0 {
		d.coef /= 10
		d.scale--
	}
	return d
}

func pow10(scale uint8) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
}
