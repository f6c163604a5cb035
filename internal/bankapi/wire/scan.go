package wire

import "bytes"

// maxDepth bounds the nesting of an answer; the banks' own go to five.
const maxDepth = 64

var literals = [][]byte{[]byte("true"), []byte("false"), []byte("null")}

// The scan functions return the index just past what starts at b[i], or -1 when
// b[i:] does not start with it. White space before it is the caller's to skip.

func scanValue(b []byte, i, depth int) int {
	if i >= len(b) || depth > maxDepth {
		return -1
	}
	switch c := b[i]; {
	case c == '{':
		return scanObject(b, i, depth, nil)
	case c == '[':
		return scanArray(b, i, depth, nil)
	case c == '"':
		return scanString(b, i)
	case c == '-' || isDigit(c):
		return scanNumber(b, i)
	}
	for _, l := range literals {
		if bytes.HasPrefix(b[i:], l) {
			return i + len(l)
		}
	}
	return -1
}

// scanObject tells visit, where there is one, each member: the name with its
// quotes and the value without the white space around it.
func scanObject(b []byte, i, depth int, visit func(name, value []byte)) int {
	if i >= len(b) || b[i] != '{' {
		return -1
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		nameEnd := scanString(b, i)
		if nameEnd < 0 {
			return -1
		}
		colon := skipSpace(b, nameEnd)
		if colon >= len(b) || b[colon] != ':' {
			return -1
		}
		start := skipSpace(b, colon+1)
		end := scanValue(b, start, depth+1)
		if end < 0 {
			return -1
		}
		if visit != nil {
			visit(b[i:nameEnd], b[start:end])
		}
		if i = skipSpace(b, end); i >= len(b) {
			return -1
		}
		switch b[i] {
		case '}':
			return i + 1
		case ',':
			i = skipSpace(b, i+1)
		default:
			return -1
		}
	}
}

// scanArray tells visit, where there is one, each element.
func scanArray(b []byte, i, depth int, visit func(value []byte)) int {
	if i >= len(b) || b[i] != '[' {
		return -1
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		end := scanValue(b, i, depth+1)
		if end < 0 {
			return -1
		}
		if visit != nil {
			visit(b[i:end])
		}
		if i = skipSpace(b, end); i >= len(b) {
			return -1
		}
		switch b[i] {
		case ']':
			return i + 1
		case ',':
			i = skipSpace(b, i+1)
		default:
			return -1
		}
	}
}

func scanString(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return -1
	}
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c < 0x20:
			return -1
		case c == '\\':
			if i = scanEscape(b, i+1); i < 0 {
				return -1
			}
		}
	}
	return -1
}

// scanEscape returns the index of the last byte of the escape whose letter is at
// b[i].
func scanEscape(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i
	case 'u':
		if i+4 >= len(b) {
			return -1
		}
		for _, c := range b[i+1 : i+5] {
			if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
				return -1
			}
		}
		return i + 4
	}
	return -1
}

func scanNumber(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	start := i
	if i = scanDigits(b, i); i < 0 || (b[start] == '0' && i > start+1) {
		return -1
	}
	if i < len(b) && b[i] == '.' {
		if i = scanDigits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return scanDigits(b, i)
	}
	return i
}

func scanDigits(b []byte, i int) int {
	start := i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

// skipSpace skips JSON white space and the non-breaking space that indents the
// banks' published examples (contract section 9.3).
func skipSpace(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case ' ', '\t', '\r', '\n':
			i++
		case 0xC2:
			if i+1 >= len(b) || b[i+1] != 0xA0 {
				return i
			}
			i += 2
		default:
			return i
		}
	}
	return i
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
