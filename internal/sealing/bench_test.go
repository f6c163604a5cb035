package sealing_test

import (
	"path/filepath"
	"testing"

	"bankprocessor/internal/sealing"
)

// BenchmarkSeal is what a dead letter of an ordinary command costs more, the look
// at the keyset's file included.
func BenchmarkSeal(b *testing.B) {
	dir := b.TempDir()
	pair := sealing.Pair{Private: filepath.Join(dir, "private.json"), Public: filepath.Join(dir, "public.json")}
	if _, err := pair.Create(); err != nil {
		b.Fatal(err)
	}
	s, err := sealing.NewSealer(sealing.Config{PublicKeysetFile: pair.Public})
	if err != nil {
		b.Fatal(err)
	}
	value, context := make([]byte, 600), []byte("dead-letter-value:dbs.invoice.upsert/3@41")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := s.Encrypt(value, context); err != nil {
			b.Fatal(err)
		}
	}
}
