package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/app"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/sealing"
	"bankprocessor/internal/topics"
)

// dlqBench is a processor whose bank leaves customers in doubt, with what an
// operator has at hand.
type dlqBench struct {
	*testing.T
	brokers, config string
	pair            sealing.Pair
	client          *kafka.Client
}

// person is what must stand in no dead letter in clear.
const person = "canary@example.com"

// dlqSetup starts a processor, which seals its dead letters if told to.
func dlqSetup(t *testing.T, sealed bool) *dlqBench {
	t.Helper()
	box, brokers := startSandbox(t, sandbox.Options{})
	dir := t.TempDir()
	b := &dlqBench{
		T: t, brokers: brokers, config: configFile(t, box, ""),
		pair: sealing.Pair{Private: filepath.Join(dir, "private.json"), Public: filepath.Join(dir, "public.json")},
	}
	cfg := app.SandboxConfig(box, topics.Config{})
	if sealed {
		b.must("dlq", "keys", "create", "--private", b.pair.Private, "--public", b.pair.Public)
		cfg.DeadLetters.Encryption.PublicKeysetFile = b.pair.Public
	}
	startConfigured(t, cfg)
	var err error
	if b.client, err = kafka.New(kafka.Config{Brokers: box.Brokers()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.client.Close)
	return b
}

// must runs a command line that has to end well.
func (b *dlqBench) must(args ...string) string {
	b.Helper()
	code, out, errs := execute(b.T, "", args...)
	if code != exitDone {
		b.Fatalf("%v: exit %d\n%s%s", args, code, out, errs)
	}
	return out
}

// fail runs a command line that has to end with that exit code.
func (b *dlqBench) fail(want int, args ...string) (out, errs string) {
	b.Helper()
	code, out, errs := execute(b.T, "", args...)
	if code != want {
		b.Errorf("%v: exit %d, want %d\n%s%s", args, code, want, out, errs)
	}
	return out, errs
}

// doubtful has a customer completed whom the bank does not know, and returns the
// command's id once its dead letter and its outcome are there.
func (b *dlqBench) doubtful() string {
	b.Helper()
	text, err := os.ReadFile("../../schemas/examples/customer.complete.json")
	if err != nil {
		b.Fatal(err)
	}
	var event map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a customer's number is none of float64's
	if err := decoder.Decode(&event); err != nil {
		b.Fatal(err)
	}
	event["email"] = person
	if text, err = json.Marshal(event); err != nil {
		b.Fatal(err)
	}
	code, out, errs := execute(b.T, string(text), "send", "customer.complete", "--new-id", "--brokers", b.brokers)
	if code != exitDone {
		b.Fatalf("sending: %d, %s", code, errs)
	}
	id := firstWord(out)
	b.must("watch", "--from-beginning", "--command-id", id, "--timeout", "20s", "--brokers", b.brokers)
	return id
}

// letters reads the dead letters as they stand in their topic.
func (b *dlqBench) letters() []kafka.Record {
	b.Helper()
	w, err := downstream.OpenDeadLetters(b.Context(), b.client, topics.Config{}.WithDefaults())
	if err != nil {
		b.Fatal(err)
	}
	var all []kafka.Record
	if err := w.ReadToEnd(b.Context(), func(e downstream.Event) bool {
		all = append(all, e.Record)
		return true
	}); err != nil {
		b.Fatal(err)
	}
	return all
}

// post stores a record in the dead-letter topic, as somebody else might.
func (b *dlqBench) post(r kafka.Record) {
	b.Helper()
	tp := kafka.TopicPartition{Topic: "bank.dead-letter", Partition: r.Partition}
	got, err := b.client.Produce(b.Context(), []kafka.ProducePartition{{TopicPartition: tp, Records: []kafka.Record{r}}}, time.Second)
	if err != nil || got[0].Err != nil {
		b.Fatal(err, got)
	}
}

// letter is a dead letter in clear, of an original at that offset.
func letter(offset, reason, code, failedAt, value string) kafka.Record {
	r := kafka.Record{Key: []byte("SOLEN|0222"), Value: []byte(value)}
	for _, h := range [][2]string{
		{"dlq-original-headers", "0"}, {"dlq-reason", reason}, {"dlq-code", code}, {"dlq-message", "why \x1b[31m"},
		{"dlq-attempts", "2"}, {"dlq-topic", "dbs.limit.query"}, {"dlq-partition", "1"}, {"dlq-offset", offset},
		{"dlq-failed-at", failedAt},
	} {
		r.Headers = append(r.Headers, kafka.Header{Key: h[0], Value: []byte(h[1])})
	}
	return r
}

func TestASealedDeadLetterIsShownWithItsKeyAlone(t *testing.T) {
	t.Parallel()
	b := dlqSetup(t, true)
	id := b.doubtful()
	for _, r := range b.letters() {
		if bytes.Contains(r.Value, []byte(person)) || bytes.Contains(r.Value, []byte(id)) {
			t.Fatal("the value stands in clear on its topic")
		}
	}
	keyID := keyIn(t, b.must("dlq", "keys", "list", b.pair.Public))

	shut := b.must("dlq", "show", id, "--brokers", b.brokers)
	wantAll(t, shut, "record       customer.complete/", "reason       in-doubt", "command id   "+id, "sealed with key "+keyID+" (tink-hybrid)",
		"note         the value is sealed with key "+keyID+": give the private keyset that holds it with --keyset (dead_letters.encryption.private_keyset_file)")
	if strings.Contains(shut, "{") {
		t.Errorf("want no command, got %s", shut)
	}

	masked := b.must("dlq", "show", strings.ToUpper(id), "--brokers", b.brokers, "--keyset", b.pair.Private)
	wantAll(t, masked, `"commandId": "`+id+`"`, `"email": "***"`, `"phoneNumber": "***"`, `"customerNumber": "***"`, `"approvedAgent": `)
	if strings.Contains(masked, person) {
		t.Errorf("want the person masked, got %s", masked)
	}
	whole := b.must("dlq", "show", id, "--brokers", b.brokers, "--keyset", b.pair.Private, "--reveal", "--why", "a test")
	wantAll(t, whole, `"email": "`+person+`"`)

	var event struct {
		CommandID, Encrypted, KeyID string
		Attempts                    int
		Command                     map[string]any
	}
	line := b.must("dlq", "show", id, "--brokers", b.brokers, "--keyset", b.pair.Private, "--output", "json")
	if err := json.Unmarshal([]byte(line), &event); err != nil || event.CommandID != id || event.KeyID != keyID || event.Command["email"] != "***" {
		t.Errorf("got %s, %v", line, err)
	}

	raw := filepath.Join(t.TempDir(), "command.bin")
	b.must("dlq", "show", id, "--brokers", b.brokers, "--keyset", b.pair.Private, "--raw", raw, "--why", "a test")
	text, err := os.ReadFile(raw)
	if err != nil || !bytes.Contains(text, []byte(person)) || text[0] != 0xc3 {
		t.Errorf("want the original's Avro, got %d bytes, %v", len(text), err)
	}
	if info, err := os.Stat(raw); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v", info.Mode(), err)
	}
	if out := b.must("dlq", "show", id, "--brokers", b.brokers, "--keyset", b.pair.Private, "--raw", "-", "--why", "a test"); out != string(text) {
		t.Errorf("want the same bytes on standard output, got %d", len(out))
	}
	_, errs := b.fail(exitFailed, "dlq", "show", id, "--brokers", b.brokers, "--keyset", b.pair.Private, "--raw", raw, "--why", "a test")
	wantAll(t, errs, "--raw", "exists")
	for _, flag := range [][]string{{"--raw", "-"}, {"--reveal"}} {
		_, errs := b.fail(exitFailed, append([]string{"dlq", "show", id, "--brokers", b.brokers, "--why", "a test"}, flag...)...)
		wantAll(t, errs, "sealed with key "+keyID, "--keyset")
	}
}

