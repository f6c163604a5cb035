package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// jsonLines are lines of NDJSON, each of which must be an object.
func jsonLines(t *testing.T, out string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(out) {
		v := map[string]any{}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, v)
	}
	return all
}

// wantFields fails for every field of v that is not as wanted.
func wantFields(t *testing.T, v map[string]any, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if v[name] != value {
			t.Errorf("%s is %v, want %v, in %v", name, v[name], value, v)
		}
	}
}

// Machines read each step, the sums and the outcomes, a line each, and nothing else.
func TestAReplayInJSON(t *testing.T) {
	t.Parallel()
	b := dlqSetup(t, true)
	id := b.doubtful()
	replay := []string{"dlq", "replay", id, "--brokers", b.brokers, "--output", "json"}
	out, errs := b.fail(exitFailed, replay...)
	lines := jsonLines(t, out)
	wantFields(t, lines[0], map[string]any{"commandId": id, "action": "refuse", "revision": nil})
	wantFields(t, lines[1], map[string]any{"executed": false, "letters": 1.0, "replayed": 0.0, "refused": 1.0})
	wantFields(t, jsonLines(t, errs)[0], map[string]any{"error": "1 of 1 letter refused; each says why", "code": 1.0})

	replay = append(replay, "--not-applied")
	lines = jsonLines(t, b.must(replay...))
	wantFields(t, lines[0], map[string]any{"action": "replay", "revision": 2.0, "sent": nil})

	// Nobody has created this customer, so that its second life ends in doubt, too.
	lines = jsonLines(t, b.must(append(replay, "--execute", "--why", "it has not", "--wait", "20s")...))
	if len(lines) != 3 {
		t.Fatalf("got %v", lines)
	}
	wantFields(t, lines[0], map[string]any{"action": "replay", "revision": 2.0})
	if sent, _ := lines[0]["sent"].(string); !strings.HasPrefix(sent, "customer.complete/") {
		t.Errorf("sent to %q", sent)
	}
	wantFields(t, lines[1], map[string]any{"executed": true, "replayed": 1.0, "job": auditOf(t, b, id)[0]["job"]})
	wantFields(t, lines[2], map[string]any{"commandId": id, "revision": 2.0, "status": "IN_DOUBT"})
}

func auditOf(t *testing.T, b *dlqBench, id string) []map[string]any {
	t.Helper()
	return jsonLines(t, b.must("dlq", "audit", "--brokers", b.brokers, "--command-id", strings.ToUpper(id), "--output", "json"))
}

// Who acts is who is named, else who the environment names, else who has logged in.
func TestWhoActs(t *testing.T) {
	t.Parallel()
	b := dlqSetup(t, false)
	id := b.doubtful()
	reveal := []string{"dlq", "show", id, "--brokers", b.brokers, "--reveal", "--why", "a test"}
	environ := []string{"PROCESSOR_OPERATOR=mert"}
	for _, args := range [][]string{append(reveal, "--operator", "ayse"), reveal} {
		r := begin(t, "", environ, args...)
		if code := r.end(t); code != exitDone {
			t.Fatalf("%v: exit %d: %s", args, code, r.err)
		}
	}
	b.must(reveal...)
	host, err := os.Hostname()
	must(t, err)
	for i, a := range auditOf(t, b, id) {
		actor, _ := a["actor"].(string)
		want := []string{"ayse", "mert", "@" + host}[i]
		if actor != want && (i < 2 || !strings.HasSuffix(actor, want)) {
			t.Errorf("%d: by %q, want %q", i, actor, want)
		}
		wantFields(t, a, map[string]any{"action": "reveal", "phase": "done", "tool": "cli", "why": "a test", "revision": 0.0})
	}
	if n := len(jsonLines(t, b.must("dlq", "audit", "--brokers", b.brokers, "--actor", "mert", "--action", "reveal", "--since", "1h", "--output", "json"))); n != 1 {
		t.Errorf("mert has acted %d times", n)
	}
	if out := b.must("dlq", "audit", "--brokers", b.brokers, "--since", "2099-01-01T00:00:00Z"); out != "" {
		t.Errorf("since a day to come: %s", out)
	}
}

// A payload may come from a pipe; outcomes that nobody has waited for are told as such.
func TestAPayloadFromAPipe(t *testing.T) {
	t.Parallel()
	b := dlqSetup(t, false)
	id := b.doubtful()
	text, err := os.ReadFile("../../schemas/examples/customer.complete.json")
	must(t, err)
	args := []string{
		"dlq", "replay", id, "--brokers", b.brokers, "--not-applied", "--payload", "-",
		"--execute", "--why", "another address", "--wait", "1ns",
	}
	code, out, errs := execute(t, "{", args...)
	if code != exitFailed {
		t.Errorf("no JSON: exit %d: %s%s", code, out, errs)
	}
	wantAll(t, out, "refuse", "no JSON object")
	code, out, errs = execute(t, string(text), append(args, "--new-id")...)
	if code != exitFailed {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	wantAll(t, out, "sent to customer.complete/", " as ", "1 letter: 1 replayed")
	wantAll(t, errs, "0 of 1 outcomes came in time (--wait)", "dlq list --state replaying")
}
