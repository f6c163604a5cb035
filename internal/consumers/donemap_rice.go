package consumers

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// A done-map in Rice codes says, in turn from the base on, how long a pending and a
// done run is:
//
//	ranges  uvarint, how many done runs there are
//	pending 1 byte, the parameter k of the pending runs
//	done    1 byte, the parameter k of the done runs
//	codes   bits, from each byte's lowest on, the last byte filled up with zeros
//
// The code of a run of n with the parameter k is (n-1)>>k zeros, a one, and the k
// low bits of n-1, the lowest first. Each parameter is the least of those that make
// the shortest codes. With k = 0 a run of n takes n bits, so that no done-map takes
// more bits than the offsets that it spans: at worst it is a bitmap.
const (
	maxRiceHead      = binary.MaxVarintLen64 + 2
	maxRiceParameter = 62
)

// appendRice appends the codes of done, which is not empty.
func appendRice(raw []byte, done []offsetRange, base int64) []byte {
	lengths := make([]uint64, 0, 2*len(done)) // less one, pending and done in turn
	at := base
	for _, r := range done {
		lengths = append(lengths, uint64(r.First-at-1), uint64(r.End-r.First-1))
		at = r.End
	}
	var k [2]uint
	size := 0
	for i := range k {
		var codes uint64
		k[i], codes = riceParameter(lengths[i:])
		size += int(codes)
	}
	raw = binary.AppendUvarint(raw, uint64(len(done)))
	raw = append(raw, byte(k[0]), byte(k[1]))
	w := bitWriter{to: append(make([]byte, 0, len(raw)+(size+7)/8), raw...)}
	for i, n := range lengths {
		k := k[i%2]
		w.zeros(n >> k)
		w.bits(1|n&(1<<k-1)<<1, k+1)
	}
	return w.end()
}

// riceParameter returns the parameter for every second of the lengths, and how many
// bits their codes take.
func riceParameter(lengths []uint64) (k uint, size uint64) {
	var count, zeros uint64
	for i := 0; i < len(lengths); i += 2 {
		zeros += lengths[i]
		count++
	}
	for ; k < maxRiceParameter; k++ {
		// One bit more in each code, and at least half of the zeros less. What is
		// saved shrinks with k: past the first k that is not worth it none is.
		var next uint64
		for i := 0; i < len(lengths); i += 2 {
			next += lengths[i] >> (k + 1)
		}
		if zeros-next <= count {
			break
		}
		zeros = next
	}
	return k, zeros + count*uint64(k+1)
}

// riceBound is a bound of the bits that the codes of at most that many ranges over
// at most span offsets take.
func riceBound(span, ranges int64) int64 {
	runs := 2 * min(ranges, span/2)
	bound := span // as with the parameter 0
	for k := int64(1); k <= maxRiceParameter; k++ {
		// What the next parameter saves shrinks: past the first that saves nothing none does.
		bits := runs*(k+1) + (span-runs)>>k
		if bits >= bound {
			break
		}
		bound = bits
	}
	return bound
}

// decodeRice reads a done-map. What it returns need not be sound.
func decodeRice(from []byte, at int64) ([]offsetRange, error) {
	ranges, from, err := uvarint(from)
	if err != nil || len(from) < 2 {
		return nil, errForeignMetadata
	}
	k := [2]uint{uint(from[0]), uint(from[1])}
	codes := bitReader{from: from[2:]}
	if max(k[0], k[1]) > maxRiceParameter || ranges > int64(len(codes.from))*4 { // 2 bits or more each
		return nil, errForeignMetadata
	}
	done := make([]offsetRange, ranges)
	for i := range done {
		var ok [2]bool
		done[i].First, ok[0] = codes.run(at, k[0])
		done[i].End, ok[1] = codes.run(done[i].First, k[1])
		if !ok[0] || !ok[1] {
			return nil, errForeignMetadata
		}
		at = done[i].End
	}
	return done, nil
}

// bitWriter writes bits from each byte's lowest on.
type bitWriter struct {
	to   []byte
	word uint64
	used uint // bits of word
}

// bits writes the low n bits of v, whose others are zero. n is at most 63.
func (w *bitWriter) bits(v uint64, n uint) {
	w.word |= v << w.used
	if w.used+n < 64 {
		w.used += n
		return
	}
	w.to = binary.LittleEndian.AppendUint64(w.to, w.word)
	w.word = v >> (64 - w.used) // nothing of it when used is 0
	w.used += n - 64
}

func (w *bitWriter) zeros(n uint64) {
	for ; n > 63; n -= 63 {
		w.bits(0, 63)
	}
	w.bits(0, uint(n))
}

func (w *bitWriter) end() []byte {
	for ; w.used > 0; w.used -= min(8, w.used) {
		w.to = append(w.to, byte(w.word))
		w.word >>= 8
	}
	return w.to
}

// bitReader reads what bitWriter writes.
type bitReader struct {
	from []byte
	word uint64
	left uint // bits of word
}

// fill makes sure of n bits, which are at most 56, where there are so many.
func (r *bitReader) fill(n uint) bool {
	for r.left < n && len(r.from) > 0 {
		r.word |= uint64(r.from[0]) << r.left
		r.left += 8
		r.from = r.from[1:]
	}
	return r.left >= n
}

// run returns where the run that begins at the offset at ends. The end of the bits,
// or of the offsets, is not ok.
func (r *bitReader) run(at int64, k uint) (end int64, ok bool) {
	var zeros uint64
	for {
		if !r.fill(1) {
			return 0, false
		}
		if r.word != 0 {
			break
		}
		zeros += uint64(r.left)
		r.left = 0
	}
	n := uint(bits.TrailingZeros64(r.word))
	zeros += uint64(n)
	r.skip(n + 1)
	if zeros > math.MaxInt64>>k {
		return 0, false
	}
	length := zeros << k
	for got := uint(0); got < k; {
		part := min(k-got, 32)
		if !r.fill(part) {
			return 0, false
		}
		length |= r.word & (1<<part - 1) << got
		r.skip(part)
		got += part
	}
	if length >= uint64(math.MaxInt64-at) {
		return 0, false
	}
	return at + int64(length) + 1, true
}

func (r *bitReader) skip(n uint) {
	r.word >>= n
	r.left -= n
}
