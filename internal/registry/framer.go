package registry

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/sr"

	"bankprocessor/internal/codec"
)

// Framer frames the events of its subjects in Confluent's wire format, under ids
// that Load has looked up, and everything else in single-object encoding. It is
// safe for concurrent use.
type Framer struct {
	subjects map[string]Subject // by topic less the prefix
	ids      atomic.Pointer[map[string]int32]
}

// NewFramer returns a Framer that writes nothing before Load.
func NewFramer(subjects []Subject) *Framer {
	f := &Framer{subjects: map[string]Subject{}}
	for _, s := range subjects {
		f.subjects[s.Topic] = s
	}
	return f
}

// Load looks up every id, once and for all: a schema keeps its id. The error is an
// *UnregisteredError, or the registry's absence.
func (f *Framer) Load(ctx context.Context, c *Client) error {
	var all []Subject
	for _, s := range f.subjects {
		all = append(all, s)
	}
	ids, err := c.IDs(ctx, all)
	if err != nil {
		return err
	}
	f.ids.Store(&ids)
	return nil
}

// Header returns 00 and the id, or a single-object header.
func (f *Framer) Header(topic string, fingerprint uint64) ([]byte, error) {
	if _, ours := f.subjects[topic]; !ours {
		return codec.SingleObject{}.Header(topic, fingerprint)
	}
	ids := f.ids.Load()
	if ids == nil {
		return nil, fmt.Errorf("framing for %s: its schema's id has not been looked up", topic)
	}
	return new(sr.ConfluentHeader).AppendEncode(nil, int((*ids)[topic]), nil)
}
