package http1

// token are the characters of a field's name (RFC 9110 section 5.6.2).
var token = func() (t [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = true
	}
	return t
}()

// isName takes spaces, too: a name that has one is none of ours.
func isName(name []byte) bool {
	for _, c := range name {
		if !token[c] && c != ' ' {
			return false
		}
	}
	return len(name) > 0
}

// isValue says whether a value has no control character but tabs (RFC 9110 section
// 5.5).
func isValue[T string | []byte](value T) bool {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
