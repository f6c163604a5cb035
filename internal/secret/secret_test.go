package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/secret"
)

const canary = "canary-secret"

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, s secret.Source) *secret.Live {
	t.Helper()
	live, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	return live
}

func TestSecretsNeverPrint(t *testing.T) {
	t.Parallel()
	live := open(t, secret.Source{File: file(t, canary)})
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	for name, value := range map[string]any{
		"value": secret.Value(canary), "in a struct": struct{ S secret.Value }{canary}, "live": live,
		"live in a struct": struct{ l *secret.Live }{live}, "live, copied": *live,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, canary) || strings.Contains(got, fmt.Sprintf("%x", canary)) {
				t.Errorf("%s prints under %s: %s", name, verb, got)
			}
		}
		log.Info("", "value", value)
	}
	encoded, err := json.Marshal(struct{ S secret.Value }{canary})
	if err != nil || strings.Contains(string(encoded)+logged.String(), canary) {
		t.Errorf("marshalled %s, %v; logged %s", encoded, err, &logged)
	}
	if live.Get().Reveal() != canary || secret.Value("").String() != "" {
		t.Error("the secret itself is lost")
	}
}

func TestASecretFollowsItsFile(t *testing.T) {
	t.Parallel()
	path := file(t, "first\n")
	live := open(t, secret.Source{File: path})
	for i, step := range []struct{ content, want string }{
		{"first\n", "first"}, {"second\r\n", "second"}, {"", "second"}, {"third", "third"}, {"a space \n", "a space "},
	} {
		if err := os.WriteFile(path, []byte(step.content), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		if got := live.Get().Reveal(); got != step.want || (live.Fault() != nil) != (step.content == "") {
			t.Errorf("after %q: %q, want %q; fault %v", step.content, got, step.want, live.Fault())
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := live.Get().Reveal(); got != "a space " || live.Fault() == nil {
		t.Errorf("without its file: %q, fault %v", got, live.Fault())
	}
}

func TestASecretFromTheEnvironment(t *testing.T) {
	t.Setenv("SECRET_TEST", "first")
	if got := open(t, secret.Source{Env: "SECRET_TEST"}).Get().Reveal(); got != "first" {
		t.Errorf("got %q", got)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		source secret.Source
		want   string
	}{
		"none":             {secret.Source{}, "want file or env"},
		"both":             {secret.Source{File: "f", Env: "E"}, "not both"},
		"no file":          {secret.Source{File: "/nowhere/at/all"}, "/nowhere/at/all"},
		"empty file":       {secret.Source{File: file(t, "\n")}, "is empty"},
		"no such variable": {secret.Source{Env: canary}, "want the name of a variable"},
		"a name alone":     {secret.Source{File: canary}, "withheld"},
		"no variable":      {secret.Source{Env: "SECRET_TEST_UNSET"}, "SECRET_TEST_UNSET"},
	} {
		if _, err := tt.source.Open(); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}
