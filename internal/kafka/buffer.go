package kafka

import "sync"

// buffer is bytes that are used again. kafka-go may go on with a request after its
// caller has been answered with the end of a context: a buffer goes back only where
// nobody else can have it any more, and else is left to the garbage collector.
type buffer struct{ b []byte }

// maxPooled keeps one exceptional request or answer from being kept.
const maxPooled = 4 << 20

var buffers = sync.Pool{New: func() any { return &buffer{} }}

// newBuffer returns one that is empty.
func newBuffer() *buffer {
	buf := buffers.Get().(*buffer)
	buf.b = buf.b[:0]
	return buf
}

// size makes the buffer n bytes long, whatever they are.
func (buf *buffer) size(n int) {
	if n > cap(buf.b) {
		buf.b = make([]byte, n)
	}
	buf.b = buf.b[:n]
}

func (buf *buffer) free() {
	if cap(buf.b) <= maxPooled {
		buffers.Put(buf)
	}
}
