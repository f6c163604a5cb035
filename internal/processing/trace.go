package processing

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

const traceparentHeader = "traceparent"

// traceparent is the header of a W3C trace context of version 00; nil is none. Its
// bytes are the record's and are not written to.
type traceparent []byte

// The header's parts, between which there are dashes: version, trace, span, flags.
const (
	traceAt, traceEnd = 3, 35
	spanAt, spanEnd   = 36, 52
	flagsAt           = 53
	traceparentLength = 55
)

// parseTraceparent reads a W3C traceparent header; anything else is no trace.
func parseTraceparent(header []byte) traceparent {
	if len(header) != traceparentLength || string(header[:traceAt]) != "00-" ||
		header[traceEnd] != '-' || header[spanEnd] != '-' ||
		!named(header[traceAt:traceEnd]) || !named(header[spanAt:spanEnd]) || !lowerHex(header[flagsAt:]) {
		return nil
	}
	return header
}

// child returns a header with a new span of the same trace, "" for no trace.
func (t traceparent) child() string {
	if t == nil {
		return ""
	}
	var header [traceparentLength]byte
	copy(header[:], t)
	var span [8]byte
	binary.BigEndian.PutUint64(span[:], rand.Uint64())
	hex.Encode(header[spanAt:spanEnd], span[:])
	return string(header[:])
}

// named says whether digits are an id: all zeros name nothing.
func named(digits []byte) bool {
	for _, d := range digits {
		if d != '0' {
			return lowerHex(digits)
		}
	}
	return false
}

func lowerHex(digits []byte) bool {
	for _, d := range digits {
		if (d < '0' || d > '9') && (d < 'a' || d > 'f') {
			return false
		}
	}
	return true
}
