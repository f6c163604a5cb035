package history

import "sync/atomic"

// unknown stands for an offset that is not known.
const unknown = -1

// frontier is an offset that the next record of a partition will not stand below:
// one more than the highest that is known to have been given. It is a lower bound,
// so that it may be low and must not be high.
type frontier struct{ next atomic.Int64 }

func newFrontier() *frontier {
	f := &frontier{}
	f.next.Store(unknown)
	return f
}

// stored says that a produce which began when the frontier was at began has been
// given the offset. One below began is given by a partition that has been made
// anew, or has lost its end.
func (f *frontier) stored(began, offset int64) {
	if offset < began {
		f.next.Store(offset + 1)
		return
	}
	f.raise(offset + 1)
}

// read says that the partition, asked when the frontier was at began, has been read
// up to next. One that ends below began has been made anew, or has lost its end.
func (f *frontier) read(began, next int64) {
	if next < began {
		f.next.Store(next)
		return
	}
	f.raise(next)
}

func (f *frontier) raise(next int64) {
	for {
		now := f.next.Load()
		if now >= next || f.next.CompareAndSwap(now, next) {
			return
		}
	}
}

// floors is a binary min-heap of the offsets that records need. The record of the
// least is always one that still needs it: whoever lets a record go calls trim.
type floors []floor

// floor is that the record at offset needs what stands from at on.
type floor struct{ at, offset int64 }

// least returns the lowest at, and most when there is none below.
func (f floors) least(most int64) int64 {
	if len(f) == 0 {
		return most
	}
	return min(f[0].at, most)
}

// trim drops the least as long as needed says no.
func (f *floors) trim(needed func(floor) bool) {
	for len(*f) > 0 && !needed((*f)[0]) {
		f.pop()
	}
}

func (f *floors) push(x floor) {
	h := append(*f, x)
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if h[parent].at <= h[i].at {
			break
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
	*f = h
}

func (f *floors) pop() {
	h := *f
	last := len(h) - 1
	h[0] = h[last]
	h = h[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if h[child].at < h[least].at {
				least = child
			}
		}
		if least == i {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	*f = h
	if last == 0 && cap(h) > 4096 {
		*f = nil // what a stuck record has piled up is given back
	}
}
