package bankapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bankprocessor/internal/command"
)

// Exchange is one HTTP round trip, before anybody has judged its body.
type Exchange struct {
	// Delivery is NotSent or Unanswered when there is no whole response, else
	// Answered.
	Delivery command.Delivery
	// Status is the HTTP status, 0 when not even that arrived.
	Status int
	// ContentType is the field as it stands.
	ContentType string
	// Body is the whole body after decompression, nil when it did not arrive
	// whole or was Oversize.
	Body     []byte
	Oversize bool
	// BodyInUse says that the request's body may still be read: it must not be
	// written to again.
	BodyInUse bool
	// RetryAfter is the parsed Retry-After header, 0 when absent or unreadable.
	RetryAfter time.Duration
	// Err says why there is no response. It never holds a URL's query, a body
	// or a secret.
	Err error
}

// Field is one line of a request's header.
type Field struct{ Name, Value string }

// Format keeps the value, which may be a key, out of every print.
func (f Field) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "%s: %s", f.Name, masked) }

// MarshalText keeps it out of logs, too.
func (f Field) MarshalText() ([]byte, error) { return fmt.Append(nil, f), nil }

// fieldsOf returns the lines of h.
func fieldsOf(h http.Header) []Field {
	fields := make([]Field, 0, len(h))
	for name, values := range h {
		for _, value := range values {
			fields = append(fields, Field{name, value})
		}
	}
	return fields
}

// Request is one POST.
type Request struct {
	URL string
	// Header names each field once, in its canonical form.
	Header []Field
	// Body is not changed by anybody until Post has returned and its Exchange is not
	// BodyInUse.
	Body []byte
	// Permit is asked at the last moment before the request leaves; its error keeps
	// it from leaving (ErrWithheld). nil permits.
	Permit func() error
}

// Format keeps keys and the body out of every print.
func (r Request) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "request of %d bytes", len(r.Body))
}

// retryAfter reads both forms of the header (RFC 9110 section 10.2.3). What is
// past, negative or unreadable is 0.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
