// Package secret holds passwords, keys and tokens: it says where they stand,
// follows them there, and keeps them from printing.
package secret

import (
	"fmt"
	"log/slog"
)

const masked = "***"

// Value is a password, key or token. It prints, logs and marshals as "***"; only
// Reveal gives it, and only what puts it on the wire calls that.
type Value string

// Reveal returns the secret itself.
func (v Value) Reveal() string { return string(v) }

// String returns "***", or "" for none.
func (v Value) String() string {
	if v == "" {
		return ""
	}
	return masked
}

// Format masks the secret under every verb.
func (v Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(v.String())) }

// LogValue masks the secret in logs.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalText masks the secret in JSON, YAML and every other text encoding.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }
