package consumers

import (
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

// The metadata's text is handoverPrefix and the base-85 (donemap_base85.go) of
//
//	flags      1 byte: bit 0 Clean, bit 1 Topic, bit 2 runs, rest 0
//	topic      16 bytes, where it is known
//	base       uvarint
//	attempts+1 uvarint
//	results+1  uvarint
//	done-map   to the end; nothing where nothing is done
//
// The done-map is the shorter of two forms, Rice codes (donemap_rice.go) when they
// tie, else runs (donemap_runs.go), which a few very long runs among many short ones
// make the shorter ones. It takes no more bits than the offsets that it spans, but
// for the head of the codes, and no more room than in the form before (donemap_bp1.go).
//
// One handover has one text, so that what decodes to something else than it
// encodes to is foreign.
//
// Kafka's broker counts the text's characters, other brokers may count its bytes:
// it is ASCII, where both are the same. BenchmarkDoneMap compares the form with
// others.
//
// A processor that knows handoverPrefixV1 alone takes this text for
// a foreign one: to it nothing above the committed offset is done, and the hand-over
// is not clean. This one reads both.
const (
	handoverPrefix  = "bp2."
	flagClean       = 1
	flagTopic       = 1 << 1
	flagRuns        = 1 << 2
	topicBytes      = len(kafka.TopicID{})
	maxHandoverHead = 1 + topicBytes + 3*binary.MaxVarintLen64
	maxHandoverText = 1 << 15 // no broker keeps more
)

var errForeignMetadata = errors.New("metadata is not a hand-over of ours")

// encode returns the handover's text.
func (h handover) encode() string {
	var flags byte
	if h.Clean {
		flags |= flagClean
	}
	if h.Topic != (kafka.TopicID{}) {
		flags |= flagTopic
	}
	var done []byte
	if len(h.Done) > 0 {
		done = appendRice(nil, h.Done, h.Base)
		if runsBytes(h.Done, h.Base) < len(done) {
			flags |= flagRuns
			done = appendRuns(done[:0], h.Done, h.Base)
		}
	}
	raw := append(make([]byte, 0, maxHandoverHead+len(done)), flags)
	raw = append(h.appendHead(raw), done...)
	text := make([]byte, 0, len(handoverPrefix)+base85Chars(len(raw)))
	return string(appendBase85(append(text, handoverPrefix...), raw))
}

// appendHead appends what stands between the flags and the done-map.
func (h handover) appendHead(raw []byte) []byte {
	if h.Topic != (kafka.TopicID{}) {
		raw = append(raw, h.Topic[:]...)
	}
	raw = binary.AppendUvarint(raw, uint64(h.Base))
	raw = binary.AppendUvarint(raw, uint64(h.Attempts+1))
	return binary.AppendUvarint(raw, uint64(h.Results+1))
}

// readHead is the reverse of appendHead; rest is the done-map.
func (h *handover) readHead(raw []byte, topic bool) (rest []byte, err error) {
	if topic {
		if len(raw) < topicBytes {
			return nil, errForeignMetadata
		}
		h.Topic, raw = kafka.TopicID(raw[:topicBytes]), raw[topicBytes:]
	}
	for _, field := range []*int64{&h.Base, &h.Attempts, &h.Results} {
		if *field, raw, err = uvarint(raw); err != nil {
			return nil, err
		}
	}
	h.Attempts--
	h.Results--
	return raw, nil
}

// decodeHandover reads the text that was committed with the offset base. Any text
// that encode, or encodeV1, does not write for that base is an error.
func decodeHandover(text string, base int64) (h handover, err error) {
	if len(text) > maxHandoverText {
		return handover{}, errForeignMetadata
	}
	encode := handover.encode
	if payload, ours := strings.CutPrefix(text, handoverPrefix); ours {
		h, err = decodeV2(payload)
	} else if payload, ours := strings.CutPrefix(text, handoverPrefixV1); ours {
		encode = handover.encodeV1
		h, err = decodeV1(payload)
	} else {
		err = errForeignMetadata
	}
	switch {
	case err != nil:
		return handover{}, err
	case h.Base != base:
		return handover{}, fmt.Errorf("%w: it belongs to offset %d, not %d", errForeignMetadata, h.Base, base)
	case !h.sound() || encode(h) != text:
		return handover{}, errForeignMetadata
	}
	return h, nil
}

func decodeV2(text string) (h handover, err error) {
	raw, err := decodeBase85(text)
	if err != nil || len(raw) == 0 {
		return handover{}, errForeignMetadata
	}
	h.Clean = raw[0]&flagClean != 0
	rest, err := h.readHead(raw[1:], raw[0]&flagTopic != 0)
	switch {
	case err != nil:
	case raw[0]&flagRuns != 0:
		h.Done, err = decodeRuns(rest, h.Base)
	case len(rest) > 0:
		h.Done, err = decodeRice(rest, h.Base)
	}
	return h, err
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

func uvarint(from []byte) (value int64, rest []byte, err error) {
	v, n := binary.Uvarint(from)
	if n <= 0 || v >= math.MaxInt64 {
		return 0, nil, errForeignMetadata
	}
	return int64(v), from[n:], nil
}

// fits says whether the hand-over of w and of the inherited ranges beyond it fits
// into a metadata text of limit bytes once the record at offset next is taken in
// too, however many of the pending records, and whichever, get done before it is
// written. It is a bound, not the size: O(1).
func (w *window) fits(limit int, inherited doneSet, next int64) bool {
	room := int64(base85Bytes(limit-len(handoverPrefix))-maxHandoverHead-maxRiceHead) * 8
	span := next + 1 - w.committed()
	if n := len(inherited); n > 0 {
		span = max(span, inherited[n-1].End-w.committed())
	}
	if span <= room { // a bit each, however they are coded
		return true
	}
	// Each pending record that gets done makes at most one more range, and each
	// range of the window has a pending record of its own before it: with d ranges
	// and n pending records there are never more than (d+n)/2. The range that the
	// window is in the middle of stands in both.
	ranges := (w.runs/2+w.pending+1)/2 + len(inherited) + 1
	return riceBound(span, int64(ranges)) <= room
}

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
