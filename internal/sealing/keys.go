package sealing

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/tink-crypto/tink-go/v2/hybrid"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"bankprocessor/internal/secret"
)

// Key is what may be known of a key.
type Key struct {
	ID      string
	Primary bool
	Enabled bool
	Private bool
	// Algorithm is the name of Tink's key type, such as HpkePrivateKey.
	Algorithm string
}

// Pair is the two files of one set of keys.
type Pair struct {
	Private, Public string
	// Key is what the private keyset is encrypted with; none leaves it in clear.
	Key secret.Source
}

var (
	errExists     = fmt.Errorf("%w and is not overwritten: remove it, or give another name", os.ErrExist)
	errOtherPair  = errors.New("is not the public half of the private keyset: look at both")
	errPrimaryKey = errors.New("is the primary key, which new values are sealed with: rotate first")
	errNoSuchKey  = errors.New("is not in the keyset")
	errUnderWay   = errors.New("exists: another change of the keyset is under way, or one was broken off; in that case remove it")
)

// Create makes a key and writes both keysets. It overwrites nothing, and leaves
// nothing behind when it fails.
func (p Pair) Create() (Key, error) {
	wrapping, err := wrappingKey(p.Key)
	if err != nil {
		return Key{}, err
	}
	handle, err := keyset.NewHandle(template())
	if err != nil {
		return Key{}, fmt.Errorf("making key: %w", err)
	}
	private, err := writePrivate(handle, wrapping)
	if err != nil {
		return Key{}, err
	}
	public, err := writePublic(handle)
	if err != nil {
		return Key{}, err
	}
	if err := create(p.Private, private, privateMode); err != nil {
		return Key{}, err
	}
	if err := create(p.Public, public, publicMode); err != nil {
		return Key{}, errors.Join(err, os.Remove(p.Private))
	}
	return primaryOf(handle), nil
}

// template is what new keys are.
func template() *tinkpb.KeyTemplate {
	return hybrid.DHKEM_X25519_HKDF_SHA256_HKDF_SHA256_AES_256_GCM_Key_Template()
}

// Rotate adds a key and makes it the primary one of both keysets; the older ones
// stay. The private keyset is exchanged first, so that nothing is ever sealed
// with a key that no private keyset has.
func (p Pair) Rotate() (Key, error) {
	return p.change(func(m *keyset.Manager) error {
		id, err := m.Add(template())
		if err == nil {
			err = m.SetPrimary(id)
		}
		if err != nil {
			return fmt.Errorf("making key: %w", err)
		}
		return nil
	})
}

// Retire takes a key out of both keysets, for good: what it sealed opens no more.
// The primary key stays.
func (p Pair) Retire(keyID string) error {
	number, err := strconv.ParseUint(keyID, 10, 32)
	if err != nil {
		return fmt.Errorf("key %q: want the number that keys are listed with", keyID)
	}
	_, err = p.change(func(m *keyset.Manager) error {
		keys, err := m.Handle()
		if err != nil {
			return fmt.Errorf("reading keyset: %w", err)
		}
		if primaryOf(keys).ID == idOf(uint32(number)) {
			return fmt.Errorf("key %s %w", keyID, errPrimaryKey)
		}
		if m.Delete(uint32(number)) != nil {
			return fmt.Errorf("key %s %w", keyID, errNoSuchKey)
		}
		return nil
	})
	return err
}

// change exchanges both files for changed ones. The new private file's name is
// the lock: two rotations at once would lose a key that is in use.
func (p Pair) change(f func(*keyset.Manager) error) (changed Key, err error) {
	next := [2]string{p.Private + ".new", p.Public + ".new"}
	if err := create(next[0], nil, privateMode); err != nil {
		if errors.Is(err, os.ErrExist) {
			err = fmt.Errorf("%s %w", next[0], errUnderWay)
		}
		return Key{}, err
	}
	defer func() {
		for _, name := range next { // gone already when all went well
			if e := os.Remove(name); e != nil && !errors.Is(e, os.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}()
	wrapping, err := wrappingKey(p.Key)
	if err != nil {
		return Key{}, err
	}
	handle, err := readPrivate(p.Private, p.Key)
	if err != nil {
		return Key{}, err
	}
	if err := p.samePair(handle); err != nil {
		return Key{}, err
	}
	manager := keyset.NewManagerFromHandle(handle)
	if err := f(manager); err != nil {
		return Key{}, err
	}
	if handle, err = manager.Handle(); err != nil {
		return Key{}, fmt.Errorf("changing keyset: %w", err)
	}
	private, err := writePrivate(handle, wrapping)
	if err != nil {
		return Key{}, err
	}
	public, err := writePublic(handle)
	if err != nil {
		return Key{}, err
	}
	if err := errors.Join(write(next[0], private, privateMode), write(next[1], public, publicMode)); err != nil {
		return Key{}, err
	}
	if err := exchange(next[0], p.Private); err != nil {
		return Key{}, err
	}
	return primaryOf(handle), exchange(next[1], p.Public)
}

// samePair refuses a public keyset whose keys are another's. One that is missing
// is written anew.
func (p Pair) samePair(private *keyset.Handle) error {
	public, err := readPublic(p.Public)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	ours := map[string]bool{}
	for _, k := range keysOf(private) {
		ours[k.ID] = true
	}
	for _, k := range keysOf(public) {
		if !ours[k.ID] {
			return fmt.Errorf("keyset %s: key %s: %w", p.Public, k.ID, errOtherPair)
		}
	}
	return nil
}

// List returns the keys of a keyset of either kind, in the order in which they
// were made.
func List(path string, key secret.Source) ([]Key, error) {
	handle, err := readPublic(path)
	if errors.Is(err, errHoldsSecret) {
		handle, err = readPrivate(path, key)
	}
	if err != nil {
		return nil, err
	}
	return keysOf(handle), nil
}

func keysOf(handle *keyset.Handle) []Key {
	info := handle.KeysetInfo()
	var keys []Key
	for _, k := range info.GetKeyInfo() {
		algorithm := k.GetTypeUrl()[strings.LastIndexByte(k.GetTypeUrl(), '.')+1:]
		keys = append(keys, Key{
			ID: idOf(k.GetKeyId()), Primary: k.GetKeyId() == info.GetPrimaryKeyId(),
			Enabled: k.GetStatus() == tinkpb.KeyStatusType_ENABLED,
			Private: strings.HasSuffix(algorithm, "PrivateKey"), Algorithm: algorithm,
		})
	}
	return keys
}

func primaryOf(handle *keyset.Handle) Key {
	for _, k := range keysOf(handle) {
		if k.Primary {
			return k
		}
	}
	return Key{}
}
