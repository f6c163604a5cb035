package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/sealing"
	"bankprocessor/internal/topics"
)

// outputExample is what a command prints with --output json.
type outputExample struct {
	form string // what there is of it, for the page
	text string
}

// The forms of what is printed.
const (
	formObject = "One object:"
	formLines  = "NDJSON, one object a line, such as this one, here on several:"
	formArray  = "One array, of which the first element is:"
)

func (e outputExample) asMarkdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n`--output json`: %s\n\n```json\n%s\n```\n", e.form, e.text)
}

// What differs from run to run, and what stands for it on the page.
var volatile = []struct {
	found *regexp.Regexp
	shown string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a01"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^"]*`), "2026-01-31T08:00:00.123Z"},
	{regexp.MustCompile(`("(?:keyId|retired)": )"\d+"`), `$1"2918470023"`},
	{regexp.MustCompile(`("brokers": \[\s*)"[^"]*"`), `$1"127.0.0.1:9092"`},
	{regexp.MustCompile(`("bank": )"http[^"]*"`), `$1"http://127.0.0.1:8080"`},
	{regexp.MustCompile(`("admin": )"[^"]*"`), `$1"http://127.0.0.1:9464/"`},
	{regexp.MustCompile(`("version": )"[^"]*"`), `$1"v1.2.3"`},
	{regexp.MustCompile(`("go": )"[^"]*"`), `$1"go1.26.0"`},
	{regexp.MustCompile(`("os": )"[^"]*"`), `$1"linux"`},
	{regexp.MustCompile(`("arch": )"[^"]*"`), `$1"amd64"`},
	{regexp.MustCompile(`processor_console_[\w-]+`), "TOKEN"},
	{regexp.MustCompile(`sha256:[0-9a-f]{64}`), "sha256:..."},
	{regexp.MustCompile(`("name": "ce_time",\s*"bytes": )\d+`), "${1}30"},
	{regexp.MustCompile(`"/[^"]*/([^"/]*)"`), `"$1"`},
}

// first is the first JSON value of what has been printed, or of the array that it
// is, as it stands on the page.
func first(t *testing.T, form, printed string) outputExample {
	t.Helper()
	var value json.RawMessage
	must(t, json.NewDecoder(strings.NewReader(printed)).Decode(&value))
	if form == formArray {
		var all []json.RawMessage
		must(t, json.Unmarshal(value, &all))
		value = all[0]
	}
	var b bytes.Buffer
	must(t, json.Indent(&b, value, "", "  "))
	shown := b.String()
	for _, v := range volatile {
		shown = v.found.ReplaceAllString(shown, v.shown)
	}
	return outputExample{form, shown}
}

// outputExamples runs every command that prints JSON.
func outputExamples(t *testing.T) map[string]outputExample {
	t.Helper()
	found := map[string]outputExample{}
	take := func(form, printed string, words ...string) {
		t.Helper()
		found["processor "+strings.Join(words, " ")] = first(t, form, printed)
	}
	ran := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := execute(t, query, append(args, "--output", "json")...)
		if code != want {
			t.Errorf("%v: exit %d, want %d: %s%s", args, code, want, out, errs)
		}
		return out
	}
	up := func(args ...string) string {
		t.Helper()
		r := begin(t, "", nil, append(args, "--output", "json")...)
		line := r.out.Await(t, "\n")
		r.stop()
		r.end(t)
		return line
	}
	take(formLines, up("demo"), "demo")
	take(formObject, up("dev", "--kafka-port", "0", "--bank-port", "0", "--admin", "127.0.0.1:0"), "dev")
	take(formObject, up("banksim", "--address", "127.0.0.1:0"), "banksim")
	take(formObject, ran(exitDone, "version"), "version")
	take(formObject, ran(exitDone, "console", "token", "alice"), "console", "token")
	take(formArray, ran(exitUsage, "check", "--offline", "--config", write(t, "kafka: {borkers: [a:1]}\n")), "check")

	_, empty := startSandbox(t, sandbox.Options{NoTopics: true})
	take(formArray, ran(exitDone, "topics", "apply", "--brokers", empty, "--config", write(t, "topics: {replication_factor: 1}\n")), "topics", "apply")
	take(formArray, ran(exitDone, "topics", "list", "--brokers", empty, "--config", write(t, "topics: {partitions: 24, replication_factor: 1}\n")), "topics", "list")

	_, url := startRegistry(t, "")
	for _, verb := range []string{"check", "apply", "list"} {
		take(formArray, ran(exitDone, "schemas", verb, "--registry", url), "schemas", verb)
	}
	letterExamples(t, take, ran)
	return found
}

// letterExamples send commands, one of which dies.
func letterExamples(t *testing.T, take func(form, printed string, words ...string), ran func(want int, args ...string) string) {
	dir := t.TempDir()
	pair := []string{"--private", filepath.Join(dir, "dlq-private.json"), "--public", filepath.Join(dir, "dlq-public.json")}
	take(formObject, ran(exitDone, slices.Concat([]string{"dlq", "keys", "create"}, pair)...), "dlq", "keys", "create")

	box, brokers := startSandbox(t, sandbox.Options{})
	cfg := app.SandboxConfig(box, topics.Config{})
	cfg.DeadLetters.Encryption.PublicKeysetFile = pair[3]
	cfg.Processing.Settle = []time.Duration{time.Millisecond}
	startConfigured(t, cfg)
	at := []string{"--brokers", brokers}
	take(formLines, ran(exitDone, append([]string{"send", "dbs.limit.query"}, at...)...), "send")
	take(formLines, ran(exitDone, append([]string{"watch", "--from-beginning", "--count", "1", "--timeout", "20s"}, at...)...), "watch")

	b := &dlqBench{T: t, brokers: brokers}
	id := b.doubtful()
	take(formLines, ran(exitDone, append([]string{"dlq", "list"}, at...)...), "dlq", "list")
	take(formLines, ran(exitDone, append([]string{"dlq", "show", id, "--keyset", pair[1]}, at...)...), "dlq", "show")
	by := append([]string{"--operator", "an.operator", "--why", "the bank knows nothing of it", "--execute"}, at...)
	take(formLines, ran(exitDone, append([]string{"dlq", "replay", id, "--not-applied", "--keyset", pair[1]}, by...)...), "dlq", "replay")
	other := b.doubtful()
	take(formObject, ran(exitDone, append([]string{"dlq", "resolve", other, "--as", "FAILED"}, by...)...), "dlq", "resolve")
	take(formLines, ran(exitDone, append([]string{"dlq", "audit", "--action", "resolve"}, at...)...), "dlq", "audit")

	old, err := sealing.List(pair[1], (&wrappingFlags{}).source())
	must(t, err)
	take(formLines, ran(exitDone, "dlq", "keys", "list", pair[1]), "dlq", "keys", "list")
	take(formObject, ran(exitDone, slices.Concat([]string{"dlq", "keys", "rotate"}, pair)...), "dlq", "keys", "rotate")
	take(formObject, ran(exitDone, slices.Concat([]string{"dlq", "keys", "retire", old[0].ID}, pair)...), "dlq", "keys", "retire")
}
