package interapi

import (
	"strconv"
	"strings"

	"bankprocessor/internal/command"
)

// amountIn reads the amount behind the last colon of a message, as 129 has it,
// in Turkish or English notation. What could mean two amounts is nil.
func amountIn(message string) *command.Decimal {
	colon := strings.LastIndexByte(message, ':')
	if colon < 0 {
		return nil
	}
	numbers := numbersIn(message[colon+1:])
	if len(numbers) != 1 {
		return nil
	}
	plain, ok := plainNumber(numbers[0])
	if !ok {
		return nil
	}
	d, err := command.ParseDecimal(plain)
	if err != nil {
		return nil
	}
	return &d
}

// daysIn reads the number of days in 203's message, 0 when it does not say
// clearly.
func daysIn(message string) int {
	if colon := strings.LastIndexByte(message, ':'); colon >= 0 {
		message = message[colon+1:]
	}
	numbers := numbersIn(message)
	if len(numbers) != 1 {
		return 0
	}
	days, err := strconv.Atoi(numbers[0])
	if err != nil || days < 1 {
		return 0
	}
	return days
}

// numbersIn finds runs of digits with dots, commas and a leading minus.
func numbersIn(s string) []string {
	var numbers []string
	for _, run := range strings.FieldsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && r != '.' && r != ',' && r != '-'
	}) {
		if run = strings.TrimRight(run, ".,-"); strings.ContainsAny(run, "0123456789") {
			numbers = append(numbers, run)
		}
	}
	return numbers
}

// plainNumber writes a number of either notation with a dot and no thousands
// marks; ok is false when its notation cannot be told.
func plainNumber(s string) (plain string, ok bool) {
	digits, negative := strings.CutPrefix(s, "-")
	point := strings.LastIndexAny(digits, ".,")
	whole, fraction := digits, ""
	switch {
	case point < 0:
	case isThousands(digits, point):
		// Every mark is the same and groups of three follow: no fraction.
	case ambiguous(digits, point):
		return "", false
	default:
		whole, fraction = digits[:point], "."+digits[point+1:]
		if strings.IndexByte(whole, digits[point]) >= 0 {
			return "", false
		}
	}
	if whole, ok = ungroup(whole); !ok {
		return "", false
	}
	if negative {
		whole = "-" + whole
	}
	return whole + fraction, true
}

// isThousands says whether the mark at point occurs more than once, which no
// decimal mark does.
func isThousands(digits string, point int) bool {
	return strings.Count(digits, digits[point:point+1]) > 1
}

// ambiguous says whether the only mark may be either: "1.234".
func ambiguous(digits string, point int) bool {
	return strings.IndexAny(digits, ".,") == point && len(digits)-point == 4 &&
		point <= 3 && digits[0] != '0'
}

// ungroup takes the thousands marks out of a whole number; ok is false when they
// do not stand where they should.
func ungroup(whole string) (string, bool) {
	first := strings.IndexAny(whole, ".,")
	if first < 0 {
		return whole, true
	}
	groups := strings.Split(whole, whole[first:first+1])
	for i, g := range groups {
		if strings.ContainsAny(g, ".,") || (i == 0 && (len(g) < 1 || len(g) > 3)) || (i > 0 && len(g) != 3) {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}
