package producers

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/test/allocs"
)

// sink is a Writer that keeps nothing.
type sink struct{}

func (sink) Produce(context.Context, kafka.Record) (int64, error) { return 0, nil }
func (sink) Partitions(context.Context, string) (int32, error)    { return 1, nil }
func (sink) EncodeOutcome(*command.Outcome) ([]byte, error)       { return nil, nil }
func (sink) EncodeAttempt(*command.Attempt) ([]byte, error)       { return nil, nil }
func (sink) EncodeAudit(*command.AuditRecord) ([]byte, error)     { return nil, nil }

// However long its texts are, a header keeps its own.
func TestTextsKeepTheirOwnWhateverFits(t *testing.T) {
	t.Parallel()
	p, _ := publisher(&shelf{}, sizer{}, nil, io.Discard)
	o := outcome()
	o.Code = command.Code(strings.Repeat("c", 500))
	o.CommandID = strings.Repeat("i", 200)
	m := message()
	headers := p.headers(p.kinds[o.Command], m, o)
	for _, h := range headers {
		for range 3 {
			_ = append(h.Value, "no header's room is another's"...)
		}
	}
	got := map[string]string{}
	for _, h := range headers {
		got[h.Key] = string(h.Value)
	}
	if got["ce_code"] != string(o.Code) || got["ce_subject"] != o.CommandID || got["ce_commandoffset"] != "41" ||
		got["ce_status"] != string(o.Status) || got["ce_time"] != o.CompletedAt.UTC().Format(time.RFC3339Nano) ||
		got["ce_source"] != "/bank-processor" || got["ce_specversion"] != "1.0" || got["content-type"] != ContentType {
		t.Errorf("got %v", got)
	}
	if string(specVersion) != "1.0" || string(contentType) != ContentType {
		t.Error("what all share has changed")
	}
}

func BenchmarkOutcome(b *testing.B) {
	p, _ := publisher(sink{}, sink{}, nil, io.Discard)
	m, o := message(), outcome()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Outcome(b.Context(), m, o); err != nil {
			b.Fatal(err)
		}
	}
}

// Beside its value an outcome takes one piece for all headers and the event's id, and
// its way through the Batcher, shared with others, next to nothing.
func TestAnOutcomeTakesFewAllocations(t *testing.T) {
	p, _ := publisher(sink{}, sink{}, nil, io.Discard)
	m, o := message(), outcome()
	allocs.AtMost(t, 3, func() { _, _ = p.Outcome(t.Context(), m, o) })
	batcher := startBatcher(t, &still{})
	r := kafka.Record{Topic: "a", Key: []byte("k"), Value: make([]byte, 300)}
	allocs.AtMost(t, 5, func() { _, _ = batcher.Produce(t.Context(), r) }) // alone in its request
}
