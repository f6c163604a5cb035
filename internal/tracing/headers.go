package tracing

import (
	"errors"
	"fmt"
	"strings"

	"bankprocessor/internal/secret"
)

// headers are the fields that every export carries.
type headers struct{ live *secret.Live } // nil for none

func openHeaders(s secret.Source) (headers, error) {
	if s.IsZero() {
		return headers{}, nil
	}
	live, err := s.Open()
	if err != nil {
		return headers{}, err
	}
	_, err = parseHeaders(live.Get())
	return headers{live}, err
}

// fields are the headers as their file has them now, by lower-case names.
func (h headers) fields() (map[string]string, error) {
	if h.live == nil {
		return nil, nil
	}
	return parseHeaders(h.live.Recent())
}

var errHeaders = errors.New(`want lines of "Name: value"`)

// parseHeaders never quotes what it reads.
func parseHeaders(text secret.Value) (map[string]string, error) {
	fields := map[string]string{}
	number := 0
	for line := range strings.Lines(text.Reveal()) {
		number++
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || value == "" || !isToken(name) || strings.ContainsFunc(value, control) {
			return nil, fmt.Errorf("line %d: %w", number, errHeaders)
		}
		fields[strings.ToLower(name)] = value
	}
	if len(fields) == 0 {
		return nil, errHeaders
	}
	return fields, nil
}

// isToken says whether a name may stand in a header (RFC 9110 section 5.6.2), as far as
// gRPC takes it too.
func isToken(name string) bool {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return name != ""
}

func control(c rune) bool { return c < ' ' || c > '~' }
