package config

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const exampleFile = "../../deploy/processor.example.yaml"

// required are the keys without a default, to which the example gives a value
// that a reader must replace.
var required = []string{
	"kafka.brokers",
	"banks.interapi.http.base_url", "banks.interapi.subscription_key.file", "banks.interapi.app_key.file",
	"banks.interapi.user_code",
	"banks.loanapi.http.base_url", "banks.loanapi.token.client_id", "banks.loanapi.token.client_secret.file",
}

func example(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestExampleIsValid(t *testing.T) {
	t.Parallel()
	if _, err := Load(exampleFile, nil); err != nil {
		t.Error(err)
	}
}

func TestExampleDocumentsEveryKey(t *testing.T) {
	t.Parallel()
	var c Config
	lines, faults := read(&c, example(t), nil)
	if len(faults) > 0 {
		t.Fatal(&Faults{List: faults})
	}
	for _, k := range bind(&c).keys {
		if lines[k.path] == 0 {
			t.Errorf("%s is not documented", k.path)
		}
	}
}

func TestExampleTellsTheTrueDefaults(t *testing.T) {
	t.Parallel()
	var documented Config
	if _, faults := read(&documented, example(t), nil); len(faults) > 0 {
		t.Fatal(&Faults{List: faults})
	}
	defaults := Config{}.WithDefaults()
	byPath := bind(&defaults).byPath
	for _, k := range bind(&documented).keys {
		want, got := byPath[k.path].value.Interface(), k.value.Interface()
		if slices.Contains(required, k.path) {
			if !byPath[k.path].value.IsZero() {
				t.Errorf("%s has a default now: document that", k.path)
			}
			continue
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-default +documented)\n%s", k.path, d)
		}
	}
}

func TestExampleMarksWhatIsRequired(t *testing.T) {
	t.Parallel()
	_, faults := parse(nil, nil)
	var missing []string
	for _, f := range faults {
		missing = append(missing, f.Key)
	}
	for _, path := range required {
		path = strings.TrimSuffix(path, ".file")
		if !slices.Contains(missing, path) {
			t.Errorf("%s is not required", path)
		}
	}
	if len(missing) != len(required) {
		t.Errorf("the example gives values to %v, but required are %v", required, missing)
	}
	if got := strings.Count(string(example(t)), "# Required."); got != len(required)-1 {
		// The loan API's base URL is "as in interapi".
		t.Errorf("the example marks %d keys, want %d", got, len(required)-1)
	}
}

func TestEveryKeyHasItsOwnVariable(t *testing.T) {
	t.Parallel()
	owner := map[string]string{}
	var c Config
	for _, k := range bind(&c).keys {
		if other, taken := owner[k.variable()]; taken {
			t.Errorf("%s and %s share %s", k.path, other, k.variable())
		}
		owner[k.variable()] = k.path
	}
}
