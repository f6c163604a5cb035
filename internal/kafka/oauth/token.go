package oauth

import (
	"fmt"
	"time"

	"bankprocessor/internal/secret"
)

// Token is one access token. Its value masks itself.
type Token struct {
	Value secret.Value
	// Expires is when the endpoint said the token ends; zero when it did not say.
	Expires time.Time
	// RenewAt is from when on another one is asked for.
	RenewAt time.Time
}

// Format keeps the token out of every print.
func (t Token) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "token until %s", t.Expires.Format(time.RFC3339))
}

// Error says which setting a missing token speaks of.
type Error struct {
	// Key is the key or keys of Config.
	Key string
	// Problem is what came of it. It holds nothing that the endpoint wrote but
	// status and a registered error code.
	Problem string
	// Refused says that asking again is of no use as things are; otherwise the
	// endpoint is away or ill, and may be asked later.
	Refused bool
	// Err is the cause, nil when Problem says all.
	Err error
}

// Error names the key.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Key + ": " + e.Problem
	}
	return e.Key + ": " + e.Problem + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
