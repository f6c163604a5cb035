package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/command"
)

// completed are the values that a shell is offered for the last word, and cobra's
// directive to it.
func completed(t *testing.T, words ...string) (values []string, directive string) {
	t.Helper()
	code, out, errs := execute(t, "", append([]string{"__complete"}, words...)...)
	if code != exitDone {
		t.Fatalf("%v: got %d, %s", words, code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, line := range lines[:len(lines)-1] {
		value, _, _ := strings.Cut(line, "\t")
		values = append(values, value)
	}
	return values, lines[len(lines)-1]
}

// The directives, as __complete prints them.
const (
	anyFile  = ":0"
	noFiles  = ":4"
	fileExts = ":8"
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	codes := len(command.Codes())
	for line, tt := range map[string]struct {
		want      []string // the whole list, or its beginning where count says how long it is
		count     int
		directive string
	}{
		"topics ":                            {[]string{"apply", "list"}, 0, noFiles},
		"send ":                              {commandNames(), 0, noFiles},
		"send dbs.":                          {[]string{"dbs.limit.query", "dbs.invoice.upsert", "dbs.invoice.results.query"}, 0, noFiles},
		"send dbs.limit.query ":              {[]string{"json", "ndjson"}, 0, fileExts},
		"send dbs.limit.query --encoding ":   {[]string{"single-object", "confluent", "json"}, 0, noFiles},
		"watch customer.create customer.":    {[]string{"customer.update", "customer.complete"}, 0, noFiles},
		"watch --output ":                    {[]string{"table", "json"}, 0, noFiles},
		"watch -o ":                          {[]string{"table", "json"}, 0, noFiles},
		"watch --color ":                     {[]string{"auto", "always", "never"}, 0, noFiles},
		"watch --brokers ":                   {nil, 0, noFiles},
		"watch --timeout ":                   {nil, 0, noFiles},
		"run --config ":                      {[]string{"yaml", "yml"}, 0, fileExts},
		"run ":                               {nil, 0, noFiles},
		"dev --log-level ":                   {[]string{"debug", "info", "warn", "error"}, 0, noFiles},
		"schemas apply --compatibility BACK": {[]string{"BACKWARD", "BACKWARD_TRANSITIVE"}, 0, noFiles},
		"dlq list --reason ":                 {reasons(), 0, noFiles},
		"dlq list --code ":                   {[]string{"command.undecodable"}, codes, noFiles},
		"dlq list --code loan.bank_":         {[]string{"loan.bank_error", "loan.bank_rejected"}, 0, noFiles},
		"dlq list --state ":                  {states(), 0, noFiles},
		"dlq resolve x/0@1 --as ":            {[]string{"SUCCEEDED", "REJECTED", "FAILED"}, 0, noFiles},
		"dlq audit --action ":                {auditActions(), 0, noFiles},
		"dlq list --command loan":            {[]string{"loan.income.submit"}, 0, noFiles},
		"dlq show ":                          {nil, 0, noFiles},
		"dlq show x/0@1 --keyset ":           {[]string{"json"}, 0, fileExts},
		"dlq show x/0@1 --key-file ":         {nil, 0, anyFile},
		"dlq keys list ":                     {[]string{"json"}, 0, fileExts},
		"banksim --tls-cert ":                {[]string{"pem", "crt"}, 0, fileExts},
		"banksim --duplicates ":              {[]string{"refused", "recorded"}, 0, noFiles},
		"completion ":                        {shellNames(), 0, noFiles},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			got, directive := completed(t, strings.Split(line, " ")...)
			if tt.count == 0 {
				tt.count = len(tt.want)
			}
			if len(got) != tt.count || !slices.Equal(got[:len(tt.want)], tt.want) || directive != tt.directive {
				t.Errorf("got %q (%d), %s; want %q (%d), %s", got, len(got), directive, tt.want, tt.count, tt.directive)
			}
		})
	}
}

// Every script is one that its shell reads, where the shell is there.
func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range shellNames() {
		code, out, errs := execute(t, "", "completion", shell)
		if code != exitDone || !strings.Contains(out, "processor") || errs != "" {
			t.Errorf("%s: got %d, %s", shell, code, errs)
		}
		path, err := exec.LookPath(shell)
		if err != nil || shell == "powershell" {
			continue // bash is there for sure: the next test needs it
		}
		script := filepath.Join(t.TempDir(), "completion")
		must(t, os.WriteFile(script, []byte(out), 0o600))
		if said, err := exec.CommandContext(t.Context(), path, "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell, err, said)
		}
	}
}

// bash sources the script, and completes with what the program says.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	const script = `
source <(processor completion bash)
complete -p processor
COMP_WORDS=(processor watch --output ""); COMP_CWORD=3
COMP_LINE="processor watch --output "; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
compopt() { :; } # only the shell's own completion may
_get_comp_words_by_ref() { cur=""; prev="--output"; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
set +eu # as at a prompt
__start_processor
printf '%s\n' "${COMPREPLY[@]}"
`
	out := bash(t, t.TempDir(), nil, script)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if !strings.Contains(lines[0], "__start_processor processor") || !slices.Equal(lines[1:], []string{"table", "json"}) {
		t.Errorf("got %q", lines)
	}
}
