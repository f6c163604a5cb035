package command

import "strings"

// holdsPersonalData finds what must not stand in a key or in free text: an
// identity number, a phone number in international form, an e-mail address. A
// digit run counts when it is eleven digits long as a whole; parts of longer
// numbers do not, or one invoice number in ten would be refused.
func holdsPersonalData(s string) bool { return holdsEmail(s) || holdsNumber(s) }

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

// holdsNumber looks at every run of digits as a whole.
func holdsNumber(s string) bool {
	run := 0 // digits up to here
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			run++
			continue
		}
		if personalNumber(s[i-run : i]) {
			return true
		}
		run = 0
	}
	return personalNumber(s[len(s)-run:])
}

// personalNumber says whether a run of digits is an identity number or a mobile
// phone's in international form.
func personalNumber(run string) bool {
	switch len(run) {
	case 11:
		return ValidTCKN(run)
	case 12:
		return strings.HasPrefix(run, "905")
	}
	return false
}

func holdsEmail(s string) bool {
	if strings.IndexByte(s, '@') < 0 { // nearly always
		return false
	}
	for word := range strings.FieldsFuncSeq(s, spaceOrControl) {
		local, domain, found := strings.Cut(word, "@")
		if found && local != "" && strings.Contains(strings.Trim(domain, "."), ".") {
			return true
		}
	}
	return false
}
