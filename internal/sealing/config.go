package sealing

import (
	"errors"
	"fmt"

	"bankprocessor/internal/secret"
)

// Config says where the keysets stand. The zero value seals nothing.
type Config struct {
	// PublicKeysetFile is what the processor seals with. It is followed when it
	// changes.
	PublicKeysetFile string
	// PrivateKeysetFile is what the operators' tools open with. The processor
	// does not read it.
	PrivateKeysetFile string
	// PrivateKeysetKey is the key that the private keyset is itself encrypted
	// with: 32 bytes in base64. Without one the keyset stands in clear.
	PrivateKeysetKey secret.Source
}

// Enabled says whether values are sealed.
func (c Config) Enabled() bool { return c.PublicKeysetFile != "" }

// Validate returns every fault, joined. It reads no file.
func (c Config) Validate() error {
	var errs []error
	if c.PublicKeysetFile != "" && c.PublicKeysetFile == c.PrivateKeysetFile {
		errs = append(errs, errors.New("public_keyset_file: is the private keyset: want the file with the public keys"))
	}
	if err := c.PrivateKeysetKey.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("private_keyset_key: %w", err))
	}
	return errors.Join(errs...)
}
