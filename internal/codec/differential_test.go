package codec

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

// sides are the two paths for the events of one topic.
type sides struct {
	event *event
	// fast reads on the fast path alone, either as the codec does, with reference
	// behind it.
	fast              func(datum []byte) (v any, ok bool)
	either, reference func(datum []byte) (any, error)
	fields            func(v any) func(walker)
}

func bothSides(c *Codec) map[string]sides {
	all := make(map[string]sides)
	for _, name := range command.Names() {
		e := c.commands[name]
		fields := func(v any) func(walker) { return func(w walker) { commandFields(w, v.(*command.Command)) } }
		all[e.topic] = sides{
			event: e, fields: fields,
			fast: func(datum []byte) (any, bool) {
				v := &command.Command{Payload: newPayload(name)}
				return v, e.avro.readBinary(datum, fields(v)) && checkCommand(v) == nil
			},
			either:    func(datum []byte) (any, error) { return decode(c, name, framed(e, datum)) },
			reference: func(datum []byte) (any, error) { return referenceCommand(name, e.avro, datum) },
		}
		r := c.results[name]
		results := func(v any) func(walker) { return func(w walker) { outcomeFields(w, v.(*command.Outcome)) } }
		all[r.topic] = sides{
			event: r, fields: results,
			fast: func(datum []byte) (any, bool) {
				v := &command.Outcome{Command: name}
				return v, r.avro.readBinary(datum, results(v)) && checkOutcome(name, v) == nil
			},
			either:    func(datum []byte) (any, error) { return c.DecodeOutcome(context.Background(), name, framed(r, datum)) },
			reference: func(datum []byte) (any, error) { return referenceOutcome(name, r.avro, datum) },
		}
	}
	a := c.attempts
	attempts := func(v any) func(walker) { return func(w walker) { attemptFields(w, v.(*command.Attempt)) } }
	all[a.topic] = sides{
		event: a, fields: attempts,
		fast: func(datum []byte) (any, bool) {
			v := &command.Attempt{}
			return v, a.avro.readBinary(datum, attempts(v)) && checkAttempt(v) == nil
		},
		either:    func(datum []byte) (any, error) { return c.DecodeAttempt(framed(a, datum)) },
		reference: func(datum []byte) (any, error) { return referenceAttempt(a.avro, datum) },
	}
	u := c.audit
	audit := func(v any) func(walker) { return func(w walker) { auditFields(w, v.(*command.AuditRecord)) } }
	all[u.topic] = sides{
		event: u, fields: audit,
		fast: func(datum []byte) (any, bool) {
			v := &command.AuditRecord{}
			return v, u.avro.readBinary(datum, audit(v))
		},
		either:    func(datum []byte) (any, error) { return c.DecodeAudit(framed(u, datum)) },
		reference: func(datum []byte) (any, error) { return referenceAudit(u.avro, datum) },
	}
	return all
}

func framed(e *event, datum []byte) []byte {
	header, _ := e.frame()
	return append(header, datum...)
}

// fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// readsAlike checks that the fast path reads what the reference reads, or nothing;
// that it reads all that our writers write; and that refusals are the reference's.
func readsAlike(t fataler, s sides, datum []byte) {
	t.Helper()
	want, wantErr := s.reference(datum)
	got, ok := s.fast(datum)
	switch {
	case ok && wantErr != nil:
		t.Fatalf("%s: the fast path reads what the reference refuses: %v", s.event.topic, wantErr)
	case ok && !reflect.DeepEqual(got, want):
		t.Fatalf("%s: the fast path reads another value", s.event.topic)
	case !ok && wantErr == nil:
		if again, err := s.event.reference(nil, s.fields(want)); err == nil && bytes.Equal(again, datum) {
			t.Fatalf("%s: the fast path does not read what we write", s.event.topic)
		}
	}
	got, err := s.either(datum)
	if !reflect.DeepEqual(err, wantErr) || wantErr == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: the codec says %v, the reference %v", s.event.topic, err, wantErr)
	}
}

