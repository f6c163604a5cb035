package consumers

// window is one partition's offsets from the committed one up to the newest that
// was taken in. It knows which of them still wait for their handler. Offsets need
// not be dense: what compaction, aborted transactions and control records have
// removed is simply never pushed.
//
// Every operation is O(1) amortised. A window is not safe for concurrent use.
type window struct {
	// ring holds one word per record: offset<<1, and 1 when it is done. Its
	// length is a power of two, and record n stands at n&(len-1).
	ring       []uint64
	head, tail uint64 // records [head, tail) are held; the first is never done
	next       int64  // no record below it is still to come
	pending    int    // records held and not done
	runs       int    // maximal runs of equal doneness among the held records
}

const minRing = 16

// newWindow returns a window that begins at offset next.
func newWindow(next int64) *window { return &window{next: next} }

// push takes in the record at offset, which must not be below w.next, and returns
// its place for markDone. A record that is done already holds no place when
// nothing before it is pending.
func (w *window) push(offset int64, done bool) (place uint64) {
	w.next = offset + 1
	if w.head == w.tail && done {
		return w.tail
	}
	if int(w.tail-w.head) == len(w.ring) {
		w.resize(max(minRing, 2*len(w.ring)))
	}
	word := uint64(offset) << 1
	if done {
		word |= 1
	} else {
		w.pending++
	}
	if w.head == w.tail || w.doneAt(w.tail-1) != done {
		w.runs++
	}
	w.ring[w.tail&uint64(len(w.ring)-1)] = word
	w.tail++
	return w.tail - 1
}

// cover says that no record below next is still to come.
func (w *window) cover(next int64) { w.next = max(w.next, next) }

// markDone marks the pending record at place as done.
func (w *window) markDone(place uint64) {
	w.ring[place&uint64(len(w.ring)-1)] |= 1
	w.pending--
	if place > w.head {
		w.runs += w.border(place - 1)
	}
	if place+1 < w.tail {
		w.runs += w.border(place + 1)
	}
	w.advance()
}

// border is how the number of runs changes at a neighbour of a record that turns
// done: a border goes where the neighbour is done, one comes where it is not.
func (w *window) border(neighbour uint64) int {
	if w.doneAt(neighbour) {
		return -1
	}
	return 1
}

// advance drops the done records at the front.
func (w *window) advance() {
	for w.head < w.tail && w.doneAt(w.head) {
		w.head++
		if w.head == w.tail || !w.doneAt(w.head) {
			w.runs--
		}
	}
	if w.head == w.tail && len(w.ring) > 4096 {
		w.ring = nil // a stuck record's long tail is given back
	}
}

// committed is the offset that may be committed: everything below is done.
func (w *window) committed() int64 {
	if w.head == w.tail {
		return w.next
	}
	return w.offsetAt(w.head)
}

// span is how many offsets lie from the committed one up to the newest.
func (w *window) span() int64 { return w.next - w.committed() }

// doneRanges appends what is done above the committed offset.
func (w *window) doneRanges(to []offsetRange) []offsetRange {
	if w.runs < 2 {
		return to
	}
	open := false
	for n := w.head; n < w.tail; n++ {
		switch done := w.doneAt(n); {
		case done && !open:
			to = append(to, offsetRange{First: w.offsetAt(n)})
			open = true
		case !done && open:
			to[len(to)-1].End = w.offsetAt(n)
			open = false
		}
	}
	if open {
		to[len(to)-1].End = w.offsetAt(w.tail-1) + 1
	}
	return to
}

func (w *window) doneAt(n uint64) bool {
	return w.ring[n&uint64(len(w.ring)-1)]&1 != 0
}

func (w *window) offsetAt(n uint64) int64 {
	return int64(w.ring[n&uint64(len(w.ring)-1)] >> 1)
}

func (w *window) resize(size int) {
	ring := make([]uint64, size)
	for n := w.head; n < w.tail; n++ {
		ring[n&uint64(size-1)] = w.ring[n&uint64(len(w.ring)-1)]
	}
	w.ring = ring
}
