package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/app"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

// The commands of docs/dead-letters.md work as they are printed, in their order;
// the pair of keysets alone is made first, so that there is a letter to read.
func TestTheDocumentedCommandsWork(t *testing.T) {
	t.Parallel()
	const makeKeys = "processor dlq keys create --private dlq-private.json --public dlq-public.json"
	lines := documentedCommands(t, "../../docs/dead-letters.md")
	at := slices.Index(lines, makeKeys)
	if at < 0 {
		t.Fatalf("the page does not say how keys are made")
	}
	lines = slices.Delete(lines, at, at+1)

	box, brokers := startSandbox(t, sandbox.Options{})
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	b := &dlqBench{T: t, brokers: brokers}
	b.must("dlq", "keys", "create", "--private", file("dlq-private.json"), "--public", file("dlq-public.json"))
	config := configFile(t, box, "dead_letters: {encryption: {public_keyset_file: \""+file("dlq-public.json")+"\"}}\n")
	if err := os.Rename(config, file("processor.yaml")); err != nil {
		t.Fatal(err)
	}
	cfg := app.SandboxConfig(box, topics.Config{})
	cfg.DeadLetters.Encryption.PublicKeysetFile = file("dlq-public.json")
	startConfigured(t, cfg)
	id := b.doubtful()
	other := b.doubtful()
	var letter struct{ Letter, KeyID string }
	if err := json.Unmarshal([]byte(b.must("dlq", "show", id, "--brokers", brokers, "--output", "json")), &letter); err != nil {
		t.Fatal(err)
	}

	fill := strings.NewReplacer("COMMAND_ID", id, "OTHER_ID", other, "PLACE", letter.Letter, "KEY_ID", letter.KeyID)
	for _, line := range lines {
		if line == "(umask 077; openssl rand -base64 32 > dlq-wrapping.key)" {
			writeWrappingKey(t, file("dlq-wrapping.key"))
			continue
		}
		args := shellWords(fill.Replace(line))
		if args[0] != "processor" {
			t.Errorf("cannot run %q", line)
			continue
		}
		for i, a := range args {
			if slices.Contains([]string{".json", ".yaml", ".key", ".bin"}, filepath.Ext(a)) {
				args[i] = file(a)
			}
		}
		out := b.must(args[1:]...)
		switch {
		case strings.Contains(line, "dlq list"):
			wantAll(t, out, id)
		case strings.Contains(line, "dlq resolve"):
			wantAll(t, out, other, "2 SUCCEEDED operator.confirmed bank reference TX-4711")
		case strings.Contains(line, "--not-applied"):
			wantAll(t, out, "1 letter: 1 to be replayed")
		case strings.Contains(line, "dlq audit"):
			wantAll(t, out, id, "reveal")
		case strings.Contains(line, "--reveal"):
			wantAll(t, out, person)
		case strings.Contains(line, "dlq show"):
			if strings.Contains(out, person) {
				t.Errorf("%s shows the person", line)
			}
		case strings.Contains(line, "processor check"):
			wantAll(t, out, "ok    dead_letters.encryption (sealing with key "+letter.KeyID+")")
		}
	}
}

// documentedCommands are the lines of a page's shell blocks.
func documentedCommands(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	shell := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			shell = line == "```sh"
		case shell && line != "":
			lines = append(lines, line)
		}
	}
	return lines
}

func writeWrappingKey(t *testing.T, path string) {
	t.Helper()
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(base64.StdEncoding.EncodeToString(key)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shellWords splits a line as a shell does, as far as these pages go.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}
