package producers

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"bankprocessor/internal/command"
)

// The specification's words as regular expressions.
var (
	traceparentForm = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
	traceparentVoid = regexp.MustCompile(`^(ff-|..-0{32}|..-.{32}-0{16})`)
	memberForm      = regexp.MustCompile(`^[a-z0-9][a-z0-9_\-*/@]*=[\x20-\x2b\x2d-\x3c\x3e-\x7e]*[\x21-\x2b\x2d-\x3c\x3e-\x7e]$`)
)

// A command that is traced has its event go on from a span of ours; the state belongs to
// the publisher's trace, and goes nowhere without it.
func TestATracedOutcomeGoesOnFromOurSpan(t *testing.T) {
	t.Parallel()
	const ours = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
	p, _ := publisher(&shelf{}, sizer{}, nil, io.Discard)
	for name, tt := range map[string]struct{ parent, state, want string }{
		"of a publisher's trace":       {traceparent, "a=b", "traceparent=" + ours + " tracestate=a=b"},
		"without a state":              {traceparent, "", "traceparent=" + ours},
		"with a person in its state":   {traceparent, "a=ayse@example.com", "traceparent=" + ours},
		"with a number in its state":   {traceparent, "a=10000000146", "traceparent=" + ours},
		"of a tenant's system":         {traceparent, "acme@rojo=00f067aa0ba902b7", "traceparent=" + ours + " tracestate=acme@rojo=00f067aa0ba902b7"},
		"of a trace of its own":        {"", "a=b", "traceparent=" + ours},
		"of a header that is no trace": {"ayse@example.com", "a=b", "traceparent=" + ours},
	} {
		m, o := message(), outcome()
		m.Traceparent = ours
		m.Headers = []command.Header{{Key: "traceparent", Value: []byte(tt.parent)}, {Key: "tracestate", Value: []byte(tt.state)}}
		var got []string
		for _, h := range p.headers(p.kinds[o.Command], m, o) {
			if strings.HasPrefix(h.Key, "trace") {
				got = append(got, h.Key+"="+string(h.Value))
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %v, want %s", name, got, tt.want)
		}
	}
}

func FuzzTracestateMember(f *testing.F) {
	for _, seed := range []string{
		"", "=", "a=", "=b", "a=b", "a= b", "a=b ", "a=b=c", "a=b,c", "A=b", "-a=b", "other@tenant=x/y", "a*b_c-d/e=!\"#~", "a=\x7f", "a=\n", "a=b\n", "ä=b", "a=ä",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, member []byte) {
		if got, want := validMember(member), memberForm.Match(member); got != want {
			t.Errorf("%q: %t", member, got)
		}
	})
}

func FuzzTraceparent(f *testing.F) {
	f.Add([]byte(traceparent))
	f.Add([]byte("ff" + traceparent[2:]))
	f.Add([]byte(traceparent + "\n"))
	for i := range len(traceparent) {
		for _, c := range "-0fgF" {
			changed := []byte(traceparent)
			changed[i] = byte(c)
			f.Add(changed)
		}
	}
	f.Add([]byte("00-00000000000000000000000000000000-b7ad6b7169203331-01"))
	f.Add([]byte("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		want := traceparentForm.Match(b) && !traceparentVoid.Match(b)
		if got := validTraceparent(b); got != want {
			t.Errorf("%q: %t", b, got)
		}
	})
}