func TestKeysAreRotatedUnderARunningProcessor(t *testing.T) {
	t.Parallel()
	b := dlqSetup(t, true)
	first := b.doubtful()
	firstKey := keyIn(t, b.must("dlq", "keys", "list", b.pair.Public))
	rotated := b.must("dlq", "keys", "rotate", "--private", b.pair.Private, "--public", b.pair.Public, "--output", "json")
	var told struct{ KeyID string }
	if err := json.Unmarshal([]byte(rotated), &told); err != nil || told.KeyID == firstKey {
		t.Fatalf("got %s, %v", rotated, err)
	}
	second := b.doubtful()
	for id, keyID := range map[string]string{first: firstKey, second: told.KeyID} {
		out := b.must("dlq", "show", id, "--brokers", b.brokers, "--keyset", b.pair.Private)
		wantAll(t, out, "sealed with key "+keyID, `"commandId": "`+id+`"`)
		out = b.must("dlq", "list", "--brokers", b.brokers, "--key-id", keyID)
		if !strings.Contains(out, id) || strings.Count(out, "in-doubt ") != 1 {
			t.Errorf("want the letter of key %s alone, got %s", keyID, out)
		}
	}

	wantAll(t, b.must("dlq", "keys", "retire", firstKey, "--private", b.pair.Private, "--public", b.pair.Public), firstKey+" is gone")
	out, errs := b.fail(exitFailed, "dlq", "show", first, "--brokers", b.brokers, "--keyset", b.pair.Private)
	wantAll(t, errs, "sealed with key "+firstKey+", which the private keyset does not have")
	wantAll(t, out, "command id   "+first, "note ")
	b.must("dlq", "show", second, "--brokers", b.brokers, "--keyset", b.pair.Private)
}

