package http1

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"bankprocessor/test/allocs"
)

func TestAnswersFollowEachOther(t *testing.T) {
	t.Parallel()
	const first = "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\n{}"
	const second = "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 429 Slow\r\nRetry-After: 7\r\nRetry-After: 8\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: u\r\n\r\n"
	r := NewReader(iotest.OneByteReader(strings.NewReader(first + second)))
	if a, err := r.Answer(10); err != nil || a.Status != 200 || a.ContentType != "a/b" || string(a.Body) != "{}" || a.Last || !r.Begun() {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := r.Answer(10); err != nil || a.Status != 429 || a.ContentType != "" || a.RetryAfter != "7" || string(a.Body) != "x" || a.Last {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := r.Answer(10); err != io.ErrUnexpectedEOF || r.Begun() || a.Status != 0 || !a.Last {
		t.Errorf("%+v, %v", a, err)
	}
}

// What comes behind an answer, and what says that nothing does, ends the connection.
func TestTheLastAnswer(t *testing.T) {
	t.Parallel()
	for text, last := range map[string]bool{
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx":                                                    false,
		"HTTP/1.1 204 OK\r\n\r\n":                                                                          false,
		"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx":                          false,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":                                   false,
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy":                                                   true,
		"HTTP/1.1 204 OK\r\n\r\nx":                                                                         true,
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: foo, close\r\n\r\nx":                          true,
		"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx":                                                    true,
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789":                                            true, // too long
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n":              true,
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1": true,
	} {
		a, err := NewReader(io.MultiReader(strings.NewReader(text), iotest.ErrReader(errors.New("asked for more")))).Answer(8)
		if err != nil || a.Last != last {
			t.Errorf("%q: %+v, %v", text, a, err)
		}
	}
}

func TestLongHeaders(t *testing.T) {
	t.Parallel()
	answer := func(n int) string {
		return "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", n) + "\r\nContent-Length: 1\r\n\r\nx"
	}
	r := NewReader(strings.NewReader(answer(MaxHead / 2)))
	if a, err := r.Answer(8); err != nil || string(a.Body) != "x" || len(r.buf) != bufferSize {
		t.Errorf("%+v, %v, %d bytes kept", a, err, len(r.buf))
	}
	if a, err := NewReader(strings.NewReader(answer(MaxHead))).Answer(8); err != errTooLong || a.Status != 0 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestAReaderThatBringsNothing(t *testing.T) {
	t.Parallel()
	if _, err := NewReader(idler{}).Answer(8); err != io.ErrNoProgress {
		t.Error(err)
	}
}

type idler struct{}

func (idler) Read([]byte) (int, error) { return 0, nil }

// again is one answer, over and over.
type again struct{ text string }

func (a again) Read(p []byte) (int, error) { return copy(p, a.text), nil }

const usual = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\nContent-Length: 13\r\n\r\n{\"Data\":null}"

func TestAnAnswerAllocatesItsBodyAlone(t *testing.T) { // alone itself: it counts
	r := NewReader(again{usual})
	allocs.AtMost(t, 1, func() {
		if a, err := r.Answer(1 << 20); err != nil || a.Last {
			t.Errorf("%+v, %v", a, err)
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	r := NewReader(again{usual})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Answer(1 << 20); err != nil {
			b.Fatal(err)
		}
	}
}
