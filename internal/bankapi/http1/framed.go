package http1

import (
	"bytes"
	"errors"
	"io"
)

// What bounds the lines between chunks, as in net/http.
const (
	maxChunkLine = 4 << 10
	maxTrailer   = 4 << 10
	// slack is how much more than their data chunks may weigh.
	slack = 16 << 10
	// perChunk is what a chunk may weigh without counting for that.
	perChunk = 16
)

var (
	errChunk   = errors.New("a chunk of the answer's body is malformed")
	errPadding = errors.New("the chunks of the answer's body hold next to nothing")
)

// framed reads one body to its end, and not a byte behind it.
type framed struct {
	r       *Reader
	left    int64 // of the body, or of the chunk
	chunked bool
	endless bool // up to the end of the connection
	inside  bool // of a chunk whose line end is still to come
	excess  int64
	done    bool
}

// Read returns io.EOF once the body is whole, with its last bytes where it can.
func (b *framed) Read(p []byte) (int, error) {
	if b.chunked && b.left == 0 && !b.done {
		if err := b.chunk(); err != nil {
			return 0, err
		}
	}
	if b.done || !b.endless && b.left == 0 {
		b.done = true
		return 0, io.EOF
	}
	if !b.endless && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.some(p)
	if b.endless {
		b.done = err == io.EOF
		return n, err
	}
	b.left -= int64(n)
	if err == nil && !b.chunked && b.left == 0 {
		b.done = true
		return n, io.EOF
	}
	return n, cut(err)
}

// chunk goes on to the next chunk, or behind the last.
func (b *framed) chunk() error {
	if b.inside {
		if line, err := b.r.line(2); err == errTooLong || err == nil && string(line) != "\r\n" {
			return errChunk
		} else if err != nil {
			return err
		}
	}
	line, err := b.r.line(maxChunkLine)
	if err != nil {
		return err
	}
	size, ok := chunkSize(line)
	if !ok {
		return errChunk
	}
	b.excess = max(0, b.excess+int64(len(line))-perChunk-2*size)
	if b.excess > slack {
		return errPadding
	}
	b.left, b.inside = size, true
	if size == 0 {
		b.done = true
		return b.trailer()
	}
	return nil
}

// chunkSize reads a chunk's first line. Its extensions mean nothing.
func chunkSize(line []byte) (size int64, ok bool) {
	if !bytes.HasSuffix(line, []byte("\r\n")) {
		return 0, false
	}
	line = line[:len(line)-2]
	if bytes.IndexByte(line, '\r') >= 0 {
		return 0, false
	}
	digits, _, _ := bytes.Cut(bytes.TrimRight(line, " \t"), []byte(";"))
	if len(digits) == 0 || len(digits) > 16 {
		return 0, false
	}
	var n uint64
	for _, c := range digits {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		n = n<<4 | uint64(c)
	}
	return int64(min(n, 1<<61)), true // what is more than that never comes
}

// trailer reads what follows the last chunk and forgets it.
func (b *framed) trailer() error {
	for first, budget := true, maxTrailer; ; first = false {
		line, err := b.r.line(budget)
		if err != nil {
			return err
		}
		budget -= len(line)
		if !bytes.HasSuffix(line, []byte("\r\n")) {
			return errTrailer
		}
		line = withoutEnd(line)
		switch {
		case len(line) == 0:
			return nil
		case isSpace(line[0]):
			err = continued(line, first, false)
		default:
			_, _, err = split(line)
		}
		if err != nil {
			return err
		}
	}
}
