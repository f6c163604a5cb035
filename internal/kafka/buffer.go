package kafka

import (
	"slices"
	"sync"
)

// buffer is bytes that are used again. kafka-go may go on with a request after its
// caller has been answered with the end of a context: a buffer goes back only where
// nobody else can have it any more, and else is left to the garbage collector.
type buffer struct {
	b    []byte
	pool *bufferPool
}

// bufferPool holds buffers that are of one kind, and so of about one size.
type bufferPool struct{ pool sync.Pool }

var requests, answers, unpacked bufferPool

// maxPooled keeps one exceptional request or answer from being kept.
const maxPooled = 4 << 20

// get returns a buffer that is empty.
func (p *bufferPool) get() *buffer {
	buf, ok := p.pool.Get().(*buffer)
	if !ok {
		return &buffer{pool: p}
	}
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

// grow makes the buffer n bytes long, of which the first are what it holds.
func (buf *buffer) grow(n int) { buf.b = slices.Grow(buf.b, n-len(buf.b))[:n] }

func (buf *buffer) free() {
	if cap(buf.b) <= maxPooled {
		buf.pool.pool.Put(buf)
	}
}
