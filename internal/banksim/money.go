package banksim

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"bankprocessor/internal/command"
)

// Money is an amount in hundredths of its currency. It marshals as a plain JSON
// number ("900", "0.5") and unmarshals from a number or a numeric string.
type Money int64

// Units returns n whole units of a currency.
func Units(n int64) Money { return Money(n * 100) }

// String writes the amount in the shortest plain form.
func (m Money) String() string { return command.NewDecimal(int64(m), 2).String() }

// MarshalJSON writes a number.
func (m Money) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalJSON reads a number or a numeric string with at most two digits after
// the point.
func (m *Money) UnmarshalJSON(b []byte) error {
	parsed, err := parseMoney(strings.Trim(string(b), `"`))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// errMoney is wrapped by every refusal of parseMoney.
var errMoney = errors.New("not an amount in hundredths")

// parseMoney reads a JSON number exactly, exponents included; more than two
// digits after the point are refused.
func parseMoney(s string) (Money, error) {
	if len(s) > 40 || strings.ContainsAny(s, "/_xXpP") {
		return 0, fmt.Errorf("reading an amount: %w", errMoney)
	}
	if _, exponent, found := strings.Cut(strings.ToLower(s), "e"); found {
		if n, err := strconv.Atoi(exponent); err != nil || n > 18 || n < -18 {
			return 0, fmt.Errorf("reading an exponent: %w", errMoney)
		}
	}
	if m, ok := plainMoney(s); ok {
		return m, nil
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0, fmt.Errorf("reading an amount: %w", errMoney)
	}
	r.Mul(r, big.NewRat(100, 1))
	if !r.IsInt() || !r.Num().IsInt64() {
		return 0, fmt.Errorf("reading an amount: %w", errMoney)
	}
	return Money(r.Num().Int64()), nil
}

// plainMoney is the fast way for "900", "900.5" and "900.50".
func plainMoney(s string) (Money, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole) == 0 || len(whole) > 15 || len(fraction) > 2 {
		return 0, false
	}
	var n int64
	for _, part := range [2]string{whole, (fraction + "00")[:2]} {
		for i := range len(part) {
			if part[i] < '0' || part[i] > '9' {
				return 0, false
			}
			n = n*10 + int64(part[i]-'0')
		}
	}
	return Money(n), true
}

// rates are hundredths of TRY per unit of each currency; TRY itself is 100.
type rates map[string]Money

// convert turns an amount from one currency into another, half up to the
// hundredth. Both currencies have a rate.
func (r rates) convert(m Money, from, to string) Money {
	if from == to {
		return m
	}
	product := new(big.Rat).SetFrac64(int64(m), 1)
	product.Mul(product, big.NewRat(int64(r[from]), int64(r[to])))
	return Money(roundHalfUp(product, 0).Int64())
}

// roundHalfUp returns r · 10^scale rounded half up, away from zero; r ≥ 0.
func roundHalfUp(r *big.Rat, scale int64) *big.Int {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(scale), nil)
	n := new(big.Rat).Mul(r, new(big.Rat).SetInt(power))
	n.Add(n, big.NewRat(1, 2))
	return new(big.Int).Quo(n.Num(), n.Denom())
}
