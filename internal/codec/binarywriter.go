package codec

import (
	"bytes"
	"encoding/binary"
	"sync"
	"time"

	"bankprocessor/internal/command"
)

// binaryWriter is the walker that writes a datum straight into bytes, the same as
// goavro writes of writer's object. What they would refuse leads it astray, and
// they say what is wrong with it.
type binaryWriter struct {
	course
	b []byte
}

var binaryWriters = sync.Pool{New: func() any { return new(binaryWriter) }}

// maxKept bounds the buffers that are kept for the next event; a result of many
// rows may take more.
const maxKept = 64 << 10

// writeBinary returns the header and the datum of what the walk shows, or false
// where it cannot be written so. Of what is walked over it changes nothing.
func (t *avroType) writeBinary(header []byte, fields func(walker)) ([]byte, bool) {
	if t.plan == nil {
		return nil, false
	}
	w, _ := binaryWriters.Get().(*binaryWriter)
	defer binaryWriters.Put(w)
	w.start(t.plan)
	w.b = append(w.b[:0], header...)
	fields(w)
	var event []byte
	if w.arrived() {
		event = bytes.Clone(w.b)
	}
	if cap(w.b) > maxKept {
		w.b = nil
	}
	return event, event != nil
}

// next steps to a field and says whether its value is to be written: an empty one
// is null where that is allowed.
func (w *binaryWriter) next(name string, kind slotKind, empty bool) *slot {
	s := w.step(name, kind)
	if s == nil || !s.optional {
		return s
	}
	if empty {
		w.b = append(w.b, s.null)
		return nil
	}
	w.b = append(w.b, s.some)
	return s
}

// some is next for a value that is there or not: one that is not must be null.
func (w *binaryWriter) some(name string, kind slotKind, present bool) *slot {
	s := w.next(name, kind, !present)
	if s != nil && !present {
		w.lost()
		return nil
	}
	return s
}

func (w *binaryWriter) long(n int64) { w.b = binary.AppendVarint(w.b, n) } // Avro's long

func (w *binaryWriter) text(name, v string) string {
	if w.next(name, slotText, v == "") != nil {
		w.long(int64(len(v)))
		w.b = append(w.b, v...)
	}
	return v
}

func (w *binaryWriter) flag(name string, p *bool) {
	if w.next(name, slotFlag, false) != nil {
		w.bit(*p)
	}
}

func (w *binaryWriter) optFlag(name string, p **bool) {
	if w.some(name, slotFlag, *p != nil) != nil {
		w.bit(**p)
	}
}

func (w *binaryWriter) bit(v bool) {
	b := byte(0)
	if v {
		b = 1
	}
	w.b = append(w.b, b)
}

func (w *binaryWriter) integer(name string, _ int, v int64) int64 {
	w.number(w.next(name, slotInteger, v == 0), v)
	return v
}

func (w *binaryWriter) optInteger(name string, _ int, v int64, present bool) (int64, bool) {
	w.number(w.some(name, slotInteger, present), v)
	return v, present
}

func (w *binaryWriter) number(s *slot, v int64) {
	switch {
	case s == nil:
	case s.bits == 32 && int64(int32(v)) != v:
		w.lost()
	default:
		w.long(v)
	}
}

func (w *binaryWriter) decimal(name string, p **command.Decimal) {
	s := w.some(name, slotDecimal, *p != nil)
	if s == nil {
		return
	}
	var fits bool
	if w.b, fits = appendDecimal(w.b, s, **p); !fits {
		w.lost()
	}
}

func (w *binaryWriter) day(name string, p *command.Date) {
	if w.some(name, slotDay, !p.IsZero()) != nil {
		w.long(int64(p.EpochDays()))
	}
}

func (w *binaryWriter) moment(name string, p *time.Time) {
	if w.some(name, slotMoment, !p.IsZero()) == nil {
		return
	}
	if !fitMoment(p.UTC()) {
		w.lost()
		return
	}
	w.long(p.UnixMilli())
}

func (w *binaryWriter) record(name string, present bool) (walker, bool) {
	s := w.some(name, slotRecord, present)
	if s == nil {
		return nil, false
	}
	w.enter(s.inner, false, 1)
	return w, true
}

// list writes all items in one block, as goavro does while they are no more than
// one may hold.
func (w *binaryWriter) list(name string, length int) int {
	s := w.next(name, slotList, false)
	switch {
	case s == nil:
	case length > maxBlock:
		w.lost()
	default:
		w.long(int64(length))
		if length > 0 {
			w.enter(s.inner, true, length)
		}
	}
	return length
}

func (w *binaryWriter) item(string, int) walker { return w }

func (w *binaryWriter) end() {
	if listEnded := w.leave(); listEnded {
		w.long(0)
	}
}
