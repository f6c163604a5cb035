package sealing_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/hybrid"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"pgregory.net/rapid"

	"bankprocessor/internal/sealing"
)

func TestWhatIsSealedOpensUnderItsContextAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	o := b.opener()
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(rt, "value")
		context := rapid.SliceOf(rapid.Byte()).Draw(rt, "context")
		sealed, scheme, keyID, err := b.sealer.Encrypt(value, context)
		if err != nil {
			rt.Fatal(err)
		}
		if len(sealed) != len(value)+53 { // what docs/dead-letters.md says of its size
			rt.Errorf("%d bytes became %d", len(value), len(sealed))
		}
		if len(value) > 8 && bytes.Contains(sealed, value[:8]) {
			rt.Error("the value stands in clear")
		}
		got, err := o.Decrypt(sealed, context, scheme)
		if err != nil || !bytes.Equal(got, value) || got == nil {
			rt.Fatalf("got %x, %v", got, err)
		}
		if !o.Has(keyID) {
			rt.Errorf("the keyset does not know key %s", keyID)
		}
		if _, err := o.Decrypt(sealed, append(context, 0), scheme); !errors.Is(err, sealing.ErrAltered) {
			rt.Errorf("under another context: %v", err)
		}
		// Any bit of it counts. One in the key's id makes it another key's.
		at := rapid.IntRange(0, len(sealed)-1).Draw(rt, "at")
		sealed[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		_, err = o.Decrypt(sealed, context, scheme)
		_, missing := errors.AsType[*sealing.MissingKeyError](err)
		if missing != (at > 0 && at < 5) || !missing && !errors.Is(err, sealing.ErrAltered) {
			rt.Errorf("altered at %d: %v", at, err)
		}
	})
}

func TestTheSameValueNeverLooksTheSame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, _ := b.seal("value", "context")
	two, _ := b.seal("value", "context")
	if bytes.Equal(one, two) {
		t.Error("two sealed values are equal")
	}
}

func TestAnotherPairsKeyIsNamed(t *testing.T) {
	t.Parallel()
	b, other := setup(t), setup(t)
	sealed, keyID := b.seal("value", "")
	_, err := other.opener().Decrypt(sealed, nil, sealing.Scheme)
	missing, ok := errors.AsType[*sealing.MissingKeyError](err)
	if !ok || missing.KeyID != keyID || !strings.Contains(err.Error(), "sealed with key "+keyID+", which the private keyset does not have") {
		t.Errorf("got %v, want key %s missed", err, keyID)
	}
	for _, short := range []string{"", "\x01abc", "\x00abcdefgh"} {
		if _, err := other.opener().Decrypt([]byte(short), nil, sealing.Scheme); !errors.Is(err, sealing.ErrAltered) {
			t.Errorf("%q: got %v", short, err)
		}
	}
	if _, err := b.opener().Decrypt(sealed, nil, "pgp"); err == nil || !strings.Contains(err.Error(), `"pgp"`) {
		t.Errorf("got %v", err)
	}
}

// What Tink's own tools make and read is the same.
func TestAnyTinkReadsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sealed, _ := b.seal("value", "context")
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(strings.NewReader(read(t, b.pair.Private))))
	if err != nil {
		t.Fatal(err)
	}
	decrypt, err := hybrid.NewHybridDecrypt(handle)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decrypt.Decrypt(sealed, []byte("context")); err != nil || string(got) != "value" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTheSealerFollowsItsKeyset(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, first := b.seal("old", "")
	if _, err := b.pair.Rotate(); err != nil {
		t.Fatal(err)
	}
	fresh, second := b.seal("new", "")
	if first == second {
		t.Fatalf("want another key after the rotation, got %s twice", first)
	}
	for value, sealed := range map[string][]byte{"old": old, "new": fresh} {
		if got, err := b.opener().Decrypt(sealed, nil, sealing.Scheme); err != nil || string(got) != value {
			t.Errorf("%s: got %q, %v", value, got, err)
		}
	}
}

