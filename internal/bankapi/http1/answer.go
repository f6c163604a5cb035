package http1

import (
	"compress/gzip"
	"io"
	"sync"
)

// Answer is one answer to a POST.
type Answer struct {
	// Status is 0 when not even that has come.
	Status int
	// ContentType and RetryAfter are fields as they stand, "" when absent.
	ContentType, RetryAfter string
	// Body is the whole body, unpacked (gzip); nil when it did not come whole or is
	// Oversize.
	Body     []byte
	Oversize bool
	// Last says that the connection carries no other answer.
	Last bool
}

// Answer reads one answer. Interim ones are skipped. maxBody bounds the body when it
// is unpacked; what is over it is not read to its end. After an error the connection
// is of no use.
func (r *Reader) Answer(maxBody int64) (Answer, error) {
	r.took = r.r < r.w
	a := Answer{Last: true}
	var h head
	for budget, interim := MaxHead, true; interim; interim = h.status/100 == 1 {
		h = head{}
		var err error
		if budget, err = r.head(&h, budget); err != nil {
			return a, err
		}
	}
	a.Status, a.ContentType, a.RetryAfter = h.status, h.contentType, h.retryAfter
	body, err := r.body(&h, maxBody)
	if err != nil {
		return a, err
	}
	if a.Oversize = int64(len(body)) > maxBody; a.Oversize {
		return a, nil
	}
	a.Body, a.Last = body, h.last() || !r.spent()
	r.trim()
	return a, nil
}

// pieces is how much is made ready for a body ahead of its bytes.
const pieces = 64 << 10

// body returns at most one byte more than limit.
func (r *Reader) body(h *head, limit int64) ([]byte, error) {
	r.framed = framed{r: r, chunked: h.chunked, endless: !h.chunked && !h.sized}
	if h.sized && !h.chunked {
		r.framed.left = h.length
	}
	switch {
	case h.sized && !h.chunked && h.length == 0:
		return []byte{}, nil
	case h.packed:
		return r.unpacked(limit)
	case h.sized && !h.chunked:
		return ReadUpTo(&r.framed, limit, h.length)
	}
	return ReadUpTo(&r.framed, limit, -1)
}

// unpackers are gzip readers at rest.
var unpackers sync.Pool

func (r *Reader) unpacked(limit int64) ([]byte, error) {
	z, _ := unpackers.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	defer unpackers.Put(z)
	switch err := z.Reset(&r.framed); {
	case err == io.EOF && r.framed.done: // a body of nothing is nothing packed
		return []byte{}, nil
	case err != nil:
		return nil, cut(err)
	}
	return ReadUpTo(z, limit, -1)
}

// ReadUpTo reads src to its end, or one byte more than limit. It makes room for expected
// bytes at first.
func ReadUpTo(src io.Reader, limit, expected int64) ([]byte, error) {
	if expected < 0 {
		expected = 512
	}
	body := make([]byte, 0, min(expected, pieces, limit+1))
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		room := body[len(body):min(int64(cap(body)), limit+1)]
		n, err := src.Read(room)
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return body, nil
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		}
	}
}
