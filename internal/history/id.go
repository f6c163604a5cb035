package history

import "bankprocessor/internal/command"

// id is what an outcome is one of: a command's id, which is a UUID, in 16 bytes, and
// the revision. A replay is another one than the command's first life.
type id struct {
	uuid     [16]byte
	revision int32
}

// idOf is the id of the command in m whose id reads so; ok is false where that is no
// UUID, or the message does not say which revision it is of.
func idOf(m *command.Message, text string) (k id, ok bool) {
	revision, ok := m.Revision()
	if !ok {
		return id{}, false
	}
	return parseID(text, revision)
}

// digits are where the two hexadecimal digits of each byte begin in a UUID's text.
var digits = [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// noDigit stands in nibbles for what is no hexadecimal digit; every digit is less.
const noDigit = 0xff

// nibbles are the values of the hexadecimal digits.
var nibbles = func() (values [256]byte) {
	for c := range values {
		values[c] = noDigit
	}
	for i := range byte(16) {
		values["0123456789abcdef"[i]], values["0123456789ABCDEF"[i]] = i, i
	}
	return values
}()

// parseID reads the canonical text of a UUID; ok is false for anything else. It is
// asked several times for every command.
func parseID[T string | []byte](text T, revision int32) (k id, ok bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id{}, false
	}
	var all byte
	for i, at := range digits {
		high, low := nibbles[text[at]], nibbles[text[at+1]]
		k.uuid[i] = high<<4 | low
		all |= high | low
	}
	k.revision = revision
	return k, all < 16
}
