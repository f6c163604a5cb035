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
	if len(s) <= maxReference && !strings.ContainsFunc(s, notOfAReference) && !command.ValidTCKN(s) {
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

func notOfAReference(r rune) bool {
	switch {
	case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
		return false
	}
	return !strings.ContainsRune("-_.:/", r)
}
