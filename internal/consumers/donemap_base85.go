package consumers

import (
	"encoding/binary"
	"strings"
)

// Base-85 writes 4 bytes as 5 characters, big-endian, and 1 to 3 bytes at the end,
// filled up with zeros, as the first 2 to 4 of them. The digits are Z85's: no
// quote, no backslash, no space and no comma.
const base85Digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

// base85Chars is how many characters n bytes take.
func base85Chars(n int) int {
	chars := n / 4 * 5
	if n%4 > 0 {
		chars += n%4 + 1
	}
	return chars
}

// base85Bytes is how many bytes find room in that many characters.
func base85Bytes(chars int) int { return chars/5*4 + max(0, chars%5-1) }

func appendBase85(text, raw []byte) []byte {
	for len(raw) > 0 {
		var group [4]byte
		n := copy(group[:], raw)
		raw = raw[n:]
		var digits [5]byte
		v := binary.BigEndian.Uint32(group[:])
		for i := range digits {
			digits[4-i] = base85Digits[v%85]
			v /= 85
		}
		text = append(text, digits[:n+1]...)
	}
	return text
}

// decodeBase85 is the reverse. It takes some texts that appendBase85 does not write.
func decodeBase85(text string) ([]byte, error) {
	raw := make([]byte, 0, base85Bytes(len(text)))
	for len(text) > 0 {
		n := min(5, len(text))
		var v uint64
		for i := range 5 {
			digit := 84 // fills up, so that cut-off digits round to nothing
			if i < n {
				digit = base85Digit(text[i])
			}
			if digit < 0 {
				return nil, errForeignMetadata
			}
			v = v*85 + uint64(digit)
		}
		if v >= 1<<32 || n == 1 {
			return nil, errForeignMetadata
		}
		var group [4]byte
		binary.BigEndian.PutUint32(group[:], uint32(v))
		raw = append(raw, group[:n-1]...)
		text = text[n:]
	}
	return raw, nil
}

func base85Digit(c byte) int { return strings.IndexByte(base85Digits, c) }
