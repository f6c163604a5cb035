package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bankprocessor/internal/secret"
)

func TestADigestKeyIsReadOrRefused(t *testing.T) {
	const key, short = "a key of thirty-two bytes, or so", "too short"
	held := func(content string) string {
		file := filepath.Join(t.TempDir(), "digest.key")
		if err := os.WriteFile(file, []byte(content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	t.Setenv("DIGEST_KEY", key)
	t.Setenv("SHORT_DIGEST_KEY", short)
	for name, tt := range map[string]struct {
		source  secret.Source
		want    string
		refused string
	}{
		"none":               {},
		"a file":             {source: secret.Source{File: held(key)}, want: key},
		"a variable":         {source: secret.Source{Env: "DIGEST_KEY"}, want: key},
		"no file":            {source: secret.Source{File: "/nowhere/digest.key"}, refused: "/nowhere/digest.key"},
		"no variable":        {source: secret.Source{Env: "NO_DIGEST_KEY"}, refused: "NO_DIGEST_KEY"},
		"a short file":       {source: secret.Source{File: held(short)}, refused: "has 9 bytes: want 16 or more"},
		"a short variable":   {source: secret.Source{Env: "SHORT_DIGEST_KEY"}, refused: "has 9 bytes: want 16 or more"},
		"a file of no bytes": {source: secret.Source{File: held("")}, refused: "dead_letters.digest_key"},
	} {
		got, err := DeadLetters{DigestKey: tt.source}.ReadDigestKey()
		switch {
		case tt.refused == "" && (err != nil || string(got) != tt.want):
			t.Errorf("%s: got %d bytes, %v", name, len(got), err)
		case tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused) || !strings.Contains(err.Error(), "dead_letters.digest_key")):
			t.Errorf("%s: want it refused for %s, got %v", name, tt.refused, err)
		case err != nil && strings.Contains(err.Error(), short):
			t.Errorf("%s: the refusal prints the key: %v", name, err)
		}
	}
	if err := (DeadLetters{DigestKey: secret.Source{File: "f", Env: "E"}}).Validate(); err == nil || !strings.Contains(err.Error(), "digest_key") {
		t.Errorf("want one of both, got %v", err)
	}
}

func TestWhoActsIsNoSetting(t *testing.T) {
	t.Parallel()
	environ := []string{"PROCESSOR_KAFKA_BROKERS=127.0.0.1:1"}
	if _, err := Load("", append(environ, OperatorVariable+"=ayse"), "kafka"); err != nil {
		t.Error(err)
	}
	if _, err := Load("", append(environ, OperatorVariable+"S=ayse"), "kafka"); err == nil {
		t.Error("want another variable refused")
	}
}