func TestAnotherKeyOpensNothing(t *testing.T) {
	t.Parallel()
	b := dlqSetup(t, true)
	id := b.doubtful()
	other := sealing.Pair{Private: filepath.Join(t.TempDir(), "private.json"), Public: filepath.Join(t.TempDir(), "public.json")}
	b.must("dlq", "keys", "create", "--private", other.Private, "--public", other.Public)
	for name, tt := range map[string]struct{ keyset, want string }{
		"another pair's":  {other.Private, "which the private keyset does not have"},
		"the public half": {b.pair.Public, "dead_letters.encryption.private_keyset_file: keyset " + b.pair.Public},
		"no file":         {"/nowhere/private.json", "/nowhere/private.json"},
	} {
		out, errs := b.fail(exitFailed, "dlq", "show", id, "--brokers", b.brokers, "--keyset", tt.keyset)
		wantAll(t, errs, tt.want)
		if strings.Contains(out+errs, person) {
			t.Errorf("%s: got %s%s", name, out, errs)
		}
	}
	if err := os.Chmod(b.pair.Private, 0o640); err != nil {
		t.Fatal(err)
	}
	_, errs := b.fail(exitFailed, "dlq", "show", id, "--brokers", b.brokers, "--keyset", b.pair.Private)
	wantAll(t, errs, b.pair.Private, "mode 0640", "set mode 0600")
	operators := write(t, "kafka: {brokers: [\""+b.brokers+"\"]}\ndead_letters: {encryption: {private_keyset_file: \""+b.pair.Private+"\"}}\n")
	b.fail(exitFailed, "dlq", "show", id, "--config", operators)
	wantAll(t, b.must("dlq", "list", "--config", operators), id) // needs no key
}

func TestAnAlteredOrMovedValueIsRefused(t *testing.T) {
	t.Parallel()
	b := dlqSetup(t, true)
	b.doubtful()
	sealed := b.letters()[0]
	altered := sealed
	altered.Value = slices.Clone(sealed.Value)
	altered.Value[len(altered.Value)-1] ^= 1
	moved := sealed
	moved.Headers = slices.Clone(sealed.Headers)
	for i, h := range moved.Headers {
		if h.Key == producers.HeaderOffset {
			moved.Headers[i].Value = []byte("999")
		}
	}
	for name, r := range map[string]kafka.Record{"altered": altered, "moved": moved} {
		at := int64(0)
		for _, other := range b.letters() {
			if other.Partition == r.Partition {
				at = other.Offset + 1
			}
		}
		b.post(r)
		place := position(downstream.Event{Record: kafka.Record{Topic: r.Topic, Partition: r.Partition, Offset: at}})
		out, errs := b.fail(exitFailed, "dlq", "show", place, "--brokers", b.brokers, "--keyset", b.pair.Private)
		wantAll(t, errs, "altered, or moved from where it was sealed for")
		if strings.Contains(out+errs, person) {
			t.Errorf("%s: got %s%s", name, out, errs)
		}
	}
}

func TestDeadLettersInClearNeedNoKey(t *testing.T) {
	t.Parallel()
	b := dlqSetup(t, false)
	id := b.doubtful()
	out := b.must("dlq", "show", id, "--config", b.config)
	wantAll(t, out, "bytes, in clear", `"commandId": "`+id+`"`, `"email": "***"`)
	var line struct{ CommandID, Letter, Topic string }
	if err := json.Unmarshal([]byte(b.must("dlq", "list", "--config", b.config, "--output", "json")), &line); err != nil || line.CommandID != id {
		t.Fatalf("got %+v, %v", line, err)
	}
	wantAll(t, b.must("dlq", "show", line.Letter, "--config", b.config), "command id   "+id)
}

