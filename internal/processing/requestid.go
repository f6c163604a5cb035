package processing

import (
	"crypto/rand"
	"sync"

	"github.com/google/uuid"
)

// requestIDs makes the ids of calls. It cuts them from blocks of random bytes: on many
// kernels each reading is a system call.
type requestIDs struct{ blocks sync.Pool }

// entropy is a block of random bytes, of which the first are used.
type entropy struct {
	bytes [512]byte
	used  int
}

// next returns a random UUID (version 4) in its canonical form.
func (r *requestIDs) next() string {
	block, ok := r.blocks.Get().(*entropy)
	if !ok {
		block = &entropy{used: len(block.bytes)}
	}
	if block.used == len(block.bytes) {
		_, _ = rand.Read(block.bytes[:]) // never fails
		block.used = 0
	}
	var id uuid.UUID
	block.used += copy(id[:], block.bytes[block.used:])
	r.blocks.Put(block)
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id.String()
}
