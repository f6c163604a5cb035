package producers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	kafkago "github.com/segmentio/kafka-go"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
)

// shelf is a Writer that keeps what it is given and refuses what is above limit.
type shelf struct {
	records []kafka.Record
	limit   int64
	err     error
}

func (s *shelf) Produce(_ context.Context, r kafka.Record) (int64, error) {
	if s.err != nil {
		return -1, s.err
	}
	if s.limit > 0 && sizeOf(&r) > s.limit {
		return -1, kafkago.MessageSizeTooLarge
	}
	s.records = append(s.records, r)
	return int64(len(s.records) - 1), nil
}

func (s *shelf) Partitions(context.Context, string) (int32, error) { return 3, s.err }

type names struct{}

func (names) Result(n command.Name) string { return "p." + string(n) + ".result" }
func (names) DeadLetter() string           { return "p.bank.dead-letter" }

func (names) Attempts() string { return "p.bank.attempts" }
func (names) Audit() string    { return "p.bank.audit" }

// sizer encodes an outcome as its status, with a payload as large as it says.
type sizer struct{ payload int }

func (e sizer) EncodeOutcome(o *command.Outcome) ([]byte, error) {
	value := []byte(o.Status)
	if o.Result != nil {
		value = append(value, bytes.Repeat([]byte("."), e.payload)...)
	}
	return value, nil
}

func (sizer) EncodeAttempt(a *command.Attempt) ([]byte, error) {
	return []byte(a.ChannelRequestID), nil
}

func (sizer) EncodeAudit(a *command.AuditRecord) ([]byte, error) {
	return fmt.Appendf(nil, "%s %s %s %d %s %s", a.Action, a.Phase, a.Letter, a.Revision, a.Status, a.Code), nil
}

func publisher(w Writer, encoder Encoder, encryptor Encryptor, log io.Writer) (*Publisher, *observed) {
	o := &observed{retried: map[kafka.ErrorClass]int{}}
	return NewPublisher(w, PublisherConfig{
		Encoder: encoder, Names: names{}, Encryptor: encryptor, Observer: o,
		Log: slog.New(slog.NewTextHandler(log, nil)),
	}), o
}

const (
	commandID   = "6b2f7c1e-9f6c-4f0e-8d2a-3a1b5c7d9e0f"
	traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
)

func message() *command.Message {
	return &command.Message{
		Topic: "p.dbs.invoice.upsert", Name: command.DBSInvoiceUpsert, Partition: 7, Offset: 41,
		Time: time.UnixMilli(1_700_000_000_123), Key: []byte("A|1"), Value: []byte("value"),
		Headers: []command.Header{
			{Key: "traceparent", Value: []byte(traceparent)},
			{Key: "tracestate", Value: []byte("vendor=1, other@tenant=x/y")},
			{Key: "secret", Value: []byte("canary@example.com")},
		},
	}
}

func outcome() *command.Outcome {
	return &command.Outcome{
		CommandID: commandID, Command: command.DBSInvoiceUpsert, Status: command.Succeeded,
		Code: command.CodeInvoiceAccepted, Category: command.CategoryOK, Revision: 1,
		ReceivedAt: time.UnixMilli(1_700_000_000_500), CompletedAt: time.UnixMilli(1_700_000_001_000).In(command.Istanbul),
		Result: &command.InvoiceRecorded{TransactionID: "1"},
	}
}

func texts(headers []kafka.Header) [][2]string {
	var out [][2]string
	for _, h := range headers {
		out = append(out, [2]string{h.Key, string(h.Value)})
	}
	return out
}

