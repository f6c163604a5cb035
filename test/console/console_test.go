package console

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/console"
	"bankprocessor/internal/kafka"
	"bankprocessor/test/story/world"
)

const storm = 12

// night is a processor whose dead letters are full, with its console.
type night struct {
	*world.World
	browser
	url, token string
	letters    world.Letters
}

func begin(t *testing.T) *night {
	t.Helper()
	n := &night{browser: tools(t)}
	token, line, err := console.NewToken("alice")
	if err != nil {
		t.Fatal(err)
	}
	n.token = token.Reveal()
	tokens := t.TempDir() + "/tokens"
	if err := os.WriteFile(tokens, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n.World = world.Open(t, world.Options{Configure: func(c *config.Config) { c.Console.TokensFile = tokens }})
	n.url = "http://" + n.Processor().AdminAddress()
	return n
}

func (n *night) orders(more map[string]any) map[string]any {
	orders := map[string]any{"url": n.url, "token": n.token}
	maps.Copy(orders, more)
	return orders
}

// A storm of code 999 and lost answers fill the dead letters; an operator puts them right
// on the console. The outcomes carry their revisions, and the bank did nothing twice.
func TestANightAtTheConsole(t *testing.T) {
	t.Parallel()
	n := begin(t)
	n.letters = n.Fill(storm)
	before := n.Ledger()
	n.run(t, "story.cjs", n.orders(map[string]any{
		"letters": len(n.letters.All()), "storm": storm, "applied": n.letters.Applied.ID, "unapplied": n.letters.Unapplied.ID,
		"unknown": n.letters.Unknown.ID, "malformed": n.letters.Malformed.ID, "person": world.Canary,
	}))

	for _, want := range []struct {
		id     string
		status command.Status
		code   command.Code
	}{
		{n.letters.Applied.ID, command.Succeeded, command.CodeOperatorConfirmed},
		{n.letters.Unapplied.ID, command.Succeeded, command.CodeCustomerCompleted},
		{n.letters.Malformed.ID, command.Succeeded, command.CodeCustomerCreated},
	} {
		if o := n.Outcome(want.id, 2); o.Status != want.status || o.Code != want.code {
			t.Errorf("%s: revision 2 is %s %s, want %s %s", n.NameOf(want.id), o.Status, o.Code, want.status, want.code)
		}
	}
	if o := n.Outcome(n.letters.Applied.ID, 2); o.BankReference != "REF-7" {
		t.Errorf("the bank's reference is %q", o.BankReference)
	}
	for _, s := range n.letters.Storm {
		if o := n.Outcome(s.ID, 2); o.Status != command.Succeeded {
			t.Errorf("%s: revision 2 is %s %s", s.Name, o.Status, o.Code)
		}
	}
	for _, s := range n.letters.All() {
		for revision := int32(1); revision <= 3; revision++ {
			if got := n.Outcomes(s.ID, revision); s.ID != "" && (len(got) > 1 || revision == 3 && len(got) > 0) {
				t.Errorf("%s: %d outcomes of revision %d", s.Name, len(got), revision)
			}
		}
	}
	if after := n.Ledger(); len(after.Invoices) != len(before.Invoices)+storm {
		t.Errorf("the bank had %d invoices and has %d: want the storm's %d once each", len(before.Invoices), len(after.Invoices), storm)
	}
	// Nothing that the pages were for stands in the log.
	for _, secret := range []string{world.Canary, n.token, strings.TrimPrefix(n.token, "processor_console_")} {
		if strings.Contains(n.Log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// hostile is what somebody may store wherever a text is taken.
const hostile = `"><script>window.pwned=1;alert(1)</script><img src=x onerror="window.pwned=2"><svg onload=alert(3)>' onmouseover='alert(4)` +
	"{{.}}${7*7}\u202e\u2066javascript:alert(5)"

// plant stores a letter of hostile texts.
func (n *night) plant(t *testing.T) (place string) {
	t.Helper()
	header := func(name, value string) kafka.Header { return kafka.Header{Key: name, Value: []byte(value)} }
	r := kafka.Record{
		Key: []byte(hostile), Value: []byte(`{"commandId": ` + hostile + `}`),
		Headers: []kafka.Header{
			header(hostile, hostile), header("dlq-original-headers", "1"), header("dlq-reason", hostile), header("dlq-code", hostile),
			header("dlq-message", hostile), header("dlq-attempts", "1"), header("dlq-topic", hostile), header("dlq-partition", "0"),
			header("dlq-offset", "0"), header("dlq-failed-at", time.Now().UTC().Format(time.RFC3339)), header("dlq-command-id", hostile), header("dlq-key-id", hostile),
		},
	}
	tp := kafka.TopicPartition{Topic: n.Topics.DeadLetter()}
	stored, err := n.Client.Produce(t.Context(), []kafka.ProducePartition{{TopicPartition: tp, Records: []kafka.Record{r}}}, time.Second)
	if err != nil || stored[0].Err != nil {
		t.Fatal(err, stored)
	}
	ends, err := n.Client.LogRange(t.Context(), []kafka.TopicPartition{tp})
	if err != nil {
		t.Fatal(err)
	}
	return "0/" + itoa(ends[tp].Next-1)
}

// Every page can be read by everybody, on a phone and in the dark, weighs little, asks
// nobody else for anything, and runs nothing that somebody has stored.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	n := begin(t)
	n.letters = n.Fill(3)
	bad := n.plant(t)
	ref := pathOf(n.Letter(n.letters.Applied))
	facts := n.run(t, "pages.cjs", n.orders(map[string]any{
		"hostile": hostile,
		"pages": map[string]string{
			"letters": "/letters", "letters-filtered": "/letters?reason=in-doubt&since=1h", "letters-none": "/letters?state=resolved",
			"letters-fault": "/letters?since=soon",
			"letter":        "/letters/" + ref, "letter-hostile": "/letters/" + bad, "resolve": "/letters/" + ref + "/resolve",
			"order": "/replay?ref=" + strings.Replace(ref, "/", "%2F", 1), "order-all": "/replay?all=1&reason=exhausted",
			"progress-none": "/replay/progress", "audit": "/audit", "failure": "/letters/0/99999",
		},
	}))
	t.Logf("weights and small remarks: %s", facts)
}

// pathOf is a letter's place as addresses have it.
func pathOf(place string) string {
	return regexp.MustCompile(`/(\d+)@(\d+)$`).ReplaceAllString(place[strings.LastIndex(place, "/"):], "$1/$2")
}

func TestByKeyboardAndWithoutScript(t *testing.T) {
	t.Parallel()
	n := begin(t)
	n.letters = n.Fill(3)
	n.run(t, "keyboard.cjs", n.orders(nil))
}

func itoa(n int64) string { b, _ := json.Marshal(n); return string(b) }
