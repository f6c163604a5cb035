package processing

import (
	"crypto/rand"
	"encoding/hex"
	"regexp"
)

const traceparentHeader = "traceparent"

var traceparentForm = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)

// traceparent is a W3C trace context of version 00; the zero value is none.
type traceparent struct{ traceID, flags string }

// parseTraceparent reads a W3C traceparent header; anything else is no trace.
func parseTraceparent(header []byte) traceparent {
	parts := traceparentForm.FindSubmatch(header)
	if parts == nil || allZero(parts[1]) || allZero(parts[2]) {
		return traceparent{}
	}
	return traceparent{traceID: string(parts[1]), flags: string(parts[3])}
}

// child returns a header with a new span of the same trace, "" for no trace.
func (t traceparent) child() string {
	if t.traceID == "" {
		return ""
	}
	var span [8]byte
	_, _ = rand.Read(span[:])
	return "00-" + t.traceID + "-" + hex.EncodeToString(span[:]) + "-" + t.flags
}

func allZero(digits []byte) bool {
	for _, d := range digits {
		if d != '0' {
			return false
		}
	}
	return true
}
