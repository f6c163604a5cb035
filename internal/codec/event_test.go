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
	}
	if f.asked != 3 || !bytes.HasPrefix(events[2], []byte("frame")) || bytes.Equal(events[0], events[1]) {
		t.Errorf("asked %d times, wrote %x", f.asked, events)
	}
}

type countingFramer struct {
	fail  bool
	asked int
}

func (f *countingFramer) Header(string, uint64) ([]byte, error) {
	f.asked++
	if f.fail {
		return nil, context.DeadlineExceeded
	}
	return append(make([]byte, 0, 99), "frame"...), nil
}
