package bankapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"bankprocessor/internal/command"
)

const canary = "canary-secret"

func TestSecretsNeverPrint(t *testing.T) {
	t.Parallel()
	live, err := SecretSource{File: writeFile(t, canary)}.Open()
	if err != nil {
		t.Fatal(err)
	}
	token := Token{value: canary, serial: 1}
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	for name, value := range map[string]any{
		"secret": Secret(canary), "in a struct": struct{ S Secret }{canary}, "live": live, "token": token,
		"pointer": &token, "tokens": &Tokens{group: &Group{name: "g"}, token: token, secret: live},
		"signer": &RS256Signer{},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, canary) || strings.Contains(got, fmt.Sprintf("%x", canary)) {
				t.Errorf("%s prints under %s: %s", name, verb, got)
			}
		}
		log.Info("", "value", value)
	}
	encoded, err := json.Marshal(struct{ S Secret }{canary})
	if err != nil || strings.Contains(string(encoded)+logged.String(), canary) {
		t.Errorf("marshalled %s, %v; logged %s", encoded, err, &logged)
	}
	if live.Get().Reveal() != canary || Secret("").String() != "" {
		t.Error("the secret itself is lost")
	}
}

func TestSecretFollowsItsFile(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "first\n")
	live, err := SecretSource{File: path}.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ content, want string }{
		{"first\n", "first"}, {"second\r\n", "second"}, {"", "second"}, {"third", "third"},
	} {
		rewrite(t, path, step.content)
		if got := live.Get().Reveal(); got != step.want {
			t.Errorf("after %q: %q, want %q", step.content, got, step.want)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := live.Get().Reveal(); got != "third" {
		t.Errorf("without its file: %q", got)
	}
}

func TestSecretFollowsItsVariable(t *testing.T) {
	t.Setenv("BANKAPI_TEST_SECRET", "first")
	live, err := SecretSource{Env: "BANKAPI_TEST_SECRET"}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("BANKAPI_TEST_SECRET", "second")
	if got := live.Get().Reveal(); got != "second" {
		t.Errorf("got %q", got)
	}
}

func TestSecretSourceRefusals(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]SecretSource{
		"none": {}, "both": {File: "f", Env: "E"}, "no file": {File: "/nowhere/at/all"},
		"empty file": {File: writeFile(t, "\n")}, "no variable": {Env: "BANKAPI_TEST_UNSET"},
	} {
		if _, err := source.Open(); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestScrubbedSecretsStayOutOfVerdicts(t *testing.T) {
	t.Parallel()
	for c, row := range httpRows {
		if row.read.Detail == "" || row.read.BankMessage != "" || row.read.Result != nil {
			t.Errorf("case %d: %+v", c, row.read)
		}
		if row.read.Status == command.Succeeded {
			t.Errorf("case %d: an answer without an envelope is a success", c)
		}
	}
}
