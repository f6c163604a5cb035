package bankapi

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
)

const masked = "***"

// Secret is a password, key or token. It prints, logs and marshals as "***";
// only Reveal gives it, and only what puts it on the wire calls that.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String returns "***", or "" for none.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// Format masks the secret under every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue masks the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText masks the secret in JSON, YAML and every other text encoding.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// SecretSource says where a secret stands: a file or an environment variable,
// never the configuration itself.
type SecretSource struct {
	File string `yaml:"file"`
	Env  string `yaml:"env"`
}

// IsZero says whether no source is given.
func (s SecretSource) IsZero() bool { return s == SecretSource{} }

// Validate refuses a source that names both a file and a variable.
func (s SecretSource) Validate() error {
	if s.File != "" && s.Env != "" {
		return errors.New("want file or env, not both")
	}
	return nil
}

// LiveSecret is a secret that follows its source. It is safe for concurrent use.
type LiveSecret struct {
	source SecretSource

	mu      sync.Mutex
	value   Secret
	version fileVersion
}

// Open reads the secret a first time. Errors name the file or variable, never
// its content.
func (s SecretSource) Open() (*LiveSecret, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("reading secret: %w", err)
	}
	if s.IsZero() {
		return nil, errors.New("reading secret: want file or env")
	}
	l := &LiveSecret{source: s}
	if s.File != "" {
		l.version = versionOf(s.File)
	}
	value, err := s.read()
	if err != nil {
		return nil, fmt.Errorf("reading secret: %w", err)
	}
	l.value = value
	return l, nil
}

// Get returns the secret as its source has it now. While the source is away or
// empty, the last value stays.
func (l *LiveSecret) Get() Secret {
	l.mu.Lock()
	defer l.mu.Unlock()
	var version fileVersion
	if l.source.File != "" {
		if version = versionOf(l.source.File); version.same(l.version) {
			return l.value
		}
	}
	if value, err := l.source.read(); err == nil {
		l.value, l.version = value, version
	}
	return l.value
}

// Format masks the secret under every verb: fmt does not ask the methods of
// fields that are not exported.
func (l *LiveSecret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(masked)) }

func (s SecretSource) read() (Secret, error) {
	if s.Env != "" {
		if value := os.Getenv(s.Env); value != "" {
			return Secret(value), nil
		}
		return "", fmt.Errorf("environment variable %s is empty", s.Env)
	}
	content, err := os.ReadFile(s.File)
	if err != nil {
		return "", err
	}
	value := strings.TrimRight(string(content), "\r\n")
	if value == "" {
		return "", fmt.Errorf("file %s is empty", s.File)
	}
	return Secret(value), nil
}
