package endtoend

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/downstream"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
)

// sameKey publishes a good command behind a record, under its key: it must not be
// held up.
func sameKey(w *world, after kafka.Record) (id string) {
	w.t.Helper()
	draft := w.draft(command.DBSLimitQuery, nil)
	draft.Record.Key = after.Key
	w.publish(draft.Record)
	return draft.Command.ID
}

func TestAnExpiredCommandIsRefusedUnsent(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	w.processor()
	id, sent := w.send(command.CustomerComplete, func(f map[string]any) {
		f["expiresAt"] = time.Now().Add(-time.Second).UTC().Format(time.RFC3339)
	})
	o := w.outcome(id)
	if o.Status != command.Rejected || o.Code != command.CodeCommandExpired || o.Attempts != 0 {
		t.Errorf("outcome %s %s after %d attempts", o.Status, o.Code, o.Attempts)
	}
	behind, _ := w.send(command.CustomerCreate, func(f map[string]any) { f["flowReference"] = string(sent.Key) })
	succeeds(w, behind)
	for _, c := range w.bank.Calls(0) {
		if c.Method == banksim.MethodComplete {
			t.Error("the expired command reached the bank")
		}
	}
	noLetters(w)
}

// What is no command becomes a dead letter that says why, byte for byte, and what
// follows goes on.
func TestWhatIsNoCommandBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{})
	w.watch()
	w.processor()
	for name, tt := range map[string]struct {
		value []byte
		want  string
	}{
		"a tombstone":     {nil, "the record is a tombstone: a command needs a value"},
		"an empty value":  {[]byte{}, "the value is empty: a command needs a value"},
		"nonsense":        {[]byte("\x07nonsense"), "no known encoding: want 00 and a schema id"},
		"half an object":  {[]byte(`{"commandId":`), "JSON"},
		"a foreign frame": {append([]byte{0xC3, 0x01}, make([]byte, 20)...), "no schema with the fingerprint"},
	} {
		t.Run(name, func(t *testing.T) {
			record := kafka.Record{
				Topic: w.drafter.Topics.Command(command.DBSLimitQuery), Key: []byte("SOLEN|0222"), Value: tt.value,
				Headers: []kafka.Header{{Key: "source", Value: []byte("test")}, {Key: "nil"}},
			}
			sent := w.publish(record)[0]
			behind := sameKey(w, sent)
			letter := w.letter(sent)
			mentions(t, "the dead letter", letter.Header(producers.HeaderMessage), tt.want)
			if reason := letter.Header(producers.HeaderReason); reason != string(command.ReasonMalformed) {
				t.Errorf("reason %s", reason)
			}
			intact(t, sent, letter)
			succeeds(w, behind)
		})
	}
	w.Lock()
	defer w.Unlock()
	if len(w.outcomes) != 5 || len(w.letters) != 5 {
		t.Errorf("%d outcomes and %d dead letters, want 5 each", len(w.outcomes), len(w.letters))
	}
}

// intact compares a dead letter with the record that it was.
func intact(t *testing.T, sent kafka.Record, letter downstream.Event) {
	t.Helper()
	got := letter.Record
	if !bytes.Equal(got.Key, sent.Key) || !bytes.Equal(got.Value, sent.Value) || (got.Value == nil) != (sent.Value == nil) {
		t.Errorf("the dead letter has %d bytes (nil: %v), the record had %d (nil: %v)", len(got.Value), got.Value == nil, len(sent.Value), sent.Value == nil)
	}
	headers, err := producers.OriginalHeaders(got)
	must(t, err)
	if fmt.Sprint(headers) != fmt.Sprint(sent.Headers) {
		t.Errorf("the dead letter's headers are %v, the record had %v", headers, sent.Headers)
	}
}

const huge = 20 << 20

// hugeCommand is a limit query with 20 MB of spaces in it.
func hugeCommand(w *world) (id string, r kafka.Record) {
	w.t.Helper()
	text := []byte(`{"commandId":"5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a20","issuedAt":"2026-01-05T08:30:00Z",` +
		strings.Repeat(" ", huge) + `"companyCode":"SOLEN","dealerCode":"0222","invoicesMonth":"2026-11-01"}`)
	return "5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a20",
		kafka.Record{Topic: w.drafter.Topics.Command(command.DBSLimitQuery), Key: []byte("SOLEN|0222"), Value: text}
}

