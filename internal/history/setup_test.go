package history

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/topics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	invoices  = kafka.TopicPartition{Topic: "dbs.invoice.upsert", Partition: 2}
	outcomes  = kafka.TopicPartition{Topic: "dbs.invoice.upsert.result", Partition: 2}
	loans     = kafka.TopicPartition{Topic: "loan.income.submit", Partition: 2}
	attempts  = kafka.TopicPartition{Topic: "bank.attempts", Partition: 2}
	tails     = []kafka.TopicPartition{attempts, outcomes}
	names     = topics.Config{}
	errFake   = errors.New("the broker is away")
	errBehind = errors.New("out of range")
)

// commandID is the n-th of the made-up ids.
func commandID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n+1) }

// fakeLog is a broker's log that hands out few records at a time.
type fakeLog struct {
	mu    sync.Mutex
	parts map[kafka.TopicPartition]*fakePart
	asked []kafka.FetchPartition
	puts  int64 // counts the records: the clock of all partitions
	fail  func(tp kafka.TopicPartition, offset int64) error
}

// fakePart holds the records in [first, next). Those from stable on are behind an
// open transaction.
type fakePart struct {
	first, next, stable int64
	// unshown are the last offsets, which too few replicas have.
	unshown int64
	records []kafka.Record
}

const pageSize = 3

func newFakeLog() *fakeLog { return &fakeLog{parts: map[kafka.TopicPartition]*fakePart{}} }

func (l *fakeLog) part(tp kafka.TopicPartition) *fakePart {
	p := l.parts[tp]
	if p == nil {
		p = &fakePart{stable: -1}
		l.parts[tp] = p
	}
	return p
}

func (p *fakePart) end() int64 {
	if p.stable >= 0 {
		return min(p.stable, p.shown())
	}
	return p.shown()
}

func (p *fakePart) shown() int64 { return p.next - p.unshown }

// put appends a record, the first after skip offsets that hold none.
func (l *fakeLog) put(tp kafka.TopicPartition, skip int64, value []byte, headers ...kafka.Header) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.part(tp)
	r := kafka.Record{Topic: tp.Topic, Partition: tp.Partition, Offset: p.next + skip, Value: value, Headers: headers}
	l.puts++
	r.Time = time.UnixMilli(l.puts)
	p.records = append(p.records, r)
	p.next = r.Offset + 1
	return r.Offset
}

func (l *fakeLog) set(change func(*fakeLog)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

func (l *fakeLog) LogRange(_ context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]kafka.Range, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ranges := map[kafka.TopicPartition]kafka.Range{}
	for _, tp := range parts {
		p := l.part(tp)
		ranges[tp] = kafka.Range{First: p.first, Next: p.end()}
	}
	return ranges, nil
}

func (l *fakeLog) LogEnds(_ context.Context, parts []kafka.TopicPartition) (map[kafka.TopicPartition]int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ends := map[kafka.TopicPartition]int64{}
	for _, tp := range parts {
		ends[tp] = l.part(tp).next
	}
	return ends, nil
}

func (l *fakeLog) Fetch(_ context.Context, parts []kafka.FetchPartition, _ time.Duration, _ int32) ([]kafka.Fetched, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, parts...)
	asked := parts[0]
	p := l.part(asked.TopicPartition)
	if l.fail != nil {
		if err := l.fail(asked.TopicPartition, asked.Offset); err != nil {
			return nil, err
		}
	}
	f := kafka.Fetched{TopicPartition: asked.TopicPartition, Next: asked.Offset, LogStart: p.first}
	if asked.Offset < p.first || asked.Offset > p.next {
		f.Err = errBehind
		return []kafka.Fetched{f}, nil
	}
	f.HighWatermark, f.LastStableOffset = p.shown(), p.end()
	at, _ := slices.BinarySearchFunc(p.records, asked.Offset, func(r kafka.Record, offset int64) int { return cmp.Compare(r.Offset, offset) })
	for _, r := range p.records[at:] {
		if r.Offset >= p.end() || len(f.Records) == pageSize {
			break
		}
		f.Records = append(f.Records, r)
		f.Next = r.Offset + 1
	}
	if len(f.Records) < pageSize {
		f.Next = max(f.Next, p.end())
	}
	return []kafka.Fetched{f}, nil
}

// desk is a Publisher that stores in a fakeLog.
type desk struct {
	log   *fakeLog
	codec *codec.Codec
	// before and after are called around what is stored; stored says whether it is,
	// and what is answered.
	before, after func()
	fate          func() (stored bool, err error)
	// alive says whether the process still is.
	alive func() bool
}

func (d *desk) Attempt(_ context.Context, _ *command.Message, a *command.Attempt) (int64, error) {
	return d.store(func() int64 { return putAttempt(d.log, d.codec, *a) })
}

func (d *desk) Outcome(_ context.Context, m *command.Message, o *command.Outcome) (int64, error) {
	return d.store(func() int64 { return putOutcome(d.log, o.CommandID, m.Offset) })
}

func (d *desk) DeadLetter(context.Context, *command.DeadLetter) error { return nil }

