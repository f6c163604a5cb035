package main

import (
	"strings"
	"testing"

	"bankprocessor/internal/sandbox"
)

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		want []string
	}{
		{"nope", []string{`unknown command "nope"`, "See: processor --help"}},
		{"run --nope", []string{"unknown flag: --nope", "See: processor run --help"}},
		{"run more", []string{`unknown command "more"`, "See: processor run --help"}},
		{"topics", []string{"want apply or list"}},
		{"topics nope", []string{`unknown command "nope"`, "See: processor topics --help"}},
		{"send", []string{"between 1 and 2 arg"}},
		{"send nope", []string{`no command "nope"`, "customer.create, customer.update"}},
		{"watch nope", []string{`no command "nope"`}},
		{"watch --count many", []string{"--count"}},
		{"watch --output xml", []string{`--output is "xml": want table or json`}},
		{"watch --command-id 7", []string{"--command-id: "}},
		{"run --config /nowhere/p.yaml", []string{"/nowhere/p.yaml", "--config"}},
		{"send customer.create --brokers nonsense", []string{"kafka.brokers[0]: want host:port"}},
		{"banksim --tls-client-ca x", []string{"needs --tls-cert"}},
		{"banksim --tls-cert x", []string{"tls-key"}},
		{"dlq", []string{"want list, show, replay, resolve, audit or keys"}},
		{"dlq keys", []string{"want create, rotate, retire or list"}},
		{"dlq list --reason odd", []string{`--reason is "odd": want one of malformed, `}},
		{"dlq list --code odd", []string{`--code is "odd"`}},
		{"dlq list --command odd", []string{`no command "odd"`}},
		{"dlq list --since yesterday", []string{`--since is "yesterday": want a duration`}},
		{"dlq list --since -1h", []string{"--since"}},
		{"dlq list --output xml", []string{`--output is "xml": want table or json`}},
		{"dlq show", []string{"accepts 1 arg"}},
		{"dlq show odd", []string{`"odd" is neither a command's id nor a place`}},
		{"dlq show a/1@-2", []string{"neither a command's id nor a place"}},
		{"dlq show a/1@2 --output xml", []string{`--output is "xml": want text or json`}},
		{"dlq show a/1@2 --raw - --reveal", []string{"none of the others can be"}},
		{"dlq show a/1@2 --key-file f --key-env E", []string{"none of the others can be"}},
		{"dlq keys create --private x", []string{`required flag(s) "public"`}},
		{"dlq keys retire --private x --public y", []string{"accepts 1 arg"}},
		{"dev --log-level loud", []string{`--log-level is "loud": want debug, info, warn or error`}},
		{"check --timeout 0s", []string{"--timeout is 0s: want more than 0"}},
		{"completion", []string{"accepts 1 arg"}},
		{"completion tcsh", []string{`invalid argument "tcsh"`}},
		{"watch --color pink", []string{`--color is "pink": want auto, always or never`}},
		{"dev --partitions -1", []string{"partitions: want at least 1"}},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			code, out, errs := execute(t, "", strings.Fields(tt.args)...)
			if code != exitUsage || out != "" {
				t.Errorf("want exit %d and an empty output, got %d, %q", exitUsage, code, out)
			}
			wantAll(t, errs, append(tt.want, "processor: ")...)
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	code, out, errs := execute(t, "", "--help")
	if code != exitDone || errs != "" {
		t.Errorf("got %d, %q", code, errs)
	}
	wantAll(t, out, "demo", "run", "check", "topics", "send", "watch", "dlq", "dev", "banksim", "version")
	code, out, _ = execute(t, "", "version")
	if code != exitDone || !strings.HasPrefix(out, "processor ") || !strings.Contains(out, " go1.") {
		t.Errorf("got %d, %q", code, out)
	}
}

