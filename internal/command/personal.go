package command

import "strings"

// holdsPersonalData finds what must not stand in a key or in free text: an
// identity number, a phone number in international form, an e-mail address. A
// digit run counts when it is eleven digits long as a whole; parts of longer
// numbers do not, or one invoice number in ten would be refused.
func holdsPersonalData(s string) bool {
	return holdsEmail(s) || holdsDigits(s, 11, ValidTCKN) || holdsDigits(s, 12, func(run string) bool {
		return strings.HasPrefix(run, "905")
	})
}

// ReferenceHoldsPersonalData says whether a reference of upstream's own, such as a
// correlation id, holds what no outcome may carry (contract section 11.10).
func ReferenceHoldsPersonalData(s string) bool { return keyHoldsPersonalData(s) }

// keyHoldsPersonalData is holdsPersonalData for keys. A UUID is exempt: its hex
// digits form an identity number by chance about once in 26,000.
func keyHoldsPersonalData(s string) bool {
	if _, err := ParseID(s); err == nil {
		return false
	}
	return holdsPersonalData(s)
}

func holdsDigits(s string, length int, match func(run string) bool) bool {
	notDigit := func(r rune) bool { return r < '0' || r > '9' }
	for _, run := range strings.FieldsFunc(s, notDigit) {
		if len(run) == length && match(run) {
			return true
		}
	}
	return false
}

func holdsEmail(s string) bool {
	for _, word := range strings.FieldsFunc(s, spaceOrControl) {
		local, domain, found := strings.Cut(word, "@")
		if found && local != "" && strings.Contains(strings.Trim(domain, "."), ".") {
			return true
		}
	}
	return false
}
