package upstream_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/topics"
	"bankprocessor/internal/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func drafter(t *testing.T) upstream.Drafter {
	t.Helper()
	c, err := codec.New(codec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return upstream.Drafter{
		Codec: c, Topics: topics.Config{Prefix: "t."}.WithDefaults(),
		Rules: func(now time.Time) command.Rules {
			return command.Rules{Now: now, Currencies: []string{"TRY"}}
		},
		Now: func() time.Time { return now },
	}
}

const limitQuery = `{"companyCode":"SOLEN","dealerCode":"0222","invoicesMonth":"2026-11-01","customerNumber":955807}`

func header(r kafka.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func TestDraftFillsInWhatIsMissing(t *testing.T) {
	t.Parallel()
	d := drafter(t)
	draft, err := d.FromJSON(command.DBSLimitQuery, []byte(limitQuery))
	if err != nil {
		t.Fatal(err)
	}
	if len(draft.Violations) > 0 {
		t.Fatalf("unexpected violations %v", draft.Violations)
	}
	c := draft.Command
	if _, err := command.ParseID(c.ID); err != nil || !c.IssuedAt.Equal(now) {
		t.Errorf("want an id and the moment, got %q and %s", c.ID, c.IssuedAt)
	}
	r := draft.Record
	if r.Topic != "t.dbs.limit.query" || string(r.Key) != "SOLEN|0222" {
		t.Errorf("got topic %s, key %s", r.Topic, r.Key)
	}
	for key, want := range map[string]string{
		"ce_specversion": "1.0", "ce_id": c.ID, "ce_type": "bank.dbs.limit.query.v1",
		"ce_source": "/processor/send", "ce_time": "2026-11-20T09:00:00Z", "content-type": "application/avro",
	} {
		if got := header(r, key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if !regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`).MatchString(header(r, "traceparent")) {
		t.Errorf("got traceparent %q", header(r, "traceparent"))
	}
	back, err := d.Codec.Decode(t.Context(), &command.Message{Name: command.DBSLimitQuery, Value: r.Value})
	if err != nil || back.ID != c.ID || back.Payload.OrderingKey() != "SOLEN|0222" {
		t.Errorf("want the record readable, got %+v, %v", back, err)
	}
}

func TestDraftKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	const id = "5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a04"
	text := `{"commandId":"` + id + `","issuedAt":"2026-01-05T08:33:00Z",` + limitQuery[1:]
	d := drafter(t)
	draft, err := d.FromJSON(command.DBSLimitQuery, []byte(text))
	if err != nil || draft.Command.ID != id {
		t.Errorf("got %+v, %v", draft.Command, err)
	}
	d.NewIDs = true
	draft, err = d.FromJSON(command.DBSLimitQuery, []byte(text))
	if err != nil || draft.Command.ID == id || !draft.Command.IssuedAt.Equal(now) {
		t.Errorf("want a new id and moment, got %+v, %v", draft.Command, err)
	}
}

func TestDraftOfEveryExample(t *testing.T) {
	t.Parallel()
	for _, n := range command.Names() {
		text, err := os.ReadFile("../../schemas/examples/" + string(n) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		draft, err := drafter(t).FromJSON(n, text)
		if err != nil {
			t.Errorf("%s: %v", n, err)
			continue
		}
		if header(draft.Record, "content-type") != "application/avro" || len(draft.Record.Key) == 0 {
			t.Errorf("%s: got %s with key %q", n, header(draft.Record, "content-type"), draft.Record.Key)
		}
	}
}

func TestDraftSaysAllViolations(t *testing.T) {
	t.Parallel()
	draft, err := drafter(t).FromJSON(command.DBSLimitQuery, []byte(`{"companyCode":" ","customerNumber":-1}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(draft.Violations) < 3 {
		t.Errorf("want every violation, got %v", draft.Violations)
	}
}

func TestDraftOfAnIncompleteCommandIsJSON(t *testing.T) {
	t.Parallel()
	d := drafter(t)
	d.NewIDs = true
	draft, err := d.FromJSON(command.LoanIncomeSubmit, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := header(draft.Record, "content-type"); got != "application/json" {
		t.Errorf("want what Avro cannot hold in JSON, got %s", got)
	}
	back, err := d.Codec.Decode(t.Context(), &command.Message{Name: command.LoanIncomeSubmit, Value: draft.Record.Value})
	if err != nil || back.ID != draft.Command.ID {
		t.Errorf("want the record readable, got %+v, %v", back, err)
	}
}

func TestDraftRefuses(t *testing.T) {
	t.Parallel()
	d := drafter(t)
	for name, text := range map[string]string{
		"list": `[]`, "null": `null`, "nothing": ``, "half": `{"companyCode":`, "two": limitQuery + limitQuery,
	} {
		if _, err := d.FromJSON(command.DBSLimitQuery, []byte(text)); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
	_, err := d.FromJSON(command.DBSLimitQuery, []byte(`{"companyCode":7}`))
	var unreadable *command.DecodeError
	if !errors.As(err, &unreadable) || unreadable.Field != "companyCode" {
		t.Errorf("want the field named, got %v", err)
	}
	d.Topics.MaxCommandBytes = 1024
	_, err = d.FromJSON(command.DBSLimitQuery, []byte(`{"correlationId":"`+strings.Repeat("x", 2000)+`",`+limitQuery[1:]))
	var large *upstream.TooLargeError
	if !errors.As(err, &large) || large.Max != 1024 || !strings.Contains(err.Error(), "topics.max_command_bytes") {
		t.Errorf("want a TooLargeError, got %v", err)
	}
}

func TestSendKeepsTheOrderOfAKey(t *testing.T) {
	t.Parallel()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Topics: topics.Config{Partitions: 3}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = box.Stop() }()
	client, err := kafka.New(kafka.Config{Brokers: box.Brokers()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	sender, err := upstream.NewSender(t.Context(), client, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := sender.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	var records []kafka.Record
	for i := range 30 {
		records = append(records, kafka.Record{
			Topic: "customer.create", Key: []byte{'a' + byte(i%5)}, Value: []byte{byte(i)},
		})
	}
	sent, err := sender.Send(t.Context(), records...)
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]int64{}
	for i, r := range sent {
		if r.Value[0] != byte(i) || r.Partition != kafka.PartitionOf(r.Key, 3) {
			t.Errorf("record %d: got partition %d, value %d", i, r.Partition, r.Value[0])
		}
		if before, seen := last[string(r.Key)]; r.Offset < 0 || seen && r.Offset <= before {
			t.Errorf("record %d of key %s: offset %d after %d", i, r.Key, r.Offset, before)
		}
		last[string(r.Key)] = r.Offset
	}
}
