package command

import (
	"strings"
	"unicode"
)

const maxEmail = 254

// validEmail is the bank's rule as far as it is known (contract section 3.1):
// one @ with something on both sides, no spaces, at most 254 bytes.
func validEmail(p Private) bool {
	s := p.Reveal()
	local, domain, found := strings.Cut(s, "@")
	return found && local != "" && domain != "" && len(s) <= maxEmail &&
		!strings.Contains(domain, "@") && !strings.ContainsFunc(s, spaceOrControl)
}

func spaceOrControl(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
