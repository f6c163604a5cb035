package sealing_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bankprocessor/internal/sealing"
	"bankprocessor/internal/secret"
)

func (b *bench) list(path string) []sealing.Key {
	b.Helper()
	keys, err := sealing.List(path, b.pair.Key)
	if err != nil {
		b.Fatal(err)
	}
	return keys
}

// nothingBeside fails when the keysets' directory has more than the two files.
func (b *bench) nothingBeside() {
	b.Helper()
	all, err := os.ReadDir(filepath.Dir(b.pair.Private))
	if err != nil || len(all) != 2 {
		b.Errorf("want the two keysets alone, got %v, %v", all, err)
	}
}

func TestCreateWritesBothHalves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	private, public := b.list(b.pair.Private), b.list(b.pair.Public)
	if len(private) != 1 || len(public) != 1 || private[0].ID != public[0].ID || !private[0].Primary || !private[0].Enabled {
		t.Fatalf("got %+v and %+v", private, public)
	}
	if !private[0].Private || public[0].Private || private[0].Algorithm != "HpkePrivateKey" || public[0].Algorithm != "HpkePublicKey" {
		t.Errorf("got %+v and %+v", private, public)
	}
	info, err := os.Stat(b.pair.Private)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v", info.Mode(), err)
	}
	b.nothingBeside()
}

func TestCreateOverwritesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	private, public := read(t, b.pair.Private), read(t, b.pair.Public)
	if _, err := b.pair.Create(); !errors.Is(err, os.ErrExist) || !strings.Contains(err.Error(), b.pair.Private) {
		t.Errorf("got %v", err)
	}
	other := sealing.Pair{Private: filepath.Join(t.TempDir(), "new.json"), Public: b.pair.Public}
	if _, err := other.Create(); !errors.Is(err, os.ErrExist) || !strings.Contains(err.Error(), "not overwritten") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(other.Private); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want nothing left behind, got %v", err)
	}
	if read(t, b.pair.Private) != private || read(t, b.pair.Public) != public {
		t.Error("a keyset was changed")
	}
}

func TestRotateKeepsTheOlderKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.list(b.pair.Private)[0].ID
	key, err := b.pair.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{b.pair.Private, b.pair.Public} {
		keys := b.list(path)
		if len(keys) != 2 || keys[0].ID != first || keys[0].Primary || keys[1].ID != key.ID || !keys[1].Primary {
			t.Errorf("%s: got %+v", path, keys)
		}
	}
	info, err := os.Stat(b.pair.Private)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v", info.Mode(), err)
	}
	b.nothingBeside()
}

func TestRotateWritesALostPublicKeysetAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := os.Remove(b.pair.Public); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pair.Rotate(); err != nil {
		t.Fatal(err)
	}
	if keys := b.list(b.pair.Public); len(keys) != 2 {
		t.Errorf("got %+v", keys)
	}
}

func TestRotateRefusesWhatWouldLoseKeys(t *testing.T) {
	t.Parallel()
	b, other := setup(t), setup(t)
	private, public := read(t, b.pair.Private), read(t, b.pair.Public)

	mixed := sealing.Pair{Private: b.pair.Private, Public: other.pair.Public}
	if _, err := mixed.Rotate(); err == nil || !strings.Contains(err.Error(), "is not the public half") {
		t.Errorf("another pair's: got %v", err)
	}
	swapped := sealing.Pair{Private: b.pair.Public, Public: b.pair.Private}
	if _, err := swapped.Rotate(); err == nil {
		t.Error("want swapped files refused")
	}
	lock := b.pair.Private + ".new"
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pair.Rotate(); err == nil || !strings.Contains(err.Error(), lock+" exists: another change of the keyset is under way") {
		t.Errorf("two at once: got %v", err)
	}
	if err := os.Remove(lock); err != nil {
		t.Errorf("want the other's file left alone, got %v", err)
	}
	if read(t, b.pair.Private) != private || read(t, b.pair.Public) != public {
		t.Error("a keyset was changed")
	}
	b.nothingBeside()
}

func TestARotationThatCannotWriteBothChangesNeither(t *testing.T) {
	t.Parallel()
	b := setup(t)
	private, public := read(t, b.pair.Private), read(t, b.pair.Public)
	inTheWay := b.pair.Public + ".new"
	if err := os.MkdirAll(filepath.Join(inTheWay, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pair.Rotate(); err == nil || !strings.Contains(err.Error(), inTheWay) {
		t.Errorf("got %v", err)
	}
	if read(t, b.pair.Private) != private || read(t, b.pair.Public) != public {
		t.Error("a keyset was changed")
	}
	if err := os.RemoveAll(inTheWay); err != nil {
		t.Fatal(err)
	}
	b.nothingBeside()
}

func TestARetiredKeyOpensNoMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sealed, first := b.seal("value", "")
	if err := b.pair.Retire(first); err == nil || !strings.Contains(err.Error(), "rotate first") {
		t.Errorf("the primary key: got %v", err)
	}
	if _, err := b.pair.Rotate(); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"4294967296": "want the number", "x": "want the number", "0": "is not in the keyset"} {
		if err := b.pair.Retire(id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("key %s: got %v", id, err)
		}
	}
	if err := b.pair.Retire(first); err != nil {
		t.Fatal(err)
	}
	if private, public := b.list(b.pair.Private), b.list(b.pair.Public); len(private) != 1 || len(public) != 1 || private[0].ID == first {
		t.Errorf("got %+v and %+v", private, public)
	}
	_, err := b.opener().Decrypt(sealed, nil, sealing.Scheme)
	if missing, ok := errors.AsType[*sealing.MissingKeyError](err); !ok || missing.KeyID != first {
		t.Errorf("got %v", err)
	}
	b.nothingBeside()
}

func TestAPrivateKeysetMayBeEncryptedItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := &bench{T: t, pair: sealing.Pair{
		Private: filepath.Join(dir, "private.json"), Public: filepath.Join(dir, "public.json"), Key: wrapping(t),
	}}
	b.cfg = sealing.Config{PublicKeysetFile: b.pair.Public, PrivateKeysetFile: b.pair.Private, PrivateKeysetKey: b.pair.Key}
	if _, err := b.pair.Create(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pair.Rotate(); err != nil {
		t.Fatal(err)
	}
	if keys := b.list(b.pair.Private); len(keys) != 2 || !keys[0].Private {
		t.Errorf("got %+v", keys)
	}
	if !strings.Contains(read(t, b.pair.Private), `"encryptedKeyset"`) {
		t.Error("the private keyset stands in clear")
	}
	b.opener()
	short := filepath.Join(dir, "short")
	if err := os.WriteFile(short, []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		key  secret.Source
		want string
	}{
		"none":      {secret.Source{}, "is itself encrypted: private_keyset_key is needed"},
		"wrong":     {wrapping(t), "is not the key that it is encrypted with"},
		"no key":    {secret.Source{File: short}, "want 32 bytes in base64"},
		"not there": {secret.Source{File: "/nowhere/key"}, "/nowhere/key"},
	} {
		cfg := b.cfg
		cfg.PrivateKeysetKey = tt.key
		if _, err := sealing.NewOpener(cfg); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}