func TestABrokenKeysetLeavesTheLastGoodOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, first := b.seal("", "")
	good := read(t, b.pair.Public)
	followed := b.sealer.Followed("section")
	if followed.Path != "section.public_keyset_file" || followed.Look() != nil {
		t.Errorf("got %s, fault %v", followed.Path, followed.Look())
	}
	for name, text := range map[string]string{
		"half":         good[:len(good)/2],
		"empty":        "",
		"no keys":      "{}",
		"private keys": read(t, b.pair.Private),
	} {
		b.publish(text)
		if _, keyID := b.seal("", ""); keyID != first || b.sealer.KeyID() != first || followed.Look() == nil {
			t.Errorf("%s: got key %s, fault %v", name, keyID, followed.Look())
		}
		b.publish(good)
		if fault := followed.Look(); fault != nil {
			t.Errorf("%s, mended: got fault %v", name, fault)
		}
	}
	if err := os.Remove(b.pair.Public); err != nil {
		t.Fatal(err)
	}
	if _, keyID := b.seal("", ""); keyID != first || !errors.Is(followed.Look(), os.ErrNotExist) {
		t.Errorf("away: got key %s, fault %v", keyID, followed.Look())
	}
}

func TestAKeysetThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	public, private := read(t, b.pair.Public), read(t, b.pair.Private)
	raw := strings.ReplaceAll(public, `"outputPrefixType":"TINK"`, `"outputPrefixType":"RAW"`)
	for name, tt := range map[string]struct{ text, want string }{
		"not there":    {"", "no such file"},
		"nonsense":     {"canary", "is no Tink keyset in JSON"},
		"half":         {public[:len(public)/2], "is no Tink keyset in JSON"},
		"no keys":      {`{"primaryKeyId":1}`, "is no Tink keyset in JSON"},
		"private keys": {private, "holds private keys"},
		"no prefix":    {raw, "no Tink prefix"},
		"two primary":  {strings.ReplaceAll(public, "ENABLED", "DISABLED"), "keyset"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.publish(tt.text)
			if name == "not there" {
				if err := os.Remove(b.pair.Public); err != nil {
					t.Fatal(err)
				}
			}
			_, err := sealing.NewSealer(b.cfg)
			if err == nil || !strings.HasPrefix(err.Error(), "public_keyset_file: ") || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAPrivateKeysetIsRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, b *bench) error
		want  string
	}{
		"not there": {func(_ *testing.T, b *bench) error { return os.Remove(b.pair.Private) }, "no such file"},
		"for the group": {func(_ *testing.T, b *bench) error { return os.Chmod(b.pair.Private, 0o640) },
			"others than its owner may touch it (mode 0640): set mode 0600"},
		"for all":  {func(_ *testing.T, b *bench) error { return os.Chmod(b.pair.Private, 0o604) }, "mode 0604"},
		"nonsense": {func(_ *testing.T, b *bench) error { return os.WriteFile(b.pair.Private, []byte("canary"), 0o600) }, "is no Tink keyset"},
		"public": {func(t *testing.T, b *bench) error {
			return os.WriteFile(b.pair.Private, []byte(read(t, b.pair.Public)), 0o600)
		}, "holds public keys only"},
		"clear, though a key is given": {func(t *testing.T, b *bench) error {
			b.cfg.PrivateKeysetKey = wrapping(t)
			return nil
		}, "stands in clear though private_keyset_key is set"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			if err := tt.spoil(t, b); err != nil {
				t.Fatal(err)
			}
			_, err := sealing.NewOpener(b.cfg)
			if err == nil || !strings.HasPrefix(err.Error(), "private_keyset_file: ") || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestKeysNeverPrint(t *testing.T) {
	t.Parallel()
	b := setup(t)
	private := read(t, b.pair.Private)
	_, after, _ := strings.Cut(private, `"value":"`)
	material, _, _ := strings.Cut(after, `"`)
	if len(material) < 40 {
		t.Fatalf("no key material in the file")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, b.opener()); strings.Contains(got, material) {
			t.Errorf("%s prints the key", verb)
		}
	}
}

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	c := sealing.Config{PublicKeysetFile: "a", PrivateKeysetFile: "a"}
	c.PrivateKeysetKey.File, c.PrivateKeysetKey.Env = "f", "E"
	err := c.Validate()
	for _, want := range []string{"public_keyset_file: is the private keyset", "private_keyset_key: want file or env, not both"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if err := (sealing.Config{}).Validate(); err != nil || (sealing.Config{}).Enabled() {
		t.Errorf("want nothing to be in order, got %v", err)
	}
}
