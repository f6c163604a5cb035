package command

import (
	"fmt"
	"log/slog"
)

const masked = "***"

// Private is text about a person. It prints, logs and marshals as "***"; only
// Reveal gives the text, and only the event codec and the bank clients call it.
type Private string

// Reveal returns the text itself.
func (p Private) Reveal() string { return string(p) }

// String returns "***", or "" when there is nothing to hide.
func (p Private) String() string {
	if p == "" {
		return ""
	}
	return masked
}

// Format masks the value under every verb.
func (p Private) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(p.String())) }

// LogValue masks the value in logs.
func (p Private) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText masks the value in JSON, YAML and every other text encoding.
func (p Private) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// PrivateInt is a number about a person, such as a customer number. It masks
// itself as Private does; 0 means "none".
type PrivateInt int64

// Reveal returns the number itself.
func (p PrivateInt) Reveal() int64 { return int64(p) }

// String returns "***", or "" for none.
func (p PrivateInt) String() string {
	if p == 0 {
		return ""
	}
	return masked
}

// Format masks the number under every verb.
func (p PrivateInt) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(p.String())) }

// LogValue masks the number in logs.
func (p PrivateInt) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText masks the number in JSON, YAML and every other text encoding.
func (p PrivateInt) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
