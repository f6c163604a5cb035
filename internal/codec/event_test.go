package codec

import (
	"bytes"
	"context"
	"testing"
	"time"

	"bankprocessor/internal/command"
)

func TestAFramerIsAskedUntilItAnswers(t *testing.T) {
	t.Parallel()
	f := &countingFramer{fail: true}
	c := setup(t, Options{Framer: f})
	a := &command.Attempt{CommandID: someID, StartedAt: time.UnixMilli(1)}
	for range 2 {
		if _, err := c.EncodeAttempt(a); err == nil {
			t.Fatal("an event without its frame")
		}
	}
	f.fail = false
	var events [][]byte
	for range 3 {
		b, err := c.EncodeAttempt(a)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, b)
		a.Number++
		copy(f.given, "taken") // it is the framer's own
	}
	if f.asked != 3 || !bytes.HasPrefix(events[2], []byte("frame")) || bytes.Equal(events[0], events[1]) {
		t.Errorf("asked %d times, wrote %x", f.asked, events)
	}
	header, err := c.attempts.frame()
	if err != nil {
		t.Fatal(err)
	}
	if one, other := append(header, 1), append(header, 2); one[len(header)] != 1 || other[len(header)] != 2 {
		t.Error("two events are written over each other")
	}
}

type countingFramer struct {
	fail  bool
	asked int
	given []byte
}

func (f *countingFramer) Header(string, uint64) ([]byte, error) {
	f.asked++
	if f.fail {
		return nil, context.DeadlineExceeded
	}
	f.given = append(make([]byte, 0, 99), "frame"...)
	return f.given, nil
}
