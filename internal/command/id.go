package command

import (
	"errors"
	"strings"
)

// ErrID is the refusal of ParseID.
var ErrID = errors.New("not a UUID: want 36 characters, 8-4-4-4-12 hex digits, not all zero")

const nilID = "00000000-0000-0000-0000-000000000000"

// ParseID returns a command id in canonical lower-case form. Any version of UUID
// is taken in either case of letters; the nil UUID is not, since it names nothing.
func ParseID(s string) (string, error) {
	if len(s) != len(nilID) || !uuidShaped(s) || s == nilID {
		return "", ErrID
	}
	return strings.ToLower(s), nil
}

func uuidShaped(s string) bool {
	for i := range len(s) {
		if nilID[i] == '-' {
			if s[i] != '-' {
				return false
			}
		} else if !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