func (d *desk) store(put func() int64) (int64, error) {
	stored, err := true, error(nil)
	if d.fate != nil {
		stored, err = d.fate()
	}
	if d.before != nil {
		d.before()
	}
	offset := int64(-1)
	if stored && (d.alive == nil || d.alive()) {
		offset = put()
	}
	if d.after != nil {
		d.after()
	}
	if err != nil {
		return -1, err
	}
	return offset, nil
}

func putAttempt(l *fakeLog, c *codec.Codec, a command.Attempt) int64 {
	value, err := c.EncodeAttempt(&a)
	if err != nil {
		panic(err)
	}
	return l.put(attempts, 0, value)
}

func putOutcome(l *fakeLog, id string, offset int64) int64 {
	return l.put(outcomes, 0, nil, outcomeHeaders(id, offset)...)
}

func outcomeHeaders(id string, offset int64) []kafka.Header {
	return []kafka.Header{
		{Key: "ce_id", Value: []byte("x")},
		{Key: command.HeaderSubject, Value: []byte(id)},
		{Key: command.HeaderCommandOffset, Value: []byte(strconv.FormatInt(offset, 10))},
	}
}

// rig is a history over a fakeLog.
type rig struct {
	*History
	log   *fakeLog
	codec *codec.Codec
	lines *bytes.Buffer
}

func newCodec(t testing.TB) *codec.Codec {
	t.Helper()
	c, err := codec.New(codec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func setup(t testing.TB, cfg Config) rig {
	t.Helper()
	r := rig{log: newFakeLog(), codec: newCodec(t), lines: &bytes.Buffer{}}
	r.History = New(cfg, Deps{
		Log: r.log, Decoder: r.codec, Names: names, Logger: slog.New(slog.NewTextHandler(r.lines, nil)),
	})
	return r
}

// successor is a history that knows what stands in the log alone.
func (r rig) successor(cfg Config) rig {
	r.History = New(cfg, Deps{Log: r.log, Decoder: r.codec, Names: names})
	return r
}

func (r rig) recorder() *Recorder { return r.Recorder(&desk{log: r.log, codec: r.codec}) }

func (r rig) load(t testing.TB, base, attempts, results int64) {
	t.Helper()
	if err := r.Load(t.Context(), invoices, base, attempts, results); err != nil {
		t.Fatal(err)
	}
}

// invoice is the record at offset, with the n-th id.
func invoice(offset int64, n int) *command.Message {
	return &command.Message{
		Topic: invoices.Topic, Name: command.DBSInvoiceUpsert, Partition: invoices.Partition, Offset: offset,
		Value: []byte(commandID(n)),
	}
}

// attempt is the number-th at the command in m.
func attempt(m *command.Message, number int) *command.Attempt {
	return &command.Attempt{
		CommandID: string(m.Value), Command: m.Name, Number: number, Partition: m.Partition, Offset: m.Offset,
		ChannelRequestID: fmt.Sprintf("request-%d-%d", m.Offset, number),
		Operation:        command.InsertInvoice, StartedAt: time.UnixMilli(1_700_000_000_000).UTC(),
	}
}

func (r rig) attempts(t testing.TB, m *command.Message, number int) {
	t.Helper()
	if err := r.recorder().Attempt(t.Context(), m, attempt(m, number)); err != nil {
		t.Fatal(err)
	}
}

func (r rig) withdraws(t testing.TB, m *command.Message, number int) {
	t.Helper()
	a := attempt(m, number)
	a.Withdrawn = true
	if err := r.recorder().Attempt(t.Context(), m, a); err != nil {
		t.Fatal(err)
	}
}

func (r rig) concludes(t testing.TB, m *command.Message) {
	t.Helper()
	o := &command.Outcome{CommandID: string(m.Value), Command: m.Name, Revision: 1}
	if err := r.recorder().Outcome(t.Context(), m, o); err != nil {
		t.Fatal(err)
	}
}

// past is what is known of the command in m.
func (r rig) past(t testing.TB, m *command.Message) command.Past {
	t.Helper()
	id := string(m.Value)
	past, err := r.Open(t.Context(), m, id)
	if err != nil {
		t.Fatal(err)
	}
	r.Close(m, id)
	return past
}

// is says what a past amounts to.
func is(p command.Past) string {
	switch {
	case p.Differs:
		return "differs"
	case p.Elsewhere:
		return "elsewhere"
	case p.Concluded:
		return "concluded"
	case p.InDoubt():
		return "in doubt"
	}
	return "fresh"
}

func (r rig) want(t testing.TB, m *command.Message, want string) {
	t.Helper()
	if got := is(r.past(t, m)); got != want {
		t.Errorf("the record at %d is %s, want %s", m.Offset, got, want)
	}
}

func (r rig) wantLookback(t testing.TB, base, attempts, results int64) {
	t.Helper()
	if a, o := r.Lookback(invoices, base); a != attempts || o != results {
		t.Errorf("look-back of %d is %d, %d, want %d, %d", base, a, o, attempts, results)
	}
}
