package producers

import (
	"bytes"
	"regexp"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

var (
	// W3C trace context; version ff and ids of zeros are invalid.
	traceparentForm = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
	traceparentVoid = regexp.MustCompile(`^(ff-|..-0{32}|..-.{32}-0{16})`)
	tracestateForm  = regexp.MustCompile(`^[a-z0-9][a-z0-9_\-*/@]*=[\x20-\x2b\x2d-\x3c\x3e-\x7e]*[\x21-\x2b\x2d-\x3c\x3e-\x7e]$`)
)

const (
	// maxTracestate is what every participant must be able to carry on.
	maxTracestate = 512
	maxMembers    = 32
)

// trace returns the command's W3C trace headers, as far as they are valid: a
// header is no place for whatever a publisher writes into it.
func trace(m *command.Message) []kafka.Header {
	parent := m.Header("traceparent")
	if !traceparentForm.Match(parent) || traceparentVoid.Match(parent) {
		return nil
	}
	headers := []kafka.Header{{Key: "traceparent", Value: parent}}
	if state := m.Header("tracestate"); validTracestate(state) {
		headers = append(headers, kafka.Header{Key: "tracestate", Value: state})
	}
	return headers
}

func validTracestate(state []byte) bool {
	members := bytes.Split(state, []byte(","))
	if len(state) > maxTracestate || len(members) > maxMembers {
		return false
	}
	for _, member := range members {
		if !tracestateForm.Match(bytes.Trim(member, " \t")) {
			return false
		}
	}
	return true
}