func TestAnOutcomesRecordIsExact(t *testing.T) {
	t.Parallel()
	w := &shelf{}
	p, _ := publisher(w, sizer{4}, nil, io.Discard)
	if _, err := p.Outcome(t.Context(), message(), outcome()); err != nil {
		t.Fatal(err)
	}
	got := w.records[0]
	if got.Topic != "p.dbs.invoice.upsert.result" || got.Partition != 7 || string(got.Key) != "A|1" || string(got.Value) != "SUCCEEDED...." {
		t.Errorf("got %+v", got)
	}
	want := [][2]string{
		{"ce_specversion", "1.0"},
		{"ce_id", codec.EventID(commandID, 1)},
		{"ce_type", "bank.dbs.invoice.upsert.result.v1"},
		{"ce_source", "/bank-processor"},
		{"ce_time", "2023-11-14T22:13:21Z"},
		{"ce_subject", commandID}, {"ce_commandoffset", "41"},
		{"content-type", "application/avro"},
		{"ce_status", "SUCCEEDED"},
		{"ce_code", "dbs.invoice.accepted"},
		{"ce_revision", "1"},
		{"traceparent", traceparent},
		{"tracestate", "vendor=1, other@tenant=x/y"},
	}
	if diff := cmp.Diff(want, texts(got.Headers)); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyValidTracesAreCarriedOn(t *testing.T) {
	t.Parallel()
	const zeros16, zeros32 = "0000000000000000", "00000000000000000000000000000000"
	for _, tt := range []struct{ name, parent, state, want string }{
		{"both", traceparent, "a=b", "traceparent tracestate"},
		{"no state", traceparent, "", "traceparent"},
		{"a person in the state", traceparent, "canary@example.com", "traceparent"},
		{"too many members", traceparent, strings.Repeat("a=b,", 33) + "a=b", "traceparent"},
		{"too long", traceparent, "a=" + strings.Repeat("b", 512), "traceparent"},
		{"empty member", traceparent, "a=b,,c=d", "traceparent"},
		{"no parent", "", "a=b", ""},
		{"capitals", strings.ToUpper(traceparent), "", ""},
		{"version ff", "ff" + traceparent[2:], "", ""},
		{"no trace id", "00-" + zeros32 + "-b7ad6b7169203331-01", "", ""},
		{"no span id", "00-0af7651916cd43dd8448eb211c80319c-" + zeros16 + "-01", "", ""},
		{"trailing text", traceparent + " canary@example.com", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := &command.Message{Headers: []command.Header{
				{Key: "traceparent", Value: []byte(tt.parent)}, {Key: "tracestate", Value: []byte(tt.state)},
			}}
			var got []string
			for _, h := range appendTrace(nil, m) {
				got = append(got, h.Key)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

func TestATooLargeResultKeepsItsStatus(t *testing.T) {
	t.Parallel()
	w := &shelf{limit: 1000}
	log := &bytes.Buffer{}
	p, observed := publisher(w, sizer{2000}, nil, log)
	o := outcome()
	if _, err := p.Outcome(t.Context(), message(), o); err != nil {
		t.Fatal(err)
	}
	got := w.records[0]
	last := got.Headers[len(got.Headers)-1]
	if string(got.Value) != "SUCCEEDED" || last.Key != "ce_resultomitted" || string(last.Value) != "2009" {
		t.Errorf("got %q with %s=%s", got.Value, last.Key, last.Value)
	}
	if o.Result == nil {
		t.Error("the caller's outcome was changed")
	}
	if observed.omitted != 1 || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("omitted %d, log %s", observed.omitted, log)
	}
}

func attempt() *command.Attempt {
	return &command.Attempt{
		CommandID: commandID, Command: command.DBSInvoiceUpsert, Operation: command.InsertInvoice,
		ChannelRequestID: "e0e87b1c-917f-432b-b428-ca71abc91205", Number: 1,
		StartedAt: time.UnixMilli(1_700_000_000_700).UTC(), Partition: 7, Offset: 41,
	}
}

func TestAnAttemptsRecordIsExact(t *testing.T) {
	t.Parallel()
	w := &shelf{records: make([]kafka.Record, 5)}
	p, _ := publisher(w, sizer{}, nil, io.Discard)
	if offset, err := p.Attempt(t.Context(), message(), attempt()); offset != 5 || err != nil {
		t.Fatal(offset, err)
	}
	want := kafka.Record{
		Topic: "p.bank.attempts", Partition: 7, Key: []byte("A|1"), Value: []byte("e0e87b1c-917f-432b-b428-ca71abc91205"),
	}
	if diff := cmp.Diff(want, w.records[5]); diff != "" {
		t.Error(diff)
	}
}

func TestAnAttemptThatCannotBeStoredIsAnError(t *testing.T) {
	t.Parallel()
	p, _ := publisher(&shelf{err: ErrStopped}, sizer{}, nil, io.Discard)
	if offset, err := p.Attempt(t.Context(), message(), attempt()); offset != -1 || !errors.Is(err, ErrStopped) {
		t.Errorf("got %d, %v", offset, err)
	}
}

func TestAnOutcomeThatCannotBeStoredIsAnError(t *testing.T) {
	t.Parallel()
	p, _ := publisher(&shelf{err: ErrStopped}, sizer{}, nil, io.Discard)
	if _, err := p.Outcome(t.Context(), message(), outcome()); !errors.Is(err, ErrStopped) {
		t.Errorf("got %v", err)
	}
	if err := p.DeadLetter(t.Context(), deadLetter(message())); !errors.Is(err, ErrStopped) {
		t.Errorf("got %v", err)
	}
	p, _ = publisher(&shelf{limit: 1}, sizer{}, nil, io.Discard)
	if _, err := p.Outcome(t.Context(), message(), outcome()); kafka.Class(err) != kafka.ClassTooLarge {
		t.Errorf("got %v", err)
	}
	if err := p.DeadLetter(t.Context(), deadLetter(message())); kafka.Class(err) != kafka.ClassTooLarge {
		t.Errorf("got %v", err)
	}
}

func TestAnUnencodableOutcomeIsAnError(t *testing.T) {
	t.Parallel()
	c, err := codec.New(codec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &shelf{}
	p, _ := publisher(w, c, nil, io.Discard)
	if _, err := p.Outcome(t.Context(), message(), &command.Outcome{Command: "nothing"}); err == nil || len(w.records) > 0 {
		t.Errorf("got %v, %d records", err, len(w.records))
	}
}

func deadLetter(m *command.Message) *command.DeadLetter {
	return &command.DeadLetter{
		Message: m, Reason: command.ReasonExhausted, Code: command.CodeRetriesExhausted,
		Text: "the bank answered 503 three times", Attempts: 4,
		FailedAt: time.UnixMilli(1_700_000_002_000), CommandID: commandID,
	}
}

func TestADeadLettersRecordIsExact(t *testing.T) {
	t.Parallel()
	w := &shelf{}
	p, _ := publisher(w, sizer{}, nil, io.Discard)
	m := message()
	// A dead letter that was replayed and failed again.
	m.Headers = append(m.Headers, command.Header{Key: "dlq-reason", Value: []byte("in-doubt")})
	if err := p.DeadLetter(t.Context(), deadLetter(m)); err != nil {
		t.Fatal(err)
	}
	got := w.records[0]
	if got.Topic != "p.bank.dead-letter" || got.Partition != 7%3 || string(got.Key) != "A|1" || string(got.Value) != "value" {
		t.Errorf("got %+v", got)
	}
	want := [][2]string{
		{"traceparent", traceparent},
		{"tracestate", "vendor=1, other@tenant=x/y"},
		{"secret", "canary@example.com"},
		{"dlq-reason", "in-doubt"},
		{"dlq-original-headers", "4"},
		{"dlq-reason", "exhausted"},
		{"dlq-code", "processor.retries_exhausted"},
		{"dlq-message", "the bank answered 503 three times"},
		{"dlq-attempts", "4"},
		{"dlq-topic", "p.dbs.invoice.upsert"},
		{"dlq-partition", "7"},
		{"dlq-offset", "41"},
		{"dlq-timestamp", "2023-11-14T22:13:20.123Z"},
		{"dlq-failed-at", "2023-11-14T22:13:22Z"},
		{"kafka_dlt-original-topic", "p.dbs.invoice.upsert"},
		{"dlq-command-id", commandID},
	}
	if diff := cmp.Diff(want, texts(got.Headers)); diff != "" {
		t.Error(diff)
	}
}

func TestATooLargeDeadLetterTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		header      int
		wantHeaders int
	}{
		{"value", 10, 4},
		{"value and headers", 5000, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &shelf{limit: 2000}
			log := &bytes.Buffer{}
			p, observed := publisher(w, sizer{}, nil, log)
			m := message()
			m.Value = bytes.Repeat([]byte("canary"), 3000)
			m.Headers = append(m.Headers, command.Header{Key: "h", Value: make([]byte, tt.header)})
			if err := p.DeadLetter(t.Context(), deadLetter(m)); err != nil {
				t.Fatal(err)
			}
			got := w.records[0]
			all := map[string]string{}
			for _, h := range got.Headers {
				all[h.Key] = string(h.Value)
			}
			original, err := OriginalHeaders(got)
			if err != nil || len(original) != tt.wantHeaders {
				t.Errorf("got %d original headers, %v", len(original), err)
			}
			if got.Value != nil || all[HeaderOmitted] != "18000" || len(all[HeaderSHA256]) != 64 || all[HeaderOffset] != "41" {
				t.Errorf("got %v", all)
			}
			if missing := all[HeaderHeadersOmitted]; (missing != "") != (tt.wantHeaders == 0) || missing != "" && missing != "4" {
				t.Errorf("got %q", missing)
			}
			if observed.omitted == 0 || !strings.Contains(log.String(), "level=ERROR") || strings.Contains(log.String(), "canary") {
				t.Errorf("omitted %d, log %s", observed.omitted, log)
			}
		})
	}
}

func TestADeadLetterWithoutAnIDHasNoneInItsHeaders(t *testing.T) {
	t.Parallel()
	w := &shelf{}
	p, _ := publisher(w, sizer{}, nil, io.Discard)
	d := deadLetter(message())
	d.CommandID = ""
	if err := p.DeadLetter(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	for _, h := range w.records[0].Headers {
		if h.Key == HeaderCommandID {
			t.Errorf("got %s", h.Value)
		}
	}
}

// reverser seals by turning a value around behind its context.
type reverser struct{ err error }

func (r reverser) Encrypt(value, context []byte) (sealed []byte, scheme, keyID string, err error) {
	sealed = slices.Concat(context, []byte("|"), value)
	slices.Reverse(sealed)
	return sealed, "reverse", "7", r.err
}

var errContext = errors.New("another context")

func (r reverser) Decrypt(sealed, context []byte, scheme string) ([]byte, error) {
	value := slices.Clone(sealed)
	slices.Reverse(value)
	value, ok := bytes.CutPrefix(value, slices.Concat(context, []byte("|")))
	if !ok || scheme != "reverse" {
		return nil, errContext
	}
	return value, r.err
}

func TestADeadLettersValueIsSealed(t *testing.T) {
	t.Parallel()
	w := &shelf{}
	p, _ := publisher(w, sizer{}, reverser{}, io.Discard)
	m := message()
	for _, value := range [][]byte{[]byte("value"), nil} {
		m.Value = value
		if err := p.DeadLetter(t.Context(), deadLetter(m)); err != nil {
			t.Fatal(err)
		}
	}
	sealed, tombstone := w.records[0], w.records[1]
	want := [][2]string{{HeaderEncrypted, "reverse"}, {HeaderKeyID, "7"}}
	if diff := cmp.Diff(want, texts(sealed.Headers[len(sealed.Headers)-2:])); diff != "" || string(sealed.Value) != "eulav|14@7/trespu.eciovni.sbd.p:eulav-rettel-daed" {
		t.Errorf("got %q, %s", sealed.Value, diff)
	}
	if last := tombstone.Headers[len(tombstone.Headers)-1]; tombstone.Value != nil || last.Key == HeaderKeyID || last.Key == HeaderEncrypted {
		t.Errorf("got %+v", tombstone)
	}
	p, _ = publisher(w, sizer{}, reverser{errors.New("no key")}, io.Discard)
	m.Value = []byte("value")
	if err := p.DeadLetter(t.Context(), deadLetter(m)); err == nil || len(w.records) != 2 {
		t.Errorf("got %v: a value must not leave in clear", err)
	}
}

// What sealing adds may be what makes a letter too large, and then only the value
// goes; its digest would be a way to guess it.
func TestASealedLetterThatIsTooLargeTellsNothingOfItsValue(t *testing.T) {
	t.Parallel()
	w := &shelf{}
	p, _ := publisher(w, sizer{}, reverser{}, io.Discard)
	m := message()
	if err := p.DeadLetter(t.Context(), deadLetter(m)); err != nil {
		t.Fatal(err)
	}
	w.limit = sizeOf(&w.records[0]) - 1
	if err := p.DeadLetter(t.Context(), deadLetter(m)); err != nil {
		t.Fatal(err)
	}
	letter, err := ReadLetter(w.records[1])
	if err != nil {
		t.Fatal(err)
	}
	if !letter.ValueOmitted || letter.ValueBytes != 5 || letter.SHA256 != "" || letter.Scheme != "" || len(letter.Headers) != 3 {
		t.Errorf("got %+v", letter)
	}
	if _, err := letter.Original(reverser{}); !errors.Is(err, ErrOmitted) || !strings.Contains(err.Error(), "p.dbs.invoice.upsert/7@41") {
		t.Errorf("got %v", err)
	}
}
