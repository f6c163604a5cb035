package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

const query = `{"companyCode":"SOLEN","dealerCode":"0222","invoicesMonth":"2026-11-01"}`

// firstWord is the id in a line that send prints.
func firstWord(line string) string {
	id, _, _ := strings.Cut(line, " ")
	return id
}

func TestSendAndWatch(t *testing.T) {
	t.Parallel()
	c := topics.Config{Prefix: "t.", Partitions: 2}
	box, brokers := startSandbox(t, sandbox.Options{Topics: c})
	startProcessor(t, box, c)
	flags := []string{"--brokers", brokers, "--topic-prefix", "t."}
	table := begin(t, "", nil, append([]string{"watch", "dbs.limit.query", "--count", "1"}, flags...)...)
	table.err.Await(t, "watching")

	code, out, errs := execute(t, query, append([]string{"send", "dbs.limit.query"}, flags...)...)
	if code != exitDone {
		t.Fatalf("sending: %d, %s", code, errs)
	}
	id := firstWord(out)
	wantAll(t, out, id+" t.dbs.limit.query/")
	if code := table.end(t); code != exitDone {
		t.Fatalf("watching: %d, %s", code, table.err)
	}
	wantAll(t, table.out.String(), "COMMAND ID", "SUCCEEDED", "dbs.limit.listed", id)
	if strings.Contains(table.out.String(), "\x1b[") {
		t.Error("want no colors where there is no terminal")
	}

	code, out, errs = execute(t, "", append([]string{
		"watch", "--from-beginning", "--command-id", strings.ToUpper(id), "--output", "json", "--timeout", "20s",
	}, flags...)...)
	if code != exitDone {
		t.Fatalf("watching one: %d, %s", code, errs)
	}
	var event struct{ CommandID, Status, Code string }
	if err := json.Unmarshal([]byte(out), &event); err != nil || event.CommandID != id || event.Status != "SUCCEEDED" {
		t.Errorf("want one line of JSON, got %q, %v", out, err)
	}
}

