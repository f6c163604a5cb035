package command

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
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
	for i := range len(rest) {
		c := rest[i]
		if dotted && i == len(whole) {
			continue
		}
		if c < '0' || c > '9' {
			return Decimal{}, fmt.Errorf("%w: want digits with at most one dot", ErrDecimal)
		}
		if coef > (1<<63-1-9)/10 {
			return Decimal{}, fmt.Errorf("%w: more digits than 64 bits hold", ErrDecimal)
		}
		coef = coef*10 + int64(c-'0')
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
func (d Decimal) DigitsBeforePoint() (n int) {
	for whole := d.coef / powers[d.scale]; whole != 0; whole /= 10 {
		n++
	}
	return n
}

// Unscaled returns the integer that is the value times 10^scale: 90000 for 900 at
// scale 2. exact is false where the value needs more digits after the point than
// scale, or the integer more than 64 bits.
func (d Decimal) Unscaled(scale uint8) (n int64, exact bool) {
	t := d.trimmed()
	if t.coef == 0 {
		return 0, true
	}
	if t.scale > scale || scale-t.scale > MaxDecimalScale {
		return 0, false
	}
	power := powers[scale-t.scale]
	n = t.coef * power
	return n, n/power == t.coef
}

// String writes the value in the shortest plain form: "900", "0.5", "-1.25".
// It is a JSON number.
func (d Decimal) String() string {
	var room [longestDecimal]byte
	return string(d.AppendTo(room[:0]))
}

// longestDecimal is the length of "-0.000000000000000001".
const longestDecimal = 3 + MaxDecimalScale

// AppendTo appends String to b.
func (d Decimal) AppendTo(b []byte) []byte {
	t := d.trimmed()
	magnitude := uint64(t.coef)
	if t.coef < 0 {
		b = append(b, '-')
		magnitude = -magnitude // of the least int64 too
	}
	power := uint64(powers[t.scale])
	b = strconv.AppendUint(b, magnitude/power, 10)
	if t.scale == 0 {
		return b
	}
	b = append(b, '.')
	for fraction := magnitude % power; power > 1; fraction %= power {
		power /= 10
		b = append(b, byte('0'+fraction/power))
	}
	return b
}

// MarshalText writes String.
func (d Decimal) MarshalText() ([]byte, error) { return d.AppendTo(nil), nil }

func (d Decimal) trimmed() Decimal {
	for d.scale > 0 && d.coef%10 == 0 {
		d.coef /= 10
		d.scale--
	}
	return d
}

// powers are the powers of ten of every scale.
var powers = func() (p [MaxDecimalScale + 1]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

func pow10(scale uint8) *big.Int { return big.NewInt(powers[scale]) }