func TestListPicksDeadLetters(t *testing.T) {
	t.Parallel()
	_, brokers := startSandbox(t, sandbox.Options{})
	b := &dlqBench{T: t, brokers: brokers}
	var err error
	if b.client, err = kafka.New(kafka.Config{Brokers: strings.Split(brokers, ",")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.client.Close)
	old, fresh := "2026-01-05T08:30:00Z", time.Now().UTC().Format(time.RFC3339)
	b.post(letter("1", "in-doubt", "dbs.invoice.unresolved", old, "{}"))
	b.post(letter("2", "exhausted", "processor.retries_exhausted", fresh, "{}"))
	complete := letter("3", "in-doubt", "bank.no_answer", fresh, "{}")
	complete.Headers[5].Value = []byte("customer.complete")
	b.post(complete)
	b.post(kafka.Record{Value: []byte("foreign")})
	for flags, want := range map[string]string{
		"":                                   "1 2 3 foreign",
		"--reason in-doubt":                  "1 3",
		"--code processor.retries_exhausted": "2",
		"--command customer.complete":        "3",
		"--command dbs.limit.query":          "1 2",
		"--since 1h":                         "2 3",
		"--since 2026-01-05T08:30:00Z":       "1 2 3",
		"--since 1h --reason in-doubt":       "3",
		"--key-id 7":                         "",
	} {
		for _, output := range []string{"table", "json"} {
			out := b.must(append([]string{"dlq", "list", "--brokers", brokers, "--output", output}, strings.Fields(flags)...)...)
			var got []string
			for _, n := range []string{"1", "2", "3"} {
				if strings.Contains(out, "/1@"+n+" ") || strings.Contains(out, `"offset":`+n+",") {
					got = append(got, n)
				}
			}
			if strings.Contains(out, "lacks the headers of a dead letter") {
				got = append(got, "foreign")
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s as %s: got %v, want %s\n%s", flags, output, got, want, out)
			}
			if strings.Contains(out, "\x1b") {
				t.Errorf("what stands in the topic steers the terminal: %q", out)
			}
		}
	}
}

func TestShowFindsNothing(t *testing.T) {
	t.Parallel()
	box, brokers := startSandbox(t, sandbox.Options{})
	b := &dlqBench{T: t, brokers: brokers}
	var err error
	if b.client, err = kafka.New(kafka.Config{Brokers: box.Brokers()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.client.Close)
	b.post(kafka.Record{Value: []byte("foreign")})
	b.post(letter("5", "malformed", "command.undecodable", "", "\x01"))
	tombstone := letter("6", "malformed", "command.undecodable", "", "")
	tombstone.Value = nil
	b.post(tombstone)
	for what, want := range map[string]string{
		"5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a04": "there is no dead letter of 5b0c7a52",
		"dbs.limit.query/1@7":                  "there is no dead letter of dbs.limit.query/1@7",
		"bank.dead-letter/0@99":                "there is no dead letter of bank.dead-letter/0@99",
		"bank.dead-letter/0@0":                 "lacks the headers of a dead letter",
	} {
		_, errs := b.fail(exitFailed, "dlq", "show", what, "--brokers", brokers)
		wantAll(t, errs, want)
	}
	wantAll(t, b.must("dlq", "show", "dbs.limit.query/1@5", "--brokers", brokers),
		"dead letter  bank.dead-letter/0@1", `key          "SOLEN|0222"`, "the value cannot be decoded: ", "--raw -")
	wantAll(t, b.must("dlq", "show", "bank.dead-letter/0@2", "--brokers", brokers), "it is a tombstone")
	_, errs := b.fail(exitFailed, "dlq", "show", "bank.dead-letter/0@2", "--brokers", brokers, "--raw", "-", "--why", "a test")
	wantAll(t, errs, "has no value")
}

// Upstream may have put a person where none belongs.
func TestShowMasksKeysAndHeaders(t *testing.T) {
	t.Parallel()
	box, brokers := startSandbox(t, sandbox.Options{})
	b := &dlqBench{T: t, brokers: brokers}
	var err error
	if b.client, err = kafka.New(kafka.Config{Brokers: box.Brokers()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.client.Close)
	r := letter("5", "malformed", "command.undecodable", "", "\x01")
	r.Key = []byte("customer 10000000146")
	r.Headers[0].Value = []byte("2")
	r.Headers = append([]kafka.Header{{Key: "note", Value: []byte(person)}, {Key: "of " + person}}, r.Headers...)
	b.post(r)
	for _, output := range []string{"text", "json"} {
		show := []string{"dlq", "show", "bank.dead-letter/0@0", "--brokers", brokers, "--output", output}
		if out := b.must(show...); strings.Contains(out, person) || strings.Contains(out, "10000000146") || !strings.Contains(out, "note") || !strings.Contains(out, "***") {
			t.Errorf("want key and headers masked, got %s", out)
		}
		wantAll(t, b.must(append(show, "--reveal", "--why", "a test")...), "customer 10000000146", "of "+person)
	}
}

// keyIn is the one key of a list.
func keyIn(t *testing.T, list string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(list), "\n")
	if len(lines) != 2 || !strings.Contains(lines[1], "primary") {
		t.Fatalf("want one key, got %s", list)
	}
	return firstWord(lines[1])
}
