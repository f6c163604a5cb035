package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/codec"
)

func TestASourceWaitsForItsRegistry(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	id := n.register(t, "s", `"string"`)
	n.answer(status(503, ""))
	s := newSource(t, Config{URLs: []string{n.url}})
	if err := s.Ready(); err != nil {
		t.Errorf("before anything is asked: %v", err)
	}
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			if text, err := s.WriterSchema(t.Context(), id); text != `"string"` || err != nil {
				t.Errorf("got %s, %v", text, err)
			}
		})
	}
	until(t, "second question", func() bool { return s.away.Load() >= 2 })
	if err := s.Ready(); err == nil || !strings.Contains(err.Error(), "answers 503 (registry.urls)") {
		t.Errorf("while it is away: %v", err)
	}
	if status := s.Status(); status.Waiting != 1 || status.Away == nil {
		t.Errorf("while it is away: %+v", status)
	}
	n.answer(nil)
	wait.Wait()
	if err := s.Ready(); err != nil {
		t.Errorf("once it answers: %v", err)
	}
	if got := s.answered.Load(); got != 1 {
		t.Errorf("fifty commands brought %d answers", got)
	}
	if log := s.log.String(); strings.Count(log, "is away") != 1 || strings.Count(log, "answers again") != 1 {
		t.Errorf("the log says\n%s", log)
	}
}

// One that asks for others may be stopped: another of them asks on.
func TestAWaitEndsWithItsOwnContextAlone(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	id := n.register(t, "s", `"string"`)
	n.answer(status(503, ""))
	s := newSource(t, Config{URLs: []string{n.url}})
	first, stop := context.WithCancelCause(t.Context())
	stopped := make(chan error)
	go func() {
		_, err := s.WriterSchema(first, id)
		stopped <- err
	}()
	until(t, "question", func() bool { return s.away.Load() > 0 })
	got := make(chan error)
	go func() {
		_, err := s.WriterSchema(t.Context(), id)
		got <- err
	}()
	third, stopThird := context.WithCancel(t.Context())
	stopThird()
	if _, err := s.WriterSchema(third, id); !errors.Is(err, context.Canceled) {
		t.Errorf("a follower that was stopped: %v", err)
	}
	cause := errors.New("handed over")
	stop(cause)
	if err := <-stopped; !errors.Is(err, cause) || errors.Is(err, codec.ErrUnknownSchema) {
		t.Errorf("got %v, want the cause", err)
	}
	n.answer(nil)
	if err := <-got; err != nil {
		t.Errorf("the one that went on: %v", err)
	}
}

func TestAnUnknownIDHasAGrace(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	s := newSource(t, Config{URLs: []string{n.url}, UnknownIDGrace: 400 * time.Millisecond})
	const late, never = 70, 71
	go func() {
		until(t, "question", func() bool { return n.asked.Load() > 0 })
		n.register(t, "filler", `"int"`)
		n.SeedSchema("s", 1, late, codecSchema(`"string"`))
	}()
	if text, err := s.WriterSchema(t.Context(), late); err != nil || text != `"string"` {
		t.Errorf("an id that is known a little later: %s, %v", text, err)
	}
	start := time.Now()
	if _, err := s.WriterSchema(t.Context(), never); !errors.Is(err, codec.ErrUnknownSchema) || time.Since(start) < 400*time.Millisecond {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
	asked := n.asked.Load()
	if _, err := s.WriterSchema(t.Context(), never); !errors.Is(err, codec.ErrUnknownSchema) || n.asked.Load() != asked+1 {
		t.Errorf("again: got %v after %d questions", err, n.asked.Load()-asked)
	}
	n.SeedSchema("s", 2, never, codecSchema(`"bytes"`))
	if text, err := s.WriterSchema(t.Context(), never); err != nil || text != `"bytes"` {
		t.Errorf("once it is known after all: %s, %v", text, err)
	}
	if strings.Contains(s.log.String(), "away") {
		t.Errorf("an unknown id is not the registry's absence: %s", &s.log)
	}
}

func TestAPartThatIsMissingHasAGrace(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	n.answer(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/schemas/ids/7":
			status(http.StatusOK, `{"schema":"\"any.part\"","references":[{"name":"any.part","subject":"part","version":1}]}`)(w, r)
		case n.asked.Load() < 6:
			status(http.StatusNotFound, `{"error_code":40401,"message":"Subject not found"}`)(w, r)
		default:
			status(http.StatusOK, `{"version":1,"schema":"{\"type\":\"record\",\"name\":\"any.part\",\"fields\":[]}"}`)(w, r)
		}
	})
	text, err := newSource(t, Config{URLs: []string{n.url}}).WriterSchema(t.Context(), 7)
	if err != nil || !strings.Contains(text, `"fields"`) {
		t.Errorf("got %s, %v", text, err)
	}
}

// A registry that is away in the middle of an id's grace takes nothing of it away
// from the command.
func TestAbsenceIsNoPartOfTheGrace(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	s := newSource(t, Config{URLs: []string{n.url}, UnknownIDGrace: time.Millisecond})
	n.answer(status(http.StatusBadGateway, ""))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := s.WriterSchema(ctx, 7); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, codec.ErrUnknownSchema) {
		t.Errorf("got %v", err)
	}
}

func TestDoubtsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSource(t, Config{URLs: []string{startNode(t).url}})
	for id := range int32(2 * maxDoubted) {
		s.doubt(id)
	}
	if len(s.doubted) > maxDoubted {
		t.Errorf("%d ids are remembered", len(s.doubted))
	}
}

func TestAwaitPassesAnswersOn(t *testing.T) {
	t.Parallel()
	s := newSource(t, Config{URLs: []string{startNode(t).url}})
	want := fmt.Errorf("looking up: %w", &UnregisteredError{[]string{"s"}})
	if err := s.Await(t.Context(), func(context.Context) error { return want }); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}
