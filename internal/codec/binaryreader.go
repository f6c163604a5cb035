package codec

import (
	"sync"
	"time"
	"unicode/utf8"

	"bankprocessor/internal/command"
)

// binaryReader is the walker that reads straight from a datum's bytes. It reads
// what goavro and reader read; whatever they would refuse, and what is merely odd,
// leads it astray, and they say what is wrong with it.
type binaryReader struct {
	course
	// datum is one copy of the bytes that every text is a part of: the texts of
	// an event live and die together.
	datum string
	at    int
}

var binaryReaders = sync.Pool{New: func() any { return new(binaryReader) }}

// readBinary walks over the fields of a datum, and says whether all of it was read.
// Where it was not, what the walk has filled is of no use.
func (t *avroType) readBinary(datum []byte, fields func(walker)) bool {
	if t.plan == nil {
		return false
	}
	r, _ := binaryReaders.Get().(*binaryReader)
	defer binaryReaders.Put(r)
	r.start(t.plan)
	r.datum, r.at = string(datum), 0
	fields(r)
	whole := r.arrived() && r.at == len(r.datum)
	r.datum = ""
	return whole
}

func (r *binaryReader) byte() byte {
	if r.at >= len(r.datum) {
		r.lost()
		return 0
	}
	b := r.datum[r.at]
	r.at++
	return b
}

// long reads Avro's long of up to ten bytes; goavro takes longer ones.
func (r *binaryReader) long() int64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return int64(n>>1) ^ -int64(n&1)
		}
	}
	r.lost()
	return 0
}

// bytes reads a length and as many bytes.
func (r *binaryReader) bytes() string {
	size := r.long()
	if size < 0 || size > int64(len(r.datum)-r.at) {
		r.lost()
		return ""
	}
	from := r.at
	r.at += int(size)
	return r.datum[from:r.at]
}

// next steps to a field and says whether it has a value, which follows.
func (r *binaryReader) next(name string, kind slotKind) *slot {
	s := r.step(name, kind)
	if s == nil || !s.optional {
		return s
	}
	switch r.byte() {
	case s.some:
		return s
	case s.null:
	default:
		r.lost()
	}
	return nil
}

func (r *binaryReader) text(name, before string) string {
	if r.next(name, slotText) == nil {
		return before
	}
	s := r.bytes()
	if !utf8.ValidString(s) {
		r.lost()
	}
	return s
}

func (r *binaryReader) flag(name string, p *bool) {
	if r.next(name, slotFlag) != nil {
		*p = r.bit()
	}
}

func (r *binaryReader) optFlag(name string, p **bool) {
	if r.next(name, slotFlag) != nil {
		*p = new(r.bit())
	}
}

func (r *binaryReader) bit() bool {
	b := r.byte()
	if b > 1 {
		r.lost()
	}
	return b == 1
}

func (r *binaryReader) integer(name string, bits int, before int64) int64 {
	n, _ := r.optInteger(name, bits, before, true)
	return n
}

func (r *binaryReader) optInteger(name string, bits int, before int64, present bool) (int64, bool) {
	s := r.next(name, slotInteger)
	if s == nil {
		return before, present
	}
	n := r.long()
	if min(bits, s.bits) == 32 && int64(int32(n)) != n {
		r.lost()
	}
	return n, true
}

func (r *binaryReader) decimal(name string, p **command.Decimal) {
	s := r.next(name, slotDecimal)
	if s == nil {
		return
	}
	d, fits := readDecimal(r.bytes(), s.scale)
	if !fits {
		r.lost()
	}
	*p = &d
}

func (r *binaryReader) day(name string, p *command.Date) {
	if r.next(name, slotDay) == nil {
		return
	}
	n := r.long()
	if n < firstDay || n > lastDay {
		r.lost()
		return
	}
	*p = command.DateFromEpochDays(int32(n))
}

func (r *binaryReader) moment(name string, p *time.Time) {
	if r.next(name, slotMoment) == nil {
		return
	}
	millis := r.long()
	if millis < firstMilli || millis > lastMilli {
		r.lost()
		return
	}
	*p = time.UnixMilli(millis).UTC()
}

func (r *binaryReader) record(name string, _ bool) (walker, bool) {
	s := r.next(name, slotRecord)
	if s == nil {
		return nil, false
	}
	r.enter(s.inner, false, 1)
	return r, true
}

// list reads what a writer writes: all items in one block.
func (r *binaryReader) list(name string, length int) int {
	s := r.next(name, slotList)
	if s == nil {
		return length
	}
	n := r.long()
	if n < 0 || n > maxBlock || n*int64(s.inner.least) > int64(len(r.datum)-r.at) {
		r.lost()
	}
	if r.astray || n == 0 {
		return 0
	}
	r.enter(s.inner, true, int(n))
	return int(n)
}

func (r *binaryReader) item(string, int) walker { return r }

func (r *binaryReader) end() {
	if listEnded := r.leave(); listEnded && r.byte() != 0 {
		r.lost()
	}
}
