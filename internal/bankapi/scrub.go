package bankapi

import (
	"regexp"
	"strings"
	"unicode"
)

// masked stands for what must not be seen.
const masked = "***"

// maxMessageRunes caps what is kept of a bank's message.
const maxMessageRunes = 256

// personal finds what may point to a person in a bank's free text: e-mail
// addresses, IBANs, and ten or more digits with the separators that phone
// numbers have. Identity, customer, process and account numbers are of that
// length too. It would rather mask an amount than miss a number.
var personal = regexp.MustCompile(`\S*@\S*` +
	`|\b[A-Za-z]{2}\p{Nd}{2}(?: ?[A-Za-z\p{Nd}]{4}){3,7}(?: ?[A-Za-z\p{Nd}]{1,3})?\b` +
	`|\+?\(?\p{Nd}(?:[ ().\-/+]{0,3}\p{Nd}){9,}`)

// Scrub makes a bank's message fit for events and logs (contract section 7):
// personal data masked, control and invisible characters dropped, at most 256
// characters.
func Scrub(message string) string {
	if len(message) <= maxMessageRunes && harmless(message) {
		return strings.TrimSpace(message)
	}
	return scrub(message)
}

// harmless says whether a message is of ASCII and the Latin letters alone, without
// what scrub looks for. Most messages are, and every answer has one.
func harmless(message string) bool {
	digits := 0
	for _, r := range message {
		switch {
		case r >= '0' && r <= '9':
			if digits++; digits == 2 {
				return false
			}
		case r < ' ', r == '@', r > '~' && r < '\u00c0', r > '\u024f':
			return false
		}
	}
	return true
}

func scrub(message string) string {
	message = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(message, ""))
	if suspicious(message) {
		message = personal.ReplaceAllString(message, masked)
	}
	message = strings.TrimSpace(message)
	if runes := []rune(message); len(runes) > maxMessageRunes {
		message = strings.TrimSpace(string(runes[:maxMessageRunes]))
	}
	return message
}

// suspicious says whether the message has what personal needs for any match: an
// @ or two digits.
func suspicious(message string) bool {
	digits := 0
	for _, r := range message {
		if unicode.IsDigit(r) {
			digits++
		}
		if r == '@' || digits == 2 {
			return true
		}
	}
	return false
}
