package codec

import (
	"slices"
	"sync/atomic"
)

// event is what a codec writes to one topic.
type event struct {
	topic  string // less the prefix
	avro   *avroType
	framer Framer
	header atomic.Pointer[[]byte] // nil until the framer has given it
}

// encode writes the event that the walk shows, on the fast path and, where that
// says no, on the one of reference, which finds out why not.
func (e *event) encode(fields func(walker)) ([]byte, error) {
	header, err := e.frame()
	if err != nil {
		return nil, err
	}
	if b, ok := e.avro.writeBinary(header, fields); ok {
		return b, nil
	}
	return e.reference(header, fields)
}

func (e *event) reference(header []byte, fields func(walker)) ([]byte, error) {
	return e.avro.encode(header, write(fields))
}

// frame asks the framer until it has answered. What it returns has no room at its
// end, so that to append is to copy.
func (e *event) frame() ([]byte, error) {
	if header := e.header.Load(); header != nil {
		return *header, nil
	}
	header, err := e.framer.Header(e.topic, e.avro.fingerprint())
	if err != nil {
		return nil, err
	}
	header = slices.Clip(slices.Clone(header))
	e.header.Store(&header)
	return header, nil
}