func TestSendNDJSONFromAFile(t *testing.T) {
	t.Parallel()
	_, brokers := startSandbox(t, sandbox.Options{})
	file := filepath.Join(t.TempDir(), "commands.ndjson")
	const id = "5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a04"
	named := `{"commandId":"` + id + `",` + query[1:]
	if err := os.WriteFile(file, []byte(query+"\n"+named+"\n\n"+query+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := execute(t, "", "send", "dbs.limit.query", file, "--brokers", brokers)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitDone || len(lines) != 3 {
		t.Fatalf("want three lines, got %d, %q, %s", code, out, errs)
	}
	if firstWord(lines[1]) != id || firstWord(lines[0]) == firstWord(lines[2]) {
		t.Errorf("want given ids kept and missing ones made, got %q", out)
	}
	partition := func(line string) string { return line[strings.Index(line, "/")+1 : strings.Index(line, "@")] }
	if partition(lines[0]) != partition(lines[1]) || !strings.HasSuffix(lines[1], "@1") {
		t.Errorf("want one key in one partition in order, got %q", out)
	}
	code, out, _ = execute(t, "", "send", "dbs.limit.query", file, "--brokers", brokers, "--new-id")
	if code != exitDone || strings.Contains(out, id) {
		t.Errorf("want new ids, got %d, %q", code, out)
	}
}

func TestSendRefusesWhatTheProcessorWould(t *testing.T) {
	t.Parallel()
	box, brokers := startSandbox(t, sandbox.Options{})
	startProcessor(t, box, topics.Config{})
	bad := `{"companyCode":" ","dealerCode":"","invoicesMonth":"2026-11-01","customerNumber":-1}`
	code, out, errs := execute(t, query+bad+`{"companyCode":7}`, "send", "dbs.limit.query", "--brokers", brokers)
	if code != exitFailed || out != "" {
		t.Errorf("want nothing sent, got %d, %q", code, out)
	}
	wantAll(t, errs, "command 2 (", "  companyCode: ", "  dealerCode: ", "(command.invalid)",
		"command 3: companyCode: ", "2 of 3 commands fail", "--force")

	code, out, errs = execute(t, bad, "send", "dbs.limit.query", "--force", "--brokers", brokers)
	if code != exitDone {
		t.Fatalf("want it sent, got %d, %s", code, errs)
	}
	id := firstWord(out)
	code, out, _ = execute(t, "", "watch", "--from-beginning", "--command-id", id, "--brokers", brokers, "--timeout", "20s")
	if code != exitDone {
		t.Errorf("got %d", code)
	}
	wantAll(t, out, "REJECTED", "command.invalid", id)
}

func TestSendRefusesBeforeItConnects(t *testing.T) {
	t.Parallel()
	large := `{"correlationId":"` + strings.Repeat("x", 2<<20) + `",` + query[1:]
	for name, tt := range map[string]struct {
		in   string
		code int
		want string
	}{
		"nothing":  {"", exitUsage, "no command in the input"},
		"half":     {`{"companyCode":`, exitFailed, "command 1 is no JSON"},
		"a list":   {`[]`, exitFailed, "want one JSON object per command"},
		"too much": {large, exitFailed, "topics.max_command_bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, errs := execute(t, tt.in, "send", "dbs.limit.query", "--brokers", "127.0.0.1:1")
			if code != tt.code {
				t.Errorf("want exit %d, got %d", tt.code, code)
			}
			wantAll(t, errs, tt.want)
		})
	}
	code, _, errs := execute(t, "", "send", "dbs.limit.query", "/nowhere/commands.json", "--brokers", "127.0.0.1:1")
	if code != exitFailed || !strings.Contains(errs, "/nowhere/commands.json") {
		t.Errorf("got %d, %s", code, errs)
	}
}

func TestSendAndWatchWithoutTopics(t *testing.T) {
	t.Parallel()
	_, brokers := startSandbox(t, sandbox.Options{NoTopics: true})
	for _, args := range []string{"send dbs.limit.query", "watch dbs.limit.query"} {
		code, _, errs := execute(t, query, append(strings.Fields(args), "--brokers", brokers)...)
		if code != exitFailed {
			t.Errorf("%s: got %d", args, code)
		}
		wantAll(t, errs, "topics are missing: dbs.limit.query", "processor topics apply")
	}
}

func TestWatchDeadLetters(t *testing.T) {
	t.Parallel()
	box, brokers := startSandbox(t, sandbox.Options{})
	startProcessor(t, box, topics.Config{})
	// The bank has no such flow: what becomes of it is in doubt.
	text, err := os.ReadFile("../../schemas/examples/customer.complete.json")
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := execute(t, string(text), "send", "customer.complete", "--new-id", "--brokers", brokers)
	if code != exitDone {
		t.Fatalf("sending: %d, %s", code, errs)
	}
	id := firstWord(out)
	for output, want := range map[string][]string{
		"table": {"dead letter", "IN_DOUBT", id, "in-doubt: "},
		"json":  {`{"deadLetter":true,"commandId":"` + id + `","reason":"in-doubt"`, `"topic":"customer.complete"`, `"IN_DOUBT"`},
	} {
		code, out, errs := execute(t, "", "watch", "--dead-letters", "--from-beginning", "--command-id", id,
			"--output", output, "--timeout", "20s", "--brokers", brokers)
		if code != exitDone {
			t.Errorf("%s: %d, %s", output, code, errs)
		}
		wantAll(t, out, want...)
		if strings.Contains(out, "example.com") {
			t.Errorf("the dead letter's value got into %s", out)
		}
	}
}

func TestWatchEnds(t *testing.T) {
	t.Parallel()
	_, brokers := startSandbox(t, sandbox.Options{})
	code, _, errs := execute(t, "", "watch", "--brokers", brokers, "--count", "1", "--timeout", "50ms")
	if code != exitFailed || !strings.Contains(errs, "0 of 1 came within 50ms") {
		t.Errorf("want too few to be a failure, got %d, %s", code, errs)
	}
	if code, _, errs = execute(t, "", "watch", "--brokers", brokers, "--timeout", "50ms"); code != exitDone {
		t.Errorf("want the timeout to be an end, got %d, %s", code, errs)
	}
	r := begin(t, "", nil, "watch", "--brokers", brokers)
	r.err.Await(t, "watching")
	r.stop()
	if code := r.end(t); code != exitDone {
		t.Errorf("want Ctrl-C to be an end, got %d, %s", code, r.err)
	}
}

// In JSON, what is sent is on standard output, and what is refused on standard error,
// a line each.
func TestSendInJSON(t *testing.T) {
	t.Parallel()
	_, brokers := startSandbox(t, sandbox.Options{})
	in := query + "\n" + `{"companyCode": "SOLEN"}` + "\n" + `{"companyCode": 7}`
	code, out, errs := execute(t, in, "send", "dbs.limit.query", "--output", "json", "--brokers", brokers)
	lines := strings.Split(strings.TrimSpace(errs), "\n")
	if code != exitFailed || out != "" || len(lines) != 3 {
		t.Fatalf("got %d, %q, %q", code, out, errs)
	}
	var invalid, unreadable refusedLine
	var failed failure
	must(t, json.Unmarshal([]byte(lines[0]), &invalid))
	must(t, json.Unmarshal([]byte(lines[1]), &unreadable))
	must(t, json.Unmarshal([]byte(lines[2]), &failed))
	if invalid.Command != 2 || invalid.CommandID == "" || len(invalid.Violations) != 2 || invalid.Violations[0].Field != "dealerCode" {
		t.Errorf("got %+v", invalid)
	}
	if unreadable.Command != 3 || !strings.Contains(unreadable.Error, "companyCode") {
		t.Errorf("got %+v", unreadable)
	}
	if failed.Code != exitFailed || !strings.Contains(failed.Error, "2 of 3 commands fail the local checks") {
		t.Errorf("got %+v", failed)
	}
	code, out, errs = execute(t, in[:strings.LastIndex(in, "\n")], "send", "dbs.limit.query", "--force", "--output", "json", "--brokers", brokers)
	var sent []sentLine
	for line := range strings.Lines(out) {
		var l sentLine
		must(t, json.Unmarshal([]byte(line), &l))
		sent = append(sent, l)
	}
	if code != exitDone || len(sent) != 2 || sent[1].Topic != "dbs.limit.query" || sent[1].CommandID == "" {
		t.Errorf("got %d, %+v, %s", code, sent, errs)
	}
}
