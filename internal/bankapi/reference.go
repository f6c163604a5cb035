package bankapi

import (
	"strings"

	"bankprocessor/internal/command"
)

// maxReference caps a bank's code or reference, in bytes.
const maxReference = 64

// Reference makes a bank's code or reference fit for events: one short word that
// is no identity number stays as it is, anything else passes Scrub.
func Reference(s string) string {
	if len(s) <= maxReference && isWord(s) && !command.ValidTCKN(s) {
		return s
	}
	s = Scrub(s)
	if command.ValidTCKN(s) {
		return masked
	}
	if len(s) > maxReference {
		s = strings.ToValidUTF8(s[:maxReference], "")
	}
	return s
}

// isWord says whether s is of nothing but ASCII letters, digits and the marks that
// references have.
func isWord(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		case c == '-', c == '_', c == '.', c == ':', c == '/':
		default:
			return false
		}
	}
	return true
}
