package sealing_test

import (
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bankprocessor/internal/sealing"
	"bankprocessor/internal/secret"
)

// bench is a pair of keysets, and what seals with them.
type bench struct {
	*testing.T
	pair   sealing.Pair
	cfg    sealing.Config
	sealer *sealing.Sealer
	turn   int
}

func setup(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{T: t, pair: sealing.Pair{Private: filepath.Join(dir, "private.json"), Public: filepath.Join(dir, "public.json")}}
	b.cfg = sealing.Config{PublicKeysetFile: b.pair.Public, PrivateKeysetFile: b.pair.Private}
	if _, err := b.pair.Create(); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.sealer, err = sealing.NewSealer(b.cfg); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) opener() *sealing.Opener {
	b.Helper()
	o, err := sealing.NewOpener(b.cfg)
	if err != nil {
		b.Fatal(err)
	}
	return o
}

func (b *bench) seal(value, context string) (sealed []byte, keyID string) {
	b.Helper()
	sealed, scheme, keyID, err := b.sealer.Encrypt([]byte(value), []byte(context))
	if err != nil || scheme != sealing.Scheme {
		b.Fatalf("got scheme %q, %v", scheme, err)
	}
	return sealed, keyID
}

// publish replaces the public keyset's file by a text, with a time of change that
// it never had.
func (b *bench) publish(text string) {
	b.Helper()
	if err := os.WriteFile(b.pair.Public, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	b.turn++
	at := time.Date(2026, 1, 1, 0, 0, b.turn, 0, time.UTC)
	if err := os.Chtimes(b.pair.Public, at, at); err != nil {
		b.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wrapping is a fresh key for a private keyset, in a file.
func wrapping(t *testing.T) secret.Source {
	t.Helper()
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(base64.StdEncoding.EncodeToString(key)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return secret.Source{File: path}
}
