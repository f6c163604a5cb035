package examples

import (
	"context"
	"encoding/binary"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/linkedin/goavro/v2"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/producers"
	"bankprocessor/schemas"
)

// secret stands in values, where a bank's words might be, and belongs in nobody's log.
const secret = "made-up-word-of-a-customer"

// booked is the state that a subscriber must have come to, by command id.
type booked map[string]state

type state struct {
	Revision  int    `json:"revision"`
	Event     string `json:"event"`
	Command   string `json:"command"`
	Status    string `json:"status"`
	Code      string `json:"code"`
	Then      string `json:"then"`
	Reference string `json:"reference"`
	Unread    bool   `json:"unread"`
}

// stream makes records as the processor does and notes what they lead to.
type stream struct {
	w         *world
	publisher *producers.Publisher
	writer    recorder
	want      booked
}

// recorder keeps the last record of a result topic instead of storing it.
type recorder struct{ last kafka.Record }

func (r *recorder) Produce(_ context.Context, record kafka.Record) (int64, error) {
	if _, ok := header(record, "ce_id"); ok {
		r.last = record
	}
	return 0, nil
}

func (r *recorder) Partitions(context.Context, string) (int32, error) { return 1, nil }

func newStream(w *world) *stream {
	w.t.Helper()
	events, err := codec.New(codec.Options{})
	must(w.t, err)
	s := &stream{w: w, want: booked{}}
	s.publisher = producers.NewPublisher(&s.writer, producers.PublisherConfig{
		Encoder: events, Names: w.names, Observer: producers.NopObserver{}, Log: slog.New(slog.DiscardHandler),
	})
	return s
}

// event is the record of an outcome.
func (s *stream) event(name command.Name, id string, revision int32, status command.Status, code command.Code) kafka.Record {
	s.w.t.Helper()
	m := &command.Message{Topic: s.w.names.Command(name), Name: name, Key: []byte(id)}
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	_, err := s.publisher.Outcome(s.w.t.Context(), m, &command.Outcome{
		CommandID: id, Command: name, Status: status, Code: code, Category: command.CategoryOK, Attempts: 1,
		BankReference: "R-" + id, BankMessage: secret, Revision: revision, ReceivedAt: at, CompletedAt: at,
	})
	must(s.w.t, err)
	return s.writer.last
}

// leads notes that a record is what its command's state must come from in the end.
func (s *stream) leads(r kafka.Record, name command.Name, revision int, then string, change ...func(*state)) kafka.Record {
	text := func(key string) string { v, _ := header(r, key); return v }
	st := state{
		Revision: revision, Event: text("ce_id"), Command: string(name),
		Status: text("ce_status"), Code: text("ce_code"), Then: then,
	}
	id := text("ce_subject")
	if then == "book" {
		st.Reference = "R-" + id
	}
	for _, f := range change {
		f(&st)
	}
	s.want[id] = st
	return r
}

// everyKind has an outcome of each command, and of each status, each twice.
func (s *stream) everyKind() (records []kafka.Record) {
	for _, name := range command.Names() {
		records = append(records, s.leads(s.event(name, uuid.NewString(), 1, command.Succeeded, "any.code"), name, 1, "book"))
	}
	for status, then := range map[command.Status]string{
		command.Partial: "wait", command.Pending: "wait", command.Failed: "wait", command.InDoubt: "wait",
		command.Rejected: "correct", "DEFERRED": "wait", // a status of a release to come
	} {
		name := command.DBSInvoiceUpsert
		records = append(records, s.leads(s.event(name, uuid.NewString(), 1, status, "code.of.a.release.to.come"), name, 1, then))
	}
	name := command.DBSInvoiceUpsert
	records = append(records, s.leads(s.event(name, uuid.NewString(), 1, command.Rejected, command.CodeDealerLimitExceeded), name, 1, "raise-limit"))
	return slices.Concat(records, records)
}

// revisions has a person's word after the processor's, and the processor's after it
// on the wire, where a producer of long ago has come back.
func (s *stream) revisions() []kafka.Record {
	name, id, other := command.CustomerComplete, uuid.NewString(), uuid.NewString()
	doubt := s.event(name, id, 1, command.InDoubt, command.CodeBankNoAnswer)
	word := s.leads(s.event(name, id, 2, command.Succeeded, "operator.confirmed"), name, 2, "book")
	third := s.leads(s.event(name, other, 3, command.Rejected, "operator.rejected"), name, 3, "correct")
	second := s.event(name, other, 2, command.Failed, command.CodeBankNoAnswer)
	return []kafka.Record{doubt, word, doubt, third, second}
}

// odd has what is written by other releases, or by nobody's.
func (s *stream) odd() []kafka.Record {
	old := s.event(command.DBSInvoiceResultsQuery, uuid.NewString(), 1, command.Succeeded, "any.code")
	old.Headers = slices.DeleteFunc(slices.Clone(old.Headers), func(h kafka.Header) bool { return h.Key == command.HeaderRevision })
	s.leads(old, command.DBSInvoiceResultsQuery, 1, "book")

	unknown := s.event(command.LoanIncomeSubmit, uuid.NewString(), 1, command.Succeeded, "any.code")
	unknown.Value = append([]byte{0xC3, 0x01, 1, 2, 3, 4, 5, 6, 7, 8}, unknown.Value[10:]...)
	s.leads(unknown, command.LoanIncomeSubmit, 1, "book", func(st *state) { st.Reference, st.Unread = "", true })

	nobodys := kafka.Record{Topic: s.w.names.Result(command.DBSLimitQuery), Key: []byte("k"), Value: []byte(secret)}
	return []kafka.Record{old, nobodys, unknown}
}

// evolution has events whose schema has a field more, in both encodings.
func (s *stream) evolution() []kafka.Record {
	branch := append([]byte{2, byte(2 * len(secret))}, secret...) // of the union the second, zigzag
	single := s.event(evolved, uuid.NewString(), 1, command.Succeeded, "any.code")
	datum := slices.Concat(single.Value[10:], branch)
	header := binary.LittleEndian.AppendUint64([]byte{0xC3, 0x01}, fingerprint(s.w, later(s.w.t, schemas.Result(string(evolved)))))
	single.Value = slices.Concat(header, datum)
	s.leads(single, evolved, 1, "book")

	confluent := s.event(evolved, uuid.NewString(), 1, command.Succeeded, "any.code")
	confluent.Value = slices.Concat([]byte{0, 0, 0, 0, idOfEvolved}, confluent.Value[10:], branch)
	s.leads(confluent, evolved, 1, "book")
	return []kafka.Record{single, confluent}
}

// logical are the attributes that are no part of a schema's fingerprint, as json.Marshal
// writes them: before the type.
var logical = regexp.MustCompile(`"(?:logicalType|precision|scale)":(?:"[^"]*"|\d+),`)

// fingerprint is CRC-64-AVRO of the parsing canonical form.
func fingerprint(w *world, schema string) uint64 {
	w.t.Helper()
	bare, err := goavro.NewCodec(logical.ReplaceAllString(schema, ""))
	must(w.t, err)
	return bare.Rabin
}

func header(r kafka.Record, key string) (value string, ok bool) {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value), true
		}
	}
	return "", false
}