func TestWrongConfiguration(t *testing.T) {
	t.Parallel()
	box, _ := startSandbox(t, sandbox.Options{NoTopics: true})
	for name, tt := range map[string]struct{ more, want string }{
		"unknown key": {"logs: {level: info}\n", `logs: unknown key; did you mean "log"?`},
		"wrong type":  {"intake: {session_timeout: 30}\n", "intake.session_timeout: want a duration"},
		"wrong value": {"log: {level: loud}\n", "log.level: want debug, info, warn or error"},
	} {
		file := configFile(t, box, tt.more)
		for _, command := range []string{"run", "check", "topics list"} {
			t.Run(command+" "+name, func(t *testing.T) {
				t.Parallel()
				if command == "topics list" && name == "wrong value" {
					command = "check" // topics looks at its own sections only
				}
				code, out, errs := execute(t, "", append(strings.Fields(command), "--config", file)...)
				if code != exitUsage {
					t.Errorf("want exit %d, got %d", exitUsage, code)
				}
				if command != "check" { // whose findings are its output
					wantAll(t, errs, file)
				}
				wantAll(t, out+errs, "line ", tt.want)
			})
		}
	}
}

func TestWrongKeysets(t *testing.T) {
	t.Parallel()
	box, brokers := startSandbox(t, sandbox.Options{})
	file := configFile(t, box, "dead_letters: {encryption: {public_keyset_file: a.json, private_keyset_file: a.json}}\n")
	for _, command := range []string{"run", "check", "dlq list"} {
		code, out, errs := execute(t, "", append(strings.Fields(command), "--config", file)...)
		if code != exitUsage {
			t.Errorf("%s: got %d", command, code)
		}
		wantAll(t, out+errs, "line ", "dead_letters.encryption.public_keyset_file: is the private keyset")
	}
	// Where a key is configured and cannot be used, nothing starts.
	file = configFile(t, box, "dead_letters: {encryption: {public_keyset_file: /nowhere/public.json}}\n")
	code, _, errs := execute(t, "", "run", "--config", file)
	if code != exitFailed {
		t.Errorf("run: got %d", code)
	}
	wantAll(t, errs, "dead_letters.encryption.public_keyset_file: ", "/nowhere/public.json")
	code, out, _ := execute(t, "", "check", "--config", file)
	if code != exitFailed {
		t.Errorf("check: got %d", code)
	}
	wantAll(t, out, "FAIL  dead_letters.encryption: dead_letters.encryption.public_keyset_file: ", "/nowhere/public.json")
	_, _, errs = execute(t, "", "dlq", "show", "bank.dead-letter/0@0", "--brokers", brokers, "--keyset", "/nowhere/private.json")
	wantAll(t, errs, "dead_letters.encryption.private_keyset_file: ", "/nowhere/private.json")
}

func TestSecretInClear(t *testing.T) {
	t.Parallel()
	file := write(t, "banks:\n  interapi:\n    app_key: canary\n")
	code, out, errs := execute(t, "", "check", "--config", file)
	if code != exitUsage || strings.Contains(out+errs, "canary") {
		t.Errorf("got %d, %s%s", code, out, errs)
	}
	wantAll(t, out, "line 3: banks.interapi.app_key: a secret must not stand in the configuration", ".file or .env")
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	_, brokers := startSandbox(t, sandbox.Options{})
	environ := []string{"PROCESSOR_KAFKA_BROKERS=" + brokers, "PROCESSOR_TOPICS_PARTITIONS=2", "PROCESSOR_TOPICS_REPLICATION_FACTOR=1"}
	r := begin(t, "", environ, "topics", "list")
	if code := r.end(t); code != exitDone {
		t.Errorf("got %d: %s", code, r.err)
	}
	r = begin(t, "", append(environ, "PROCESSOR_TOPIC_PREFIX=x"), "topics", "list")
	if code := r.end(t); code != exitUsage {
		t.Errorf("want unknown variables refused, got %d", code)
	}
	wantAll(t, r.err.String(), "PROCESSOR_TOPIC_PREFIX", "did you mean PROCESSOR_TOPICS_PREFIX?")
}

func TestNoBroker(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"topics list", "topics apply", "watch", "send dbs.limit.query", "dlq list", "dlq show bank.dead-letter/0@0",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			code, _, errs := execute(t, query, append(strings.Fields(args), "--brokers", "127.0.0.1:1")...)
			if code != exitFailed {
				t.Errorf("want exit %d, got %d", exitFailed, code)
			}
			wantAll(t, errs, "no broker of 127.0.0.1:1 answers", "kafka.brokers", "connection refused")
		})
	}
}
