package config

import (
	"errors"
	"fmt"

	"bankprocessor/internal/sealing"
	"bankprocessor/internal/secret"
)

// OperatorVariable names who acts on dead letters. It belongs to a person's
// environment and is no setting.
const OperatorVariable = "PROCESSOR_OPERATOR"

// minDigestKey is the fewest bytes of a digest's key: with less of them, trying keys
// is a way of trying values.
const minDigestKey = 16

// DeadLetters is how the originals in dead letters are kept.
type DeadLetters struct {
	Encryption sealing.Config
	// DigestKey keys the digests by which the audit knows an edited value. The zero
	// value leaves them without a key.
	DigestKey secret.Source
}

// Validate returns every fault, joined. It reads no file.
func (c DeadLetters) Validate() error {
	var errs []error
	if err := c.Encryption.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("encryption: %w", err))
	}
	if err := c.DigestKey.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("digest_key: %w", err))
	}
	return errors.Join(errs...)
}

// ReadDigestKey returns the key of digests, nil where none is configured. Its error
// names the key, and not what it holds.
func (c DeadLetters) ReadDigestKey() ([]byte, error) {
	if c.DigestKey.IsZero() {
		return nil, nil
	}
	live, err := c.DigestKey.Open()
	if err != nil {
		return nil, fmt.Errorf("dead_letters.digest_key: %w", err)
	}
	key := []byte(live.Get().Reveal())
	if len(key) < minDigestKey {
		return nil, fmt.Errorf("dead_letters.digest_key: has %d bytes: want %d or more, such as `openssl rand -base64 32` makes", len(key), minDigestKey)
	}
	return key, nil
}
