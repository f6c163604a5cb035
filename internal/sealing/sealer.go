package sealing

import (
	"fmt"
	"log/slog"
	"sync"

	"github.com/tink-crypto/tink-go/v2/hybrid"
	"github.com/tink-crypto/tink-go/v2/tink"

	"bankprocessor/internal/follow"
)

// Scheme names the way in which values are sealed: Tink's hybrid encryption,
// with the context as its context info.
const Scheme = "tink-hybrid"

// Sealer seals values with the primary key of a public keyset, and follows the
// keyset's file. It is safe for concurrent use.
type Sealer struct {
	files *follow.Files[publicKey]
	log   *slog.Logger

	mu    sync.Mutex
	told  string // the key that was last told of
	fault bool   // was told
}

// publicKey is the primary key of one reading of the file.
type publicKey struct {
	id      string
	encrypt tink.HybridEncrypt
}

// NewSealer reads the public keyset of an enabled Config. It starts nothing.
func NewSealer(c Config, log *slog.Logger) (*Sealer, error) {
	files, err := follow.Open(func() (publicKey, error) { return loadPublic(c.PublicKeysetFile) }, c.PublicKeysetFile)
	if err != nil {
		return nil, fmt.Errorf("public_keyset_file: %w", err)
	}
	return &Sealer{files: files, log: log, told: files.Get().id}, nil
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
	key, _ := s.current()
	if sealed, err = key.encrypt.Encrypt(value, context); err != nil {
		return nil, "", "", fmt.Errorf("sealing with key %s: %w", key.id, err)
	}
	return sealed, Scheme, key.id, nil
}

// KeyID is the key that values are sealed with now. The error says why the file
// cannot be used as it is, so that this is an older key; it is nil when all is
// well.
func (s *Sealer) KeyID() (string, error) {
	key, fault := s.current()
	return key.id, fault
}

// current looks at the file, and tells of changes once each.
func (s *Sealer) current() (publicKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := s.files.Get()
	fault := s.files.Fault()
	switch {
	case fault != nil && !s.fault:
		s.log.Warn("the keyset of dead letters cannot be read: sealing on with the last good one",
			"setting", "dead_letters.encryption.public_keyset_file", "key_id", key.id, "error", fault)
	case fault == nil && s.fault, key.id != s.told:
		s.log.Info("the keyset of dead letters is read again", "key_id", key.id)
	}
	s.fault, s.told = fault != nil, key.id
	return key, fault
}
