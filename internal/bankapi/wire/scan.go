package wire

import "bytes"

// maxDepth bounds the nesting of an answer; the banks' own go to five.
const maxDepth = 64

var literals = [][]byte{[]byte("true"), []byte("false"), []byte("null")}

// The scan functions return the index just past what starts at b[i], or -1 when
// b[i:] does not start with it. White space before it is the caller's to skip.

// scanValue notes the members or elements of what is scanned, in the order in which
// they begin.
func (r *Reader) scanValue(i, depth int) int {
	if i >= len(r.body) || depth > maxDepth {
		return -1
	}
	switch c := r.body[i]; {
	case c == '{':
		return r.scanObject(i, depth)
	case c == '[':
		return r.scanArray(i, depth)
	case c == '"':
		end, _ := scanString(r.body, i)
		return end
	case c == '-' || isDigit(c):
		return scanNumber(r.body, i)
	}
	for _, l := range literals {
		if bytes.HasPrefix(r.body[i:], l) {
			return i + len(l)
		}
	}
	return -1
}

func (r *Reader) scanObject(i, depth int) int {
	b := r.body
	if i >= len(b) || b[i] != '{' {
		return -1
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		nameEnd, escaped := scanString(b, i)
		if nameEnd < 0 {
			return -1
		}
		colon := skipSpace(b, nameEnd)
		if colon >= len(b) || b[colon] != ':' {
			return -1
		}
		end := r.scanNode(node{name: spanOf(i+1, nameEnd-1), escaped: escaped}, skipSpace(b, colon+1), depth+1)
		if end < 0 {
			return -1
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

func (r *Reader) scanArray(i, depth int) int {
	b := r.body
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		end := r.scanNode(node{}, i, depth+1)
		if end < 0 {
			return -1
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

// scanNode notes n, whose value starts at b[i], and what is within it.
func (r *Reader) scanNode(n node, i, depth int) int {
	at := len(r.nodes)
	r.nodes = append(r.nodes, n)
	end := r.scanValue(i, depth)
	if end >= 0 {
		r.nodes[at].value, r.nodes[at].next = spanOf(i, end), int32(len(r.nodes))
	}
	return end
}

// scanString says, too, whether there is an escape in the string.
func scanString(b []byte, i int) (end int, escaped bool) {
	if i >= len(b) || b[i] != '"' {
		return -1, false
	}
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, escaped
		case c < 0x20:
			return -1, false
		case c == '\\':
			if i = scanEscape(b, i+1); i < 0 {
				return -1, false
			}
			escaped = true
		}
	}
	return -1, false
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