// writesAlike checks that the fast path writes what the reference writes, all of it,
// and refuses what the reference refuses, and that neither changes the value.
func writesAlike(t fataler, s sides, v any) {
	t.Helper()
	before := write(s.fields(v))
	want, wantErr := s.event.reference([]byte("header"), s.fields(v))
	got, ok := s.event.avro.writeBinary([]byte("header"), s.fields(v))
	if ok != (wantErr == nil) || ok && !bytes.Equal(got, want) {
		t.Fatalf("%s: the fast path writes %x (%v), the reference %x (%v)", s.event.topic, got, ok, want, wantErr)
	}
	whole, err := s.event.encode(s.fields(v))
	if (err == nil) != ok || err != nil && err.Error() != wantErr.Error() {
		t.Fatalf("%s: the codec says %v, the reference %v", s.event.topic, err, wantErr)
	}
	if ok && !bytes.Equal(whole, framed(s.event, want[len("header"):])) {
		t.Fatalf("%s: the codec writes another event", s.event.topic)
	}
	if !reflect.DeepEqual(before, write(s.fields(v))) {
		t.Fatalf("%s: writing it changes the event", s.event.topic)
	}
}

// samples are events of all topics with their fields in use.
func samples(t testing.TB, c *Codec) map[string][]any {
	all := make(map[string][]any)
	for _, name := range command.Names() {
		small := *filled(name)
		small.Result, small.BankState, small.CorrelationID = nil, nil, ""
		local := *filled(name)
		local.Violations.Add("amount", command.CodeCommandInvalid, "must be above 0")
		local.Violations.Add("dueDate", command.CodeCommandInvalid, "is required")
		all[string(name)] = []any{example(t, c, name)}
		all[schemas.ResultTopic(string(name))] = []any{filled(name), &small, &local}
	}
	all[schemas.AuditTopic] = []any{someAudit(), &command.AuditRecord{At: at}}
	all[schemas.AttemptsTopic] = []any{someAttempt(), &command.Attempt{CommandID: someID, StartedAt: at}}
	return all
}

func TestSamplesTakeTheFastPath(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	both := bothSides(c)
	for topic, values := range samples(t, c) {
		for _, v := range values {
			b, ok := both[topic].event.avro.writeBinary(nil, both[topic].fields(v))
			if !ok {
				t.Errorf("%s: an event is not written", topic)
				continue
			}
			writesAlike(t, both[topic], v)
			readsAlike(t, both[topic], b)
			if back, ok := both[topic].fast(b); !ok || !cmp.Equal(back, v) {
				t.Errorf("%s: an event is not read as it was written", topic)
			}
		}
	}
}

func TestEventsAreReadAlike(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	seeds := samples(t, c)
	for topic, both := range bothSides(c) {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				b, err := both.event.reference(nil, both.fields(rapid.SampledFrom(seeds[topic]).Draw(t, "event")))
				if err != nil {
					t.Fatal(err)
				}
				readsAlike(t, both, damaged(t, b))
			})
		})
	}
}

// damaged changes some bytes: the odder ones on purpose.
func damaged(t *rapid.T, b []byte) []byte {
	b = slices.Clone(b)
	for range rapid.IntRange(0, 3).Draw(t, "times") {
		at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		with := rapid.OneOf(
			rapid.SampledFrom([][]byte{{}, {0}, {1}, {2}, {3}, {0x80, 0}, {0xff}, {0xff, 0xff, 0xff, 0xff, 0x0f}, {0x7f}, {0xc3, 0x28}}),
			rapid.SliceOfN(rapid.Byte(), 0, 12),
		).Draw(t, "with")
		end := min(at+rapid.IntRange(0, 2).Draw(t, "less"), len(b))
		if b = slices.Replace(b, at, end, with...); len(b) == 0 {
			return b
		}
	}
	return b
}

func TestEventsAreWrittenAlike(t *testing.T) {
	t.Parallel()
	for topic, both := range bothSides(setup(t, Options{})) {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { writesAlike(t, both, drawEvent(t, topic)) })
		})
	}
}

