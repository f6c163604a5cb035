package consumers

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"bankprocessor/internal/kafka"
)

// offsetRange is the half-open range of offsets [First, End).
type offsetRange struct{ First, End int64 }

// handover is what one owner of a partition tells the next through the metadata
// of its commit.
type handover struct {
	// Base is the committed offset that the metadata belongs to.
	Base int64
	// Done are the offsets above Base whose records are done: ascending, apart
	// from each other and from Base.
	Done []offsetRange
	// Attempts and Results are the offsets from which the next owner must look
	// back in the attempts and results partitions; -1 when not known.
	Attempts, Results int64
	// Topic is the id of the topic that all of it is about, zero when not known.
	Topic kafka.TopicID
	// Clean says that no record's fate was unknown when this was written.
	Clean bool
}

// The metadata's text is handoverPrefix and the unpadded URL base64 of
//
//	flags      1 byte: bit 0 Clean, bits 1-2 the form of the done-map, bit 3 Topic, rest 0
//	topic      16 bytes, where it is known
//	base       uvarint
//	attempts+1 uvarint
//	results+1  uvarint
//	done-map   to the end
//
// The done-map is the shorter of two forms, runs when they tie:
//
//	runs   uvarints, in turn the length of a pending and of a done run from base on
//	bitmap bit i%8 of byte i/8 is 1 when base+i is done; the last byte is not 0
//
// One handover has one text, so that what decodes to something else than it
// encodes to is foreign.
const (
	handoverPrefix  = "bp1."
	flagClean       = 1
	formShift       = 1
	formNone        = 0
	formRuns        = 1
	formBitmap      = 2
	formMask        = 3
	flagTopic       = 1 << 3
	topicBytes      = len(kafka.TopicID{})
	maxHandoverHead = 1 + topicBytes + 3*binary.MaxVarintLen64
	maxHandoverText = 1 << 15 // no broker keeps more
)

var errForeignMetadata = errors.New("metadata is not a hand-over of ours")

// encode returns the handover's text.
func (h handover) encode() string {
	form, body := h.encodeDone()
	raw := make([]byte, 0, maxHandoverHead+len(body))
	flags := byte(form << formShift)
	if h.Clean {
		flags |= flagClean
	}
	if h.Topic != (kafka.TopicID{}) {
		flags |= flagTopic
	}
	raw = append(raw, flags)
	if flags&flagTopic != 0 {
		raw = append(raw, h.Topic[:]...)
	}
	raw = binary.AppendUvarint(raw, uint64(h.Base))
	raw = binary.AppendUvarint(raw, uint64(h.Attempts+1))
	raw = binary.AppendUvarint(raw, uint64(h.Results+1))
	raw = append(raw, body...)
	return handoverPrefix + base64.RawURLEncoding.EncodeToString(raw)
}

func (h handover) encodeDone() (form byte, body []byte) {
	if len(h.Done) == 0 {
		return formNone, nil
	}
	var runs []byte
	at := h.Base
	for _, r := range h.Done {
		runs = binary.AppendUvarint(runs, uint64(r.First-at))
		runs = binary.AppendUvarint(runs, uint64(r.End-r.First))
		at = r.End
	}
	if size := bitmapBytes(at - h.Base); size < int64(len(runs)) {
		bitmap := make([]byte, size)
		for _, r := range h.Done {
			for i := r.First - h.Base; i < r.End-h.Base; i++ {
				bitmap[i/8] |= 1 << (i % 8)
			}
		}
		return formBitmap, bitmap
	}
	return formRuns, runs
}

