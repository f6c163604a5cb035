package sealing

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"

	"bankprocessor/internal/secret"
)

// maxKeyset bounds a keyset file; a key takes about 400 bytes.
const maxKeyset = 1 << 20

var (
	errNoKeyset    = errors.New("is no Tink keyset in JSON")
	errHoldsSecret = errors.New("holds private keys: want the public keyset, and the private one off this host")
	errHoldsPublic = errors.New("holds public keys only: want the private keyset")
	errPrefix      = errors.New("the primary key has no Tink prefix, so that what it seals would not tell its key")
	errEncrypted   = errors.New("is itself encrypted: private_keyset_key is needed")
	errInClear     = errors.New("stands in clear though private_keyset_key is set: encrypt it, or leave the key out")
	errWrongKey    = errors.New("private_keyset_key is not the key that it is encrypted with")
	errKeyShape    = errors.New("want 32 bytes in base64, such as `openssl rand -base64 32` prints")
)

// readPublic reads a keyset of public keys. No error quotes the file, which may
// be the wrong one.
func readPublic(path string) (*keyset.Handle, error) {
	text, _, err := readFile(path)
	if err != nil {
		return nil, err
	}
	keys, err := keyset.NewJSONReader(bytes.NewReader(text)).Read()
	switch {
	case err != nil && isEncrypted(text):
		return nil, fmt.Errorf("keyset %s: %w", path, errHoldsSecret)
	case err != nil, len(keys.GetKey()) == 0:
		return nil, fmt.Errorf("keyset %s: %w", path, errNoKeyset)
	case !isPublic(keys):
		return nil, fmt.Errorf("keyset %s: %w", path, errHoldsSecret)
	}
	handle, err := keyset.NewHandleWithNoSecrets(keys)
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	if p := primary(handle); p.GetOutputPrefixType() != tinkpb.OutputPrefixType_TINK {
		return nil, fmt.Errorf("keyset %s: key %s: %w", path, idOf(p.GetKeyId()), errPrefix)
	}
	return handle, nil
}

// readPrivate reads a keyset of private keys that its owner alone can read,
// encrypted with key where that is given. No error quotes the file.
func readPrivate(path string, key secret.Source) (*keyset.Handle, error) {
	text, mode, err := readFile(path)
	if err != nil {
		return nil, err
	}
	if mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("keyset %s: others than its owner may touch it (mode %04o): set mode 0600", path, mode.Perm())
	}
	wrapping, err := wrappingKey(key)
	if err != nil {
		return nil, err
	}
	handle, err := parsePrivate(text, wrapping)
	if err != nil {
		return nil, fmt.Errorf("keyset %s: %w", path, err)
	}
	return handle, nil
}

// parsePrivate takes nil for a keyset in clear.
func parsePrivate(text []byte, wrapping tink.AEAD) (*keyset.Handle, error) {
	switch encrypted := isEncrypted(text); {
	case encrypted && wrapping == nil:
		return nil, errEncrypted
	case encrypted:
		handle, err := keyset.ReadWithAssociatedData(keyset.NewJSONReader(bytes.NewReader(text)), wrapping, wrappedAs)
		if err != nil {
			return nil, errWrongKey
		}
		return handle, nil
	}
	keys, err := keyset.NewJSONReader(bytes.NewReader(text)).Read()
	switch {
	case err != nil:
		return nil, errNoKeyset
	case isPublic(keys):
		return nil, errHoldsPublic
	case wrapping != nil:
		return nil, errInClear
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, errNoKeyset
	}
	return handle, nil
}

// wrappedAs binds an encrypted keyset to what it is for.
var wrappedAs = []byte("bank processor: private keyset of dead letters")

// wrappingKey returns nil when none is configured.
func wrappingKey(source secret.Source) (tink.AEAD, error) {
	if source.IsZero() {
		return nil, nil
	}
	live, err := source.Open()
	if err != nil {
		return nil, fmt.Errorf("private_keyset_key: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(live.Get().Reveal())
	if err != nil || len(raw) != 32 {
		return nil, fmt.Errorf("private_keyset_key: %w", errKeyShape)
	}
	return subtle.NewAESGCM(raw)
}

// writePrivate returns the keyset as its file holds it.
func writePrivate(handle *keyset.Handle, wrapping tink.AEAD) ([]byte, error) {
	var b bytes.Buffer
	w := keyset.NewJSONWriter(&b)
	var err error
	if wrapping == nil {
		err = insecurecleartextkeyset.Write(handle, w)
	} else {
		err = handle.WriteWithAssociatedData(w, wrapping, wrappedAs)
	}
	if err != nil {
		return nil, fmt.Errorf("writing private keyset: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// writePublic returns the keyset of the public halves as its file holds it.
func writePublic(private *keyset.Handle) ([]byte, error) {
	public, err := private.Public()
	if err != nil {
		return nil, fmt.Errorf("deriving public keyset: %w", err)
	}
	var b bytes.Buffer
	if err := public.WriteWithNoSecrets(keyset.NewJSONWriter(&b)); err != nil {
		return nil, fmt.Errorf("writing public keyset: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func readFile(path string) ([]byte, os.FileMode, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("reading keyset: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("reading keyset: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyset))
	if err != nil {
		return nil, 0, fmt.Errorf("reading keyset: %w", err)
	}
	return text, info.Mode(), nil
}

func isEncrypted(text []byte) bool {
	encrypted, err := keyset.NewJSONReader(bytes.NewReader(text)).ReadEncrypted()
	return err == nil && len(encrypted.GetEncryptedKeyset()) > 0
}

func isPublic(keys *tinkpb.Keyset) bool {
	return len(keys.GetKey()) > 0 && !slices.ContainsFunc(keys.GetKey(), func(k *tinkpb.Keyset_Key) bool {
		return k.GetKeyData().GetKeyMaterialType() != tinkpb.KeyData_ASYMMETRIC_PUBLIC
	})
}

func primary(handle *keyset.Handle) *tinkpb.KeysetInfo_KeyInfo {
	info := handle.KeysetInfo()
	for _, k := range info.GetKeyInfo() {
		if k.GetKeyId() == info.GetPrimaryKeyId() {
			return k
		}
	}
	return nil
}

// idOf writes a key's id as Tink's own tools do.
func idOf(id uint32) string { return strconv.FormatUint(uint64(id), 10) }
