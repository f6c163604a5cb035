package config

import (
	"fmt"

	"bankprocessor/internal/sealing"
)

// DeadLetters is how the originals in dead letters are kept.
type DeadLetters struct {
	Encryption sealing.Config
}

// Validate returns every fault, joined.
func (c DeadLetters) Validate() error {
	if err := c.Encryption.Validate(); err != nil {
		return fmt.Errorf("encryption: %w", err)
	}
	return nil
}
