package http1

import (
	"bytes"
	"io"
)

const (
	// bufferSize is what one read may bring, as in net/http.
	bufferSize = 4 << 10
	// emptyReads is how many reads in a row may bring nothing.
	emptyReads = 100
)

// Reader reads the answers of one connection, one after another. It is not safe for
// concurrent use. What it returns does not share memory with it.
type Reader struct {
	src  io.Reader
	buf  []byte
	r, w int   // what has been read of buf, and written to it
	err  error // of src, behind what buf holds
	took bool  // a byte has come since Answer was called

	framed   framed
	lastType repeated // the last answer's Content-Type
}

// NewReader reads from a connection.
func NewReader(src io.Reader) *Reader {
	return &Reader{src: src, buf: make([]byte, bufferSize)}
}

// Begun says whether any byte of the last answer has come.
func (r *Reader) Begun() bool { return r.took }

// spent says whether nothing has come behind the last answer.
func (r *Reader) spent() bool { return r.r == r.w && r.err == nil }

// fill reads once. The buffer grows where it is full, so that its caller bounds what
// it waits for.
func (r *Reader) fill() error {
	if r.err != nil {
		return r.err
	}
	switch {
	case r.r == r.w:
		r.r, r.w = 0, 0
	case r.w == len(r.buf) && r.r > 0:
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
	case r.w == len(r.buf):
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	n, err := r.read(r.buf[r.w:])
	r.w += n
	if n > 0 {
		return nil
	}
	return err
}

// read reads from the connection. An error that comes with bytes is kept for later.
func (r *Reader) read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	for range emptyReads {
		n, err := r.src.Read(p)
		if err != nil {
			r.err = err
		}
		if n > 0 {
			r.took = true
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
	r.err = io.ErrNoProgress
	return 0, r.err
}

// line reads up to and including the next line feed, at most limit bytes. It is good
// until the next read.
func (r *Reader) line(limit int) ([]byte, error) {
	for seen := 0; ; {
		if at := bytes.IndexByte(r.buf[r.r+seen:r.w], '\n'); at >= 0 {
			end := seen + at + 1
			if end > limit {
				return nil, errTooLong
			}
			line := r.buf[r.r : r.r+end]
			r.r += end
			return line, nil
		}
		if seen = r.w - r.r; seen >= limit {
			return nil, errTooLong
		}
		if err := r.fill(); err != nil {
			return nil, cut(err)
		}
	}
}

// some reads into p what is at hand, or else what one read brings.
func (r *Reader) some(p []byte) (int, error) {
	if r.r < r.w {
		n := copy(p, r.buf[r.r:r.w])
		r.r += n
		return n, nil
	}
	if len(p) >= len(r.buf) {
		return r.read(p)
	}
	if err := r.fill(); err != nil {
		return 0, err
	}
	n := copy(p, r.buf[r.r:r.w])
	r.r += n
	return n, nil
}

// trim gives back what a long line has taken.
func (r *Reader) trim() {
	if len(r.buf) > bufferSize && r.r == r.w {
		r.buf, r.r, r.w = make([]byte, bufferSize), 0, 0
	}
}

// cut is err where more was to come.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
