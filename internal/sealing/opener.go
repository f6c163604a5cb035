package sealing

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/hybrid"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrAltered is what a value answers that does not open with its own key: it was
// changed, or it does not stand where it was sealed for.
var ErrAltered = errors.New("the value has been altered, or moved from where it was sealed for")

// MissingKeyError is what a value answers whose key the keyset does not have.
type MissingKeyError struct{ KeyID string }

func (e *MissingKeyError) Error() string {
	return "the value is sealed with key " + e.KeyID + ", which the private keyset does not have"
}

// Opener opens what was sealed for the keys of a private keyset.
type Opener struct {
	keys    *keyset.Handle
	decrypt tink.HybridDecrypt
}

// NewOpener reads the private keyset.
func NewOpener(c Config) (*Opener, error) {
	handle, err := readPrivate(c.PrivateKeysetFile, c.PrivateKeysetKey)
	if err != nil {
		return nil, fmt.Errorf("private_keyset_file: %w", err)
	}
	decrypt, err := hybrid.NewHybridDecrypt(handle)
	if err != nil {
		return nil, fmt.Errorf("private_keyset_file: keyset %s: want keys for hybrid encryption: %w", c.PrivateKeysetFile, err)
	}
	return &Opener{handle, decrypt}, nil
}

// Has says whether the keyset holds a key and would use it.
func (o *Opener) Has(keyID string) bool {
	for _, k := range keysOf(o.keys) {
		if k.ID == keyID {
			return k.Enabled
		}
	}
	return false
}

// The prefix of what Tink seals: a start byte and the key's id.
const (
	startByte  = 1
	prefixSize = 5
)

// Decrypt opens what Encrypt sealed with the same context. A key that is not
// there is a *MissingKeyError; ErrAltered says that it is, and that this is not
// what it sealed.
func (o *Opener) Decrypt(sealed, context []byte, scheme string) ([]byte, error) {
	if scheme != Scheme {
		return nil, fmt.Errorf("opening value: its scheme is %q, this version knows %s only", scheme, Scheme)
	}
	if len(sealed) < prefixSize || sealed[0] != startByte {
		return nil, fmt.Errorf("opening value: %w", ErrAltered)
	}
	id := idOf(binary.BigEndian.Uint32(sealed[1:prefixSize]))
	if !o.Has(id) {
		return nil, fmt.Errorf("opening value: %w", &MissingKeyError{id})
	}
	value, err := o.decrypt.Decrypt(sealed, context)
	if err != nil {
		return nil, fmt.Errorf("opening value with key %s: %w", id, ErrAltered)
	}
	if value == nil {
		value = []byte{}
	}
	return value, nil
}
