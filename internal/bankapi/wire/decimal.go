package wire

import (
	"strconv"
	"strings"

	"bankprocessor/internal/command"
)

// maxShift bounds how far an exponent may move the point; beyond it no
// command.Decimal but zero could hold the value.
const maxShift = 40

// parseDecimal reads a plain decimal or one with an exponent, exactly.
func parseDecimal(s string) (command.Decimal, error) {
	e := strings.IndexAny(s, "eE")
	if e < 0 {
		return command.ParseDecimal(s)
	}
	shift, err := strconv.Atoi(s[e+1:])
	if err != nil || shift < -maxShift || shift > maxShift {
		return command.Decimal{}, command.ErrDecimal
	}
	mantissa, err := command.ParseDecimal(s[:e])
	if err != nil {
		return command.Decimal{}, err
	}
	return command.ParseDecimal(movePoint(mantissa.String(), shift))
}

// movePoint multiplies a plain decimal by 10^shift.
func movePoint(s string, shift int) string {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	point := len(whole) + shift
	digits = whole + fraction
	switch {
	case point <= 0:
		digits = "0." + strings.Repeat("0", -point) + digits
	case point >= len(digits):
		digits += strings.Repeat("0", point-len(digits))
	default:
		digits = digits[:point] + "." + digits[point:]
	}
	if strings.ContainsRune(digits, '.') {
		digits = strings.TrimSuffix(strings.TrimRight(digits, "0"), ".")
	}
	if digits = strings.TrimLeft(digits, "0"); digits == "" || digits[0] == '.' {
		digits = "0" + digits
	}
	if negative {
		digits = "-" + digits
	}
	return digits
}
