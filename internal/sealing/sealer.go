package sealing

import (
	"fmt"

	"github.com/tink-crypto/tink-go/v2/hybrid"
	"github.com/tink-crypto/tink-go/v2/tink"

	"bankprocessor/internal/follow"
)

// Scheme names the way in which values are sealed: Tink's hybrid encryption,
// with the context as its context info.
const Scheme = "tink-hybrid"

// Sealer seals values with the primary key of a public keyset, and follows the
// keyset's file. It is safe for concurrent use.
type Sealer struct{ files *follow.Files[publicKey] }

// publicKey is the primary key of one reading of the file.
type publicKey struct {
	id      string
	encrypt tink.HybridEncrypt
}

// NewSealer reads the public keyset of an enabled Config. It starts nothing.
func NewSealer(c Config) (*Sealer, error) {
	files, err := follow.Open(func() (publicKey, error) { return loadPublic(c.PublicKeysetFile) }, c.PublicKeysetFile)
	if err != nil {
		return nil, fmt.Errorf("public_keyset_file: %w", err)
	}
	return &Sealer{files}, nil
}

// loadPublic returns a key only once it has sealed something.
func loadPublic(path string) (publicKey, error) {
	handle, err := readPublic(path)
	if err != nil {
		return publicKey{}, err
	}
	encrypt, err := hybrid.NewHybridEncrypt(handle)
	if err == nil {
		_, err = encrypt.Encrypt(nil, nil)
	}
	if err != nil {
		return publicKey{}, fmt.Errorf("keyset %s: want keys for hybrid encryption: %w", path, err)
	}
	return publicKey{idOf(primary(handle).GetKeyId()), encrypt}, nil
}

// Encrypt seals value, so that it opens with the same context alone, and names
// the scheme and the key.
func (s *Sealer) Encrypt(value, context []byte) (sealed []byte, scheme, keyID string, err error) {
	key := s.files.Get()
	if sealed, err = key.encrypt.Encrypt(value, context); err != nil {
		return nil, "", "", fmt.Errorf("sealing with key %s: %w", key.id, err)
	}
	return sealed, Scheme, key.id, nil
}

// KeyID is the key that values are sealed with now. While the file cannot be used
// as it is, that is the last good one's.
func (s *Sealer) KeyID() string { return s.files.Get().id }

// Followed is the keyset's file, for whoever watches over all of them.
func (s *Sealer) Followed(section string) follow.Setting {
	return follow.Setting{Path: section + ".public_keyset_file", Look: s.files.Look}
}
