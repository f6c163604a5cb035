package history

import "encoding/hex"

// id is a command's id, which is a UUID, in 16 bytes.
type id [16]byte

// parseID reads the canonical text of a UUID; ok is false for anything else.
func parseID[T string | []byte](text T) (k id, ok bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id{}, false
	}
	var digits [32]byte
	n := copy(digits[:], text[:8])
	n += copy(digits[n:], text[9:13])
	n += copy(digits[n:], text[14:18])
	n += copy(digits[n:], text[19:23])
	copy(digits[n:], text[24:])
	_, err := hex.Decode(k[:], digits[:])
	return k, err == nil
}
