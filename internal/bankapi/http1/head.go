package http1

import (
	"bytes"
	"errors"
	"fmt"
	"math"
)

// MaxHead bounds an answer's header, those of interim answers (1xx) included.
const MaxHead = 64 << 10

// ErrUnusual is wrapped by refusals of what net/http would read: a version other
// than 1.0 and 1.1, a status with a sign, a change of protocols (101), a field of the
// framing that goes on in the next line, a trailer with bare line feeds.
var ErrUnusual = errors.New("is unusual")

var (
	errTooLong    = errors.New("the answer's header is too long")
	errStatusLine = errors.New("the answer's status line is malformed")
	errField      = errors.New("the answer's header is malformed")
	errLength     = errors.New("the answer's Content-Length is malformed, or there are several")
	errEncoding   = errors.New("the answer's Transfer-Encoding is unknown")

	errVersion  = fmt.Errorf("the answer's version %w", ErrUnusual)
	errStatus   = fmt.Errorf("the answer's status %w", ErrUnusual)
	errFolded   = fmt.Errorf("the answer's header %w: a field of several lines", ErrUnusual)
	errSwitched = fmt.Errorf("the answer %w: it changes the protocol", ErrUnusual)
	errTrailer  = fmt.Errorf("the answer's trailer %w", ErrUnusual)
)

// head is what counts of a status line and a header.
type head struct {
	status      int
	old         bool // HTTP/1.0
	length      int64
	digits      int  // of the length, as it was written
	sized       bool // there is a length
	encoded     bool // there is a Transfer-Encoding
	chunked     bool
	closing     bool // Connection: close
	staying     bool // Connection: keep-alive
	packed      bool // Content-Encoding: gzip
	contentType string
	retryAfter  string

	// Of these fields, the first counts.
	coded, timed, typed bool
}

// head reads a status line and a header into h, of at most budget bytes, and returns
// what is left of that.
func (r *Reader) head(h *head, budget int) (int, error) {
	line, err := r.line(budget)
	if err != nil {
		return 0, err
	}
	budget -= len(line)
	if err := h.statusLine(withoutEnd(line)); err != nil {
		return 0, err
	}
	read := false // the field before is one that counts
	for first := true; ; first = false {
		line, err := r.line(budget)
		if err != nil {
			return 0, err
		}
		budget -= len(line)
		line = withoutEnd(line)
		if len(line) == 0 {
			return budget, h.framing()
		}
		if isSpace(line[0]) {
			err = continued(line, first, read)
		} else {
			read, err = r.field(h, line)
		}
		if err != nil {
			return 0, err
		}
	}
}

// statusLine reads "HTTP/1.1 200 OK"; the reason may be anything, or absent.
func (h *head) statusLine(line []byte) error {
	version, rest, ok := bytes.Cut(line, []byte(" "))
	if !ok || len(version) != len("HTTP/1.1") || string(version[:5]) != "HTTP/" || version[6] != '.' || !isDigit(version[5]) || !isDigit(version[7]) {
		return errStatusLine
	}
	switch string(version[5:]) {
	case "1.1":
	case "1.0":
		h.old = true
	default:
		return errVersion
	}
	status, _, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	if len(status) != 3 {
		return errStatusLine
	}
	for i, c := range status {
		switch {
		case isDigit(c):
			h.status = 10*h.status + int(c-'0')
		case i == 0 && (c == '+' || c == '-'):
			return errStatus
		default:
			return errStatusLine
		}
	}
	return nil
}

// continued judges a line that goes on with the field before it.
func continued(line []byte, first, read bool) error {
	switch {
	case first || !isValue(line):
		return errField
	case read:
		return errFolded
	}
	return nil
}

// field reads one line into h. read says whether its field is one that counts.
func (r *Reader) field(h *head, line []byte) (read bool, err error) {
	name, value, err := split(line)
	if err != nil {
		return false, err
	}
	switch len(name) { // most fields are none of ours
	case len("connection"):
		if read = is(name, "connection"); read {
			h.connection(value)
		}
	case len("retry-after"):
		if read = is(name, "retry-after"); read && !h.timed {
			h.timed, h.retryAfter = true, string(value)
		}
	case len("content-type"):
		if read = is(name, "content-type"); read && !h.typed {
			h.typed, h.contentType = true, r.lastType.of(value)
		}
	case len("content-length"):
		if read = is(name, "content-length"); read {
			err = h.contentLength(value)
		}
	case len("content-encoding"):
		if read = is(name, "content-encoding"); read && !h.coded {
			h.coded, h.packed = true, is(value, "gzip")
		}
	case len("transfer-encoding"):
		if read = is(name, "transfer-encoding"); read {
			err = h.transferEncoding(value)
		}
	}
	return read, err
}

// split takes a line apart.
func split(line []byte) (name, value []byte, err error) {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || !isName(name) || !isValue(value) {
		return nil, nil, errField
	}
	return name, bytes.Trim(value, " \t"), nil
}

func (h *head) connection(value []byte) {
	for more := true; more; {
		var token []byte
		token, value, more = bytes.Cut(value, []byte(","))
		token = bytes.Trim(token, " \t")
		h.closing = h.closing || is(token, "close")
		h.staying = h.staying || is(token, "keep-alive")
	}
}

// contentLength takes the same text again, and no other.
func (h *head) contentLength(value []byte) error {
	length, ok := number(value)
	if !ok || h.sized && (length != h.length || len(value) != h.digits) {
		return errLength
	}
	h.sized, h.length, h.digits = true, length, len(value)
	return nil
}

// number reads decimal digits.
func number(text []byte) (n int64, ok bool) {
	for _, c := range text {
		if !isDigit(c) || n > (math.MaxInt64-int64(c-'0'))/10 {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, len(text) > 0
}

// transferEncoding takes chunked, once. HTTP/1.0 knows none.
func (h *head) transferEncoding(value []byte) error {
	if h.old {
		return nil
	}
	if h.encoded || !is(value, "chunked") {
		return errEncoding
	}
	h.encoded, h.chunked = true, true
	return nil
}

// framing settles what the fields say together.
func (h *head) framing() error {
	if h.status == 101 {
		return errSwitched
	}
	if h.status/100 == 1 || h.status == 204 || h.status == 304 {
		h.chunked, h.sized, h.length = false, true, 0
	}
	return nil
}

// last says that no other answer may come on the connection. An answer with two
// lengths, one of them in chunks, may be two answers to somebody on the way.
func (h *head) last() bool {
	switch {
	case h.closing, h.status < 200, h.old && !h.staying, h.chunked && h.sized:
		return true
	}
	return !h.chunked && !h.sized
}

// repeated is a text that is the same each time, as a rule: it is made a string once.
type repeated string

func (t *repeated) of(text []byte) string {
	if string(text) != string(*t) {
		*t = repeated(text)
	}
	return string(*t)
}

func withoutEnd(line []byte) []byte {
	line = line[:len(line)-1]
	if len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	return line
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// is compares without regard to case. lower is in lower case.
func is[T string | []byte](text T, lower string) bool {
	if len(text) != len(lower) {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