// A message of 20 MB, by what its topics and the processor allow.
func TestAMessageOfTwentyMegabytes(t *testing.T) {
	t.Parallel()
	large := topics.Config{Partitions: 2, MaxCommandBytes: 32 << 20}
	oneMegabyte := func(c *config.Config) { c.Topics.MaxCommandBytes = 1 << 20 }

	t.Run("is refused by a topic as applied", func(t *testing.T) {
		t.Parallel()
		w := openWorld(t, sandbox.Options{})
		_, record := hugeCommand(w)
		_, err := w.sender.Send(t.Context(), record)
		if kafka.Class(err) != kafka.ClassTooLarge {
			t.Fatalf("want a refusal, got %v", err)
		}
		mentions(t, "the error", err.Error(), "dbs.limit.query", "Message Size Too Large")
	})
	t.Run("is a dead letter, whole", func(t *testing.T) {
		t.Parallel()
		w := openWorld(t, sandbox.Options{Topics: large})
		w.watch()
		w.processor(oneMegabyte)
		_, record := hugeCommand(w)
		sent := w.publish(record)[0]
		behind := sameKey(w, sent)
		letter := w.letter(sent)
		mentions(t, "the dead letter", letter.Header(producers.HeaderMessage),
			fmt.Sprint(len(record.Value)), "over the limit of 1048576", "send a command, not a document")
		intact(t, sent, letter)
		succeeds(w, behind)
	})
	t.Run("is a dead letter without its value where that does not fit", func(t *testing.T) {
		t.Parallel()
		w := openWorld(t, sandbox.Options{NoTopics: true, Topics: large})
		createTopics(w, func(s *kafka.TopicSpec) {
			if s.Name == w.drafter.Topics.DeadLetter() {
				s.Configs["max.message.bytes"] = "1048576"
			}
		})
		w.watch()
		w.processor(oneMegabyte)
		_, record := hugeCommand(w)
		sent := w.publish(record)[0]
		behind := sameKey(w, sent)
		letter := w.letter(sent)
		digest := sha256.Sum256(record.Value)
		if letter.Record.Value != nil || letter.Header(producers.HeaderOmitted) != fmt.Sprint(len(record.Value)) ||
			letter.Header(producers.HeaderSHA256) != hex.EncodeToString(digest[:]) {
			t.Errorf("%d bytes, headers %v", len(letter.Record.Value), letter.Record.Headers)
		}
		mentions(t, "the log", w.log.String(), "dead letter is too large for its topic", `"original_topic":"`+w.drafter.Topics.Command(command.DBSLimitQuery)+`"`)
		succeeds(w, behind)
	})
	t.Run("is carried out where all allow it", func(t *testing.T) {
		t.Parallel()
		w := openWorld(t, sandbox.Options{Topics: large})
		w.watch()
		w.processor()
		id, record := hugeCommand(w)
		behind := sameKey(w, w.publish(record)[0])
		succeeds(w, id, behind)
		noLetters(w)
	})
}

// A result that its topic refuses is stored without its payload: status and code
// stay true.
func TestAResultThatIsTooLarge(t *testing.T) {
	t.Parallel()
	w := openWorld(t, sandbox.Options{NoTopics: true, Topics: topics.Config{Partitions: 2}})
	createTopics(w, func(s *kafka.TopicSpec) {
		if s.Name == w.drafter.Topics.Result(command.DBSInvoiceResultsQuery) {
			s.Configs["max.message.bytes"] = "2048"
		}
	})
	w.watch()
	w.processor()
	const invoices = 40
	var ids []string
	for n := range invoices {
		id, _ := w.send(command.DBSInvoiceUpsert, func(f map[string]any) {
			f["invoiceNumber"], f["dealerCode"] = fmt.Sprint("BIG-", n), fmt.Sprint("5", n)
		})
		ids = append(ids, id)
	}
	succeeds(w, ids...)
	query := func(f map[string]any) { f["fromDueDate"], f["toDueDate"] = "2099-12-31", "2099-12-31" }
	id, _ := w.send(command.DBSInvoiceResultsQuery, query)
	o := w.outcome(id)
	if o.Status != command.Succeeded || o.Code != command.CodeResultsListed || o.Result != nil {
		t.Errorf("outcome %s %s with %v", o.Status, o.Code, o.Result)
	}
	w.Lock()
	size := w.outcomes[id][0].Header("ce_resultomitted")
	w.Unlock()
	if size == "" {
		t.Error("no header says that the payload was left out")
	}
	mentions(t, "the log", w.log.String(), "result is too large for its topic, storing it without its payload", `"bytes":`+size, id)
	behind, _ := w.send(command.DBSInvoiceResultsQuery, nil)
	succeeds(w, behind)
	noLetters(w)
}