func FuzzEventsAreReadAlike(f *testing.F) {
	c := setup(f, Options{})
	both, topics := bothSides(c), schemas.Topics()
	for topic, values := range samples(f, c) {
		for _, v := range values {
			datum, err := both[topic].event.reference(nil, both[topic].fields(v))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(slices.Index(topics, topic)), datum)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, datum []byte) {
		if s, ok := both[topics[int(which)%len(topics)]]; ok {
			readsAlike(t, s, datum)
		}
	})
}

func FuzzEventsAreWrittenAlike(f *testing.F) {
	c := setup(f, Options{})
	both, topics := bothSides(c), schemas.Topics()
	for seed := range uint64(32) { // an event is drawn from some kilobytes
		draws := make([]byte, 16<<10)
		_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(draws)
		f.Add(draws)
	}
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		topic := rapid.SampledFrom(topics).Draw(t, "topic")
		if s, ok := both[topic]; ok {
			writesAlike(t, s, drawEvent(t, topic))
		}
	}))
}

// What lies on either side of a bound, byte for byte: chance seldom meets it.
func TestBoundsAreReadAlike(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	both := bothSides(c)
	attempt, invoice := someAttempt(), example(t, c, command.DBSInvoiceUpsert)
	attempt.Number = 77_777
	invoice.Payload.(*command.Invoice).CustomerNumber = 77_777
	outcome := filled(command.CustomerCreate)
	outcome.Violations.Add("f", "c", "m")
	due := int64(invoice.Payload.(*command.Invoice).DueDate.EpochDays())
	for _, tt := range []struct {
		topic  string
		v      any
		number int64 // that stands in the datum, in its place others
		others []int64
	}{
		{schemas.AttemptsTopic, attempt, attempt.StartedAt.UnixMilli(), []int64{firstMilli - 1, firstMilli, firstMilli + 1, -1, 0, lastMilli, lastMilli + 1, math.MaxInt64, math.MinInt64}},
		{schemas.AttemptsTopic, attempt, 77_777, []int64{math.MaxInt32, math.MaxInt32 + 1, math.MinInt32, math.MinInt32 - 1, 1 << 33, math.MaxInt64, math.MinInt64}},
		{string(command.DBSInvoiceUpsert), invoice, due, []int64{firstDay - 1, firstDay, 0, lastDay, lastDay + 1, math.MaxInt32, math.MinInt32, 1 << 40}},
		{string(command.DBSInvoiceUpsert), invoice, 77_777, []int64{math.MaxInt64, math.MinInt64, 0}},
	} {
		datum, err := both[tt.topic].event.reference(nil, both[tt.topic].fields(tt.v))
		if err != nil {
			t.Fatal(err)
		}
		place := binary.AppendVarint(nil, tt.number)
		if !bytes.Contains(datum, place) {
			t.Fatalf("%s: %d does not stand in the datum", tt.topic, tt.number)
		}
		for _, other := range tt.others {
			readsAlike(t, both[tt.topic], bytes.Replace(datum, place, binary.AppendVarint(nil, other), 1))
		}
	}
	results := both[schemas.ResultTopic(string(command.CustomerCreate))]
	datum, err := results.event.reference(nil, results.fields(outcome))
	if err != nil {
		t.Fatal(err)
	}
	end := []byte("\x02c\x02m\x00")
	for last := range byte(6) {
		changed := bytes.Replace(datum, end, append(end[:4:4], last), 1)
		if bytes.Equal(changed, datum) != (last == 0) {
			t.Fatal("the list's end is not found")
		}
		readsAlike(t, results, changed)
	}
}

// goavro cuts an int that takes more than 32 bits.
func TestAnIntOfMoreBitsIsTheReferences(t *testing.T) {
	t.Parallel()
	avro := planned(t, `{"type":"record","name":"R","fields":[{"name":"n","type":"int"}]}`)
	var n int64
	if avro.readBinary(binary.AppendVarint(nil, 1<<33), func(w walker) { long(w, "n", &n) }) {
		t.Error("is read on the fast path")
	}
}

