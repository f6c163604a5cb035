package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/hybrid"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/twmb/franz-go/pkg/kgo"

	"bankprocessor/internal/app"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/demo"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/upstream"
	"bankprocessor/schemas"
)

// sealedWorld is a processor on real Kafka that seals its dead letters, with the
// operator's command line beside it.
type sealedWorld struct {
	*testing.T
	program         string // cmd/processor, built
	dir             string // of the keysets
	private, public string
	topics          topics.Config
	brokers         []string
	draft           upstream.Drafter
	sender          *upstream.Sender
	reader          *kgo.Client // somebody else's
}

func (w *sealedWorld) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func openSealedWorld(t *testing.T) *sealedWorld {
	t.Helper()
	w := &sealedWorld{
		T: t, dir: t.TempDir(), brokers: sharedBrokers(t),
		topics: topics.Config{Prefix: "sealed-" + uuid.NewString()[:8] + ".", Partitions: 1, DeadLetterPartitions: 1}.WithDefaults(),
	}
	w.private, w.public = filepath.Join(w.dir, "private.json"), filepath.Join(w.dir, "public.json")
	w.program = filepath.Join(t.TempDir(), "processor")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", w.program, "../../cmd/processor")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the processor: %v\n%s", err, out)
	}
	w.run("dlq", "keys", "create", "--private", w.private, "--public", w.public)

	box, err := sandbox.Start(t.Context(), sandbox.Options{Kafka: w.brokers, Topics: w.topics})
	w.must(err)
	t.Cleanup(func() { w.must(box.Stop()) })
	w.startProcessor(box)
	w.openSender()
	w.reader, err = kgo.NewClient(kgo.SeedBrokers(w.brokers...), kgo.ConsumeTopics(w.topics.DeadLetter()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	w.must(err)
	t.Cleanup(w.reader.Close)
	return w
}

func (w *sealedWorld) startProcessor(box *sandbox.Sandbox) {
	w.Helper()
	cfg := demo.Config(box)
	cfg.Topics = w.topics
	cfg.Intake.Group = w.topics.Prefix + "processor"
	cfg.DeadLetters.Encryption.PublicKeysetFile = w.public
	a, err := app.New(cfg, app.Options{Version: "test", Logger: slog.New(slog.DiscardHandler)})
	w.must(err)
	w.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(w.Context()), a.StopTimeout())
		defer cancel()
		w.must(a.Stop(ctx))
	})
	w.must(a.Start(w.Context()))
}

func (w *sealedWorld) openSender() {
	w.Helper()
	events, err := codec.New(codec.Options{})
	w.must(err)
	client, err := kafka.New(kafka.Config{Brokers: w.brokers})
	w.must(err)
	w.Cleanup(client.Close)
	w.sender, err = upstream.NewSender(w.Context(), client, slog.New(slog.DiscardHandler))
	w.must(err)
	w.Cleanup(func() { w.must(w.sender.Close(context.WithoutCancel(w.Context()))) })
	w.draft = upstream.Drafter{
		Codec: events, Topics: w.topics, Now: time.Now, NewIDs: true,
		Rules: func(now time.Time) command.Rules { return command.Rules{Now: now} },
	}
}

// run runs the command line, which has to end well.
func (w *sealedWorld) run(args ...string) string {
	w.Helper()
	code, out, errs := w.try(args...)
	if code != 0 {
		w.Fatalf("%v: exit %d\n%s%s", args, code, out, errs)
	}
	return out
}

