package producers

import (
	"bytes"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

const (
	// maxTracestate is what every participant must be able to carry on.
	maxTracestate = 512
	maxMembers    = 32
)

// appendTrace appends the command's W3C trace headers, as far as they are valid: a
// header is no place for whatever a publisher writes into it.
func appendTrace(headers []kafka.Header, m *command.Message) []kafka.Header {
	parent := m.Header("traceparent")
	if !validTraceparent(parent) {
		return headers
	}
	return appendTraced(headers, m, parent)
}

// appendTraced appends a span's header and the command's own trace state, which goes
// with every span of a trace.
func appendTraced(headers []kafka.Header, m *command.Message, span []byte) []kafka.Header {
	headers = append(headers, kafka.Header{Key: "traceparent", Value: span})
	state := m.Header("tracestate")
	if len(state) > 0 && validTracestate(state) && validTraceparent(m.Header("traceparent")) && !command.ReferenceHoldsPersonalData(string(state)) {
		headers = append(headers, kafka.Header{Key: "tracestate", Value: state})
	}
	return headers
}

// validTraceparent wants version-trace-span-flags, in lower-case hex of 2, 32, 16 and
// 2 digits; version ff and ids of zeros are invalid.
func validTraceparent(b []byte) bool {
	const trace, span, flags, end = 3, 36, 53, 55
	if len(b) != end || string(b[:2]) == "ff" {
		return false
	}
	for i, c := range b {
		dash := i == trace-1 || i == span-1 || i == flags-1
		if dash && c != '-' || !dash && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return !zeros(b[trace:span-1]) && !zeros(b[span:flags-1])
}

func zeros(b []byte) bool { return len(bytes.TrimLeft(b, "0")) == 0 }

// validTracestate wants key=value members with commas between them, white space
// around each aside. A value is printable, without "," and "=", and does not end in a
// blank.
func validTracestate(state []byte) bool {
	if len(state) > maxTracestate {
		return false
	}
	members := 0
	for member := range bytes.SplitSeq(state, []byte(",")) {
		if members++; members > maxMembers || !validMember(bytes.Trim(member, " \t")) {
			return false
		}
	}
	return true
}

func validMember(member []byte) bool {
	key, value, _ := bytes.Cut(member, []byte("="))
	if len(key) == 0 || len(value) == 0 || !lowerOrDigit(key[0]) || value[len(value)-1] == ' ' {
		return false
	}
	for _, c := range key {
		if !lowerOrDigit(c) && c != '_' && c != '-' && c != '*' && c != '/' && c != '@' {
			return false
		}
	}
	for _, c := range value {
		if c < ' ' || c > '~' || c == ',' || c == '=' {
			return false
		}
	}
	return true
}

func lowerOrDigit(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
