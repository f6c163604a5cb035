package app_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/command"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/sealing"
)

// sealed gives the bench a pair of keysets.
func (b *bench) sealed() sealing.Pair {
	b.t.Helper()
	dir := b.t.TempDir()
	pair := sealing.Pair{Private: filepath.Join(dir, "private.json"), Public: filepath.Join(dir, "public.json")}
	if _, err := pair.Create(); err != nil {
		b.t.Fatal(err)
	}
	b.cfg.DeadLetters.Encryption.PublicKeysetFile = pair.Public
	return pair
}

// letter awaits a command's dead letter.
func (b *bench) letter(w *downstream.Watcher, id string) *producers.Letter {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 30*time.Second)
	defer cancel()
	var letter *producers.Letter
	var unreadable error
	if err := w.Run(ctx, func(e downstream.Event) bool {
		if e.DeadLetter() && e.Header(producers.HeaderCommandID) == id {
			letter, unreadable = producers.ReadLetter(e.Record)
		}
		return letter == nil && unreadable == nil
	}); err != nil || unreadable != nil {
		b.t.Fatalf("no dead letter of %s: %v, %v\n%s", id, err, unreadable, b.log)
	}
	return letter
}

// doubtful is a command that ends as a dead letter: the bank has no such flow.
const doubtful = `{"flowReference":"F-1","customerNumber":%,"processId":7,"email":"canary@example.com","phoneNumber":"5321112233","approvedAgent":true,"courierSelected":true}`

func TestDeadLettersAreSealedWithTheKeysetOfTheMoment(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	pair := b.sealed()
	w := b.watch(downstream.Options{DeadLetters: true})
	a := b.start()
	send := func(customer string) *producers.Letter {
		t.Helper()
		return b.letter(w, b.send(command.CustomerComplete, strings.Replace(doubtful, "%", customer, 1)))
	}
	first := send("4711")
	if first.Scheme != sealing.Scheme || first.KeyID == "" || bytes.Contains(first.Record.Value, []byte("canary")) {
		t.Fatalf("want the value sealed, got scheme %q, key %q", first.Scheme, first.KeyID)
	}

	// A keyset that is half written changes nothing, and is told.
	good, err := os.ReadFile(pair.Public)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pair.Public, good[:len(good)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if held := send("4712"); held.KeyID != first.KeyID {
		t.Errorf("want the last good key %s, got %q", first.KeyID, held.KeyID)
	}
	b.awaitMetrics(a, `processor_file_stale{setting="dead_letters.encryption.public_keyset_file"} 1`, `processor_dead_letter_key{key_id="`+first.KeyID+`"} 1`)
	if log := b.log.String(); strings.Count(log, "level=WARN msg=\"what a file holds now cannot be used") != 1 ||
		!strings.Contains(log, "setting=dead_letters.encryption.public_keyset_file") {
		t.Errorf("want one warning in %s", log)
	}

	if err := os.WriteFile(pair.Public, good, 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := pair.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	second := send("4713")
	if second.KeyID != key.ID || key.ID == first.KeyID {
		t.Errorf("want the new key %s, got %q", key.ID, second.KeyID)
	}
	b.awaitMetrics(a, `processor_file_stale{setting="dead_letters.encryption.public_keyset_file"} 0`, `processor_dead_letter_key{key_id="`+key.ID+`"} 1`)

	opener, err := sealing.NewOpener(sealing.Config{PrivateKeysetFile: pair.Private})
	if err != nil {
		t.Fatal(err)
	}
	for _, letter := range []*producers.Letter{first, second} {
		original, err := letter.Original(opener)
		if err != nil || !bytes.Contains(original.Value, []byte("canary@example.com")) {
			t.Errorf("key %s: got %d bytes, %v", letter.KeyID, len(original.Value), err)
		}
	}
}

func TestAKeyThatCannotBeUsedKeepsTheProcessorFromStarting(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	b.cfg.DeadLetters.Encryption.PublicKeysetFile = "/nowhere/public.json"
	_, err := app.New(b.cfg, app.Options{})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "dead_letters.encryption.public_keyset_file: ") {
		t.Errorf("got %v", err)
	}
}

func TestCheckReadsTheKeysets(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{NoTopics: true})
	finding := func() app.Finding {
		t.Helper()
		for _, f := range app.Check(t.Context(), b.cfg, nil) {
			if f.Name == "dead_letters.encryption" {
				return f
			}
		}
		t.Fatal("no finding")
		return app.Finding{}
	}
	if f := finding(); f.Err != nil || !strings.Contains(f.Note, "stand in clear") {
		t.Errorf("without a key: %+v", f)
	}
	pair := b.sealed()
	keys, err := sealing.List(pair.Public, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	if f := finding(); f.Err != nil || f.Note != "sealing with key "+keys[0].ID {
		t.Errorf("with a key: %+v", f)
	}
	b.cfg.DeadLetters.Encryption.PrivateKeysetFile = pair.Private
	if f := finding(); f.Err != nil || !strings.Contains(f.Note, "belongs on no processor's host") {
		t.Errorf("with both: %+v", f)
	}
	if err := os.Chmod(pair.Private, 0o644); err != nil {
		t.Fatal(err)
	}
	if f := finding(); f.Err == nil || !strings.Contains(f.Err.Error(), "dead_letters.encryption.private_keyset_file: ") || !strings.Contains(f.Err.Error(), "mode 0600") {
		t.Errorf("open to all: %+v", f)
	}
	b.sealed()
	if err := os.Chmod(pair.Private, 0o600); err != nil {
		t.Fatal(err)
	}
	if f := finding(); f.Err == nil || !strings.Contains(f.Err.Error(), "private_keyset_file: lacks key ") {
		t.Errorf("of another pair: %+v", f)
	}
	b.cfg.DeadLetters.Encryption.PublicKeysetFile = "/nowhere/public.json"
	if f := finding(); f.Err == nil || !strings.Contains(f.Err.Error(), "dead_letters.encryption.public_keyset_file: ") {
		t.Errorf("not there: %+v", f)
	}
}