// decodeHandover reads the text that was committed with the offset base. Any text
// that encode does not write for that base is an error.
func decodeHandover(text string, base int64) (handover, error) {
	if len(text) > maxHandoverText || !strings.HasPrefix(text, handoverPrefix) {
		return handover{}, errForeignMetadata
	}
	raw, err := base64.RawURLEncoding.DecodeString(text[len(handoverPrefix):])
	if err != nil || len(raw) == 0 {
		return handover{}, errForeignMetadata
	}
	h := handover{Clean: raw[0]&flagClean != 0}
	form, rest := raw[0]>>formShift&formMask, raw[1:]
	if raw[0]&flagTopic != 0 {
		if len(rest) < topicBytes {
			return handover{}, errForeignMetadata
		}
		h.Topic, rest = kafka.TopicID(rest[:topicBytes]), rest[topicBytes:]
	}
	for _, field := range []*int64{&h.Base, &h.Attempts, &h.Results} {
		if *field, rest, err = uvarint(rest); err != nil {
			return handover{}, err
		}
	}
	h.Attempts--
	h.Results--
	if h.Base != base {
		return handover{}, fmt.Errorf("%w: it belongs to offset %d, not %d", errForeignMetadata, h.Base, base)
	}
	switch form {
	case formNone:
	case formRuns:
		h.Done, err = decodeRuns(rest, base)
	case formBitmap:
		h.Done = decodeBitmap(rest, base)
	default:
		err = errForeignMetadata
	}
	if err == nil && (!h.sound() || h.encode() != text) {
		err = errForeignMetadata
	}
	if err != nil {
		return handover{}, err
	}
	return h, nil
}

// sound says whether the ranges are what Done promises.
func (h handover) sound() bool {
	at := h.Base
	for _, r := range h.Done {
		if r.First <= at || r.End <= r.First {
			return false
		}
		at = r.End
	}
	return true
}

func decodeRuns(rest []byte, at int64) (done []offsetRange, err error) {
	for len(rest) > 0 {
		var pending, length int64
		if pending, rest, err = uvarint(rest); err != nil {
			return nil, err
		}
		if length, rest, err = uvarint(rest); err != nil {
			return nil, err
		}
		done = append(done, offsetRange{First: at + pending, End: at + pending + length})
		at += pending + length
	}
	return done, nil
}

func decodeBitmap(bitmap []byte, base int64) (done []offsetRange) {
	open := false
	for i := range int64(len(bitmap)) * 8 {
		switch set := bitmap[i/8]&(1<<(i%8)) != 0; {
		case set && !open:
			done = append(done, offsetRange{First: base + i, End: base + i + 1})
			open = true
		case set:
			done[len(done)-1].End++
		default:
			open = false
		}
	}
	return done
}

func uvarint(from []byte) (value int64, rest []byte, err error) {
	v, n := binary.Uvarint(from)
	if n <= 0 || v >= math.MaxInt64 {
		return 0, nil, errForeignMetadata
	}
	return int64(v), from[n:], nil
}

// fits says whether the hand-over of w and of the inherited ranges beyond it fits
// into a metadata text of limit bytes however many of the pending records, and
// whichever, get done before it is written. It is a bound, not the size: O(1).
func (w *window) fits(limit int, inherited doneSet) bool {
	room := int64(base64.RawURLEncoding.DecodedLen(limit-len(handoverPrefix)) - maxHandoverHead)
	span := w.span()
	if n := len(inherited); n > 0 {
		span = max(span, inherited[n-1].End-w.committed())
	}
	if bitmapBytes(span) <= room {
		return true
	}
	// n pending records can make at most n more runs. A varint of k bytes stands
	// for a run of at least 128^(k-1) offsets, of which the span holds few.
	runs := int64(w.runs + w.pending + 2*len(inherited) + 1)
	bytes := runs
	for shift := 7; shift < 63; shift += 7 {
		bytes += min(runs, span>>shift)
	}
	return bytes <= room
}

func bitmapBytes(bits int64) int64 { return (bits + 7) / 8 }

// doneSet answers, for ascending offsets, whether a predecessor has done them.
type doneSet []offsetRange

func (s *doneSet) has(offset int64) bool {
	for len(*s) > 0 && (*s)[0].End <= offset {
		*s = (*s)[1:]
	}
	return len(*s) > 0 && (*s)[0].First <= offset
}

// count is how many offsets of [from, to) are in the set.
func (s doneSet) count(from, to int64) (n int64) {
	for _, r := range s {
		n += max(0, min(r.End, to)-max(r.First, from))
	}
	return n
}
