package command

import "strings"

// NormalizePhone returns a Turkish mobile number in E.164, "+905XXXXXXXXX"
// (contract section 8.2). It reads "+90…", "90…", "0…" and the bare ten digits,
// with spaces anywhere; ok is false for everything else, land lines included.
func NormalizePhone(p Private) (e164 Private, ok bool) {
	digits, ok := NationalPhone(p)
	if !ok {
		return "", false
	}
	return "+90" + digits, true
}

// NationalPhone returns the ten national digits, "5XXXXXXXXX", of what
// NormalizePhone reads.
func NationalPhone(p Private) (digits Private, ok bool) {
	s := strings.ReplaceAll(p.Reveal(), " ", "")
	for _, prefix := range []string{"+90", "90", "0"} {
		if rest, found := strings.CutPrefix(s, prefix); found {
			s = rest
			break
		}
	}
	if len(s) != 10 || s[0] != '5' || !onlyDigits(s) {
		return "", false
	}
	return Private(s), true
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