func (w *sealedWorld) try(args ...string) (code int, out, errs string) {
	w.Helper()
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(w.Context(), w.program, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); c.ProcessState == nil {
		w.Fatal(err)
	}
	return c.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// dlq runs a `dlq` command on the world's topics.
func (w *sealedWorld) dlq(args ...string) (code int, out, errs string) {
	w.Helper()
	return w.try(append(append([]string{"dlq"}, args...), "--brokers", strings.Join(w.brokers, ","), "--topic-prefix", w.topics.Prefix)...)
}

// sealedPerson is what must stand nowhere in clear but in the command itself.
const sealedPerson = "canary.sealed@example.com"

// letter sends a command that ends as a dead letter, and returns it as another
// client reads it.
func (w *sealedWorld) letter() (id string, r *kgo.Record) {
	w.Helper()
	fields := map[string]json.RawMessage{}
	w.must(json.Unmarshal([]byte(schemas.Example(string(command.CustomerComplete))), &fields))
	maps.Copy(fields, map[string]json.RawMessage{"email": json.RawMessage(`"` + sealedPerson + `"`)})
	text, err := json.Marshal(fields)
	w.must(err)
	draft, err := w.draft.FromJSON(command.CustomerComplete, text)
	w.must(err)
	_, err = w.sender.Send(w.Context(), draft.Record)
	w.must(err)
	ctx, cancel := context.WithTimeout(w.Context(), 30*time.Second)
	defer cancel()
	for {
		fetches := w.reader.PollFetches(ctx)
		w.must(ctx.Err())
		for _, r := range fetches.Records() {
			if headerOf(r, "dlq-command-id") == draft.Command.ID {
				return draft.Command.ID, r
			}
		}
	}
}

func headerOf(r *kgo.Record, key string) (value string) {
	for _, h := range r.Headers {
		if h.Key == key {
			value = string(h.Value)
		}
	}
	return value
}

func TestDeadLettersAreSealedOnRealKafka(t *testing.T) {
	t.Parallel()
	w := openSealedWorld(t)
	first, one := w.letter()
	w.run("dlq", "keys", "rotate", "--private", w.private, "--public", w.public)
	second, two := w.letter()
	if a, b := headerOf(one, "dlq-key-id"), headerOf(two, "dlq-key-id"); a == "" || b == "" || a == b {
		t.Fatalf("want another key after the rotation, under the running processor; got %q and %q", a, b)
	}
	for id, r := range map[string]*kgo.Record{first: one, second: two} {
		if headerOf(r, "dlq-value-encrypted") != "tink-hybrid" || bytes.Contains(r.Value, []byte(sealedPerson)) || bytes.Contains(r.Value, []byte(id)) {
			t.Errorf("the dead letter of %s stands in clear", id)
		}
		if value := w.opened(r); !bytes.Contains(value, []byte(sealedPerson)) || !bytes.Contains(value, []byte(id)) {
			t.Errorf("want the command of %s in what another Tink opens, got %d bytes", id, len(value))
		}
		keyID := headerOf(r, "dlq-key-id")
		code, out, errs := w.dlq("show", id, "--keyset", w.private)
		if code != 0 || !strings.Contains(out, `"commandId": "`+id+`"`) || !strings.Contains(out, "sealed with key "+keyID) || strings.Contains(out, sealedPerson) {
			t.Errorf("show: exit %d\n%s%s", code, out, errs)
		}
		if code, out, _ := w.dlq("show", id, "--keyset", w.private, "--reveal", "--why", "the customer asked"); code != 0 || !strings.Contains(out, sealedPerson) {
			t.Errorf("show --reveal: exit %d\n%s", code, out)
		}
		if code, out, _ := w.dlq("show", id); code != 0 || !strings.Contains(out, "the value is sealed with key "+keyID) {
			t.Errorf("show without a keyset: exit %d\n%s", code, out)
		}
		if code, out, errs := w.dlq("list", "--reason", "in-doubt", "--key-id", keyID); code != 0 || !strings.Contains(out, id) || !strings.Contains(errs, "1 dead letter") {
			t.Errorf("list: exit %d\n%s%s", code, out, errs)
		}
	}
	w.otherKeysOpenNothing(first)
	w.movedValuesOpenNowhere(one, two)
}

// opened opens a letter as docs/dead-letters.md tells others to.
func (w *sealedWorld) opened(r *kgo.Record) []byte {
	w.Helper()
	file, err := os.Open(w.private)
	w.must(err)
	defer func() { _ = file.Close() }()
	keys, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(file))
	w.must(err)
	decrypt, err := hybrid.NewHybridDecrypt(keys)
	w.must(err)
	value, err := decrypt.Decrypt(r.Value, fmt.Appendf(nil, "dead-letter-value:%s/%s@%s",
		headerOf(r, "dlq-topic"), headerOf(r, "dlq-partition"), headerOf(r, "dlq-offset")))
	w.must(err)
	return value
}

func (w *sealedWorld) otherKeysOpenNothing(id string) {
	w.Helper()
	other := filepath.Join(w.dir, "other-private.json")
	w.run("dlq", "keys", "create", "--private", other, "--public", filepath.Join(w.dir, "other-public.json"))
	code, out, errs := w.dlq("show", id, "--keyset", other)
	if code != 1 || !strings.Contains(errs, "which the private keyset does not have") || strings.Contains(out+errs, sealedPerson) {
		w.Errorf("another keyset: exit %d\n%s%s", code, out, errs)
	}
}

// movedValuesOpenNowhere puts one letter's value into another.
func (w *sealedWorld) movedValuesOpenNowhere(one, two *kgo.Record) {
	w.Helper()
	forged := &kgo.Record{Topic: two.Topic, Key: two.Key, Headers: two.Headers, Value: one.Value}
	stored, err := w.reader.ProduceSync(w.Context(), forged).First()
	w.must(err)
	code, out, errs := w.dlq("show", fmt.Sprintf("%s/%d@%d", stored.Topic, stored.Partition, stored.Offset), "--keyset", w.private)
	if code != 1 || !strings.Contains(errs, "altered, or moved from where it was sealed for") || strings.Contains(out+errs, sealedPerson) {
		w.Errorf("a moved value: exit %d\n%s%s", code, out, errs)
	}
}
