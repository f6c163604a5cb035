package processing

import (
	"testing"

	"github.com/google/uuid"
)

func TestRequestIDsAreRandomUUIDs(t *testing.T) {
	t.Parallel()
	const many = 10_000
	var set, clear [16]byte // the bits that are ever 1, and ever 0
	var ids requestIDs
	seen := make(map[string]bool, many)
	for range many {
		text := ids.next()
		id, err := uuid.Parse(text)
		if err != nil || id.Version() != 4 || id.Variant() != uuid.RFC4122 || text != id.String() {
			t.Fatalf("%s is no UUID of version 4 in its canonical form: %v", text, err)
		}
		for i, b := range id {
			set[i] |= b
			clear[i] |= ^b
		}
		seen[text] = true
	}
	if len(seen) != many {
		t.Errorf("%d ids of %d are different", len(seen), many)
	}
	wantSet, wantClear := [16]byte{}, [16]byte{}
	for i := range wantSet {
		wantSet[i], wantClear[i] = 0xff, 0xff
	}
	wantSet[6], wantClear[6] = 0x4f, 0xbf
	wantSet[8], wantClear[8] = 0xbf, 0x7f
	if set != wantSet || clear != wantClear {
		t.Errorf("bits that are ever 1: %x, ever 0: %x", set, clear)
	}
}