// What goavro takes and nobody writes is left to it.
func TestOddBytesAreReadByTheReference(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	both := bothSides(c)
	for name, tt := range map[string]struct {
		topic    string
		old, new []byte
	}{
		"a length of eleven bytes": {schemas.AttemptsTopic, []byte{72}, []byte{0xc8, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0}},
		"an option in two bytes":   {schemas.AttemptsTopic, []byte("\x02\x0cINSERT"), []byte("\x82\x00\x0cINSERT")},
		"a list in two blocks":     {"customer.create.result", violation("amount", 4), append(violation("amount", 2), 2)},
		"a list with its size":     {"customer.create.result", violation("amount", 4), append([]byte{3, 99}, violation("amount", 4)[1:]...)},
	} {
		o := filled(command.CustomerCreate)
		o.Violations.Add("amount", "c", "m")
		o.Violations.Add("amount", "c", "m")
		var v any = o
		if tt.topic == schemas.AttemptsTopic {
			v = someAttempt()
		}
		datum, err := both[tt.topic].event.reference(nil, both[tt.topic].fields(v))
		if err != nil {
			t.Fatal(err)
		}
		odd := bytes.Replace(datum, tt.old, tt.new, 1)
		if bytes.Equal(odd, datum) {
			t.Fatalf("%s: nothing is odd", name)
		}
		if _, ok := both[tt.topic].fast(odd); ok {
			t.Errorf("%s: is read on the fast path", name)
		}
		if got, err := both[tt.topic].either(odd); err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// More rows than a block may hold are the reference's, both ways.
func TestAListOfManyBlocks(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	o := filled(command.DBSLimitQuery)
	o.Result = &command.LimitList{Rows: make([]command.LimitRow, maxBlock+1)}
	results := bothSides(c)[schemas.ResultTopic(string(command.DBSLimitQuery))]
	if _, ok := results.event.avro.writeBinary(nil, results.fields(o)); ok {
		t.Error("is written on the fast path")
	}
	b, err := c.EncodeOutcome(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := results.fast(b[singleHeader:]); ok {
		t.Error("is read on the fast path")
	}
	if back, err := c.DecodeOutcome(t.Context(), o.Command, b); err != nil || !cmp.Equal(back, o) {
		t.Errorf("does not come back: %v", err)
	}
}

// violation is the start of a list, its block's count first.
func violation(field string, count byte) []byte {
	return append([]byte{count, byte(len(field)) << 1}, field+"\x02c\x02m"...)
}

// A registry that knows our schema by an id of its own costs no speed, and one that
// differs from ours in what the fingerprint leaves out is not taken for it.
func TestOurSchemasAreKnownInARegistry(t *testing.T) {
	t.Parallel()
	ours := schemas.Command(string(command.DBSInvoiceUpsert))
	r := &registry{schemas: map[int32]string{
		1: string(bytes.ReplaceAll([]byte(ours), []byte("\"doc\""), []byte("\"note\""))),
		2: string(bytes.ReplaceAll([]byte(ours), []byte("\"scale\": 2"), []byte("\"scale\": 3"))),
	}}
	c := setup(t, Options{Registry: r})
	cmd := example(t, c, command.DBSInvoiceUpsert)
	datum := encoded(t, c, cmd)[singleHeader:]
	for id, known := range map[int32]bool{1: true, 2: false} {
		avro, err := c.writer(t.Context(), id)
		if err != nil || (avro.plan != nil) != known || (avro == c.commands[command.DBSInvoiceUpsert].avro) != known {
			t.Errorf("schema %d: %v, known %v", id, err, !known)
		}
		back, err := decode(c, command.DBSInvoiceUpsert, confluent(id, datum))
		if err != nil {
			t.Fatal(err)
		}
		same := back.Payload.(*command.Invoice).Amount.Equal(*cmd.Payload.(*command.Invoice).Amount)
		if same != known {
			t.Errorf("schema %d: the amount is the same: %v", id, same)
		}
	}
}
