package bankapi

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

const canary = "canary-secret"

// bytesOf is how a slice of the text's bytes prints, but for its brackets.
func bytesOf(text string) string { return strings.Trim(fmt.Sprint([]byte(text)), "[]") }

func TestTokensNeverPrint(t *testing.T) {
	t.Parallel()
	live, err := secret.Source{File: writeFile(t, canary)}.Open()
	if err != nil {
		t.Fatal(err)
	}
	token := Token{value: canary, serial: 1}
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	for name, value := range map[string]any{
		"token": token, "pointer": &token,
		"tokens": &Tokens{group: &Group{core: &core{name: "g"}}, token: token, secret: live}, "signer": &RS256Signer{},
		"field": token.Authorization(), "request": Request{Header: []Field{token.Authorization()}, Body: []byte(canary)},
		"link": &link{request: []byte(canary)},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, canary) || strings.Contains(got, fmt.Sprintf("%x", canary)) || strings.Contains(got, bytesOf(canary)) {
				t.Errorf("%s prints under %s: %s", name, verb, got)
			}
		}
		log.Info("", "value", value)
	}
	if strings.Contains(logged.String(), canary) {
		t.Errorf("logged %s", &logged)
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
