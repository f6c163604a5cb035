package console

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// saying is a message that says one thing.
func saying(key, what string) message {
	return message{cells: cells{Texts: map[string]string{key: what}}}
}

func TestAMessageIsSharedByAll(t *testing.T) {
	t.Parallel()
	h := newHub(3, nil)
	h.publish(message{}, saying("a", "whole"))
	one, two := h.join(), h.join()
	h.publish(saying("a", "changed"), saying("a", "changed"))
	for _, f := range []*follower{one, two} {
		if first := string(<-f.messages); !strings.HasPrefix(first, "event: whole\ndata: ") || !strings.Contains(first, `"whole"`) {
			t.Errorf("want the whole first, got %q", first)
		}
	}
	a, b := <-one.messages, <-two.messages
	if &a[0] != &b[0] || !strings.HasPrefix(string(a), `data: {"at":0,"t":{"a":"changed"}`) {
		t.Errorf("want one encoding for both, got %q and %q", a, b)
	}
}

func TestASlowPageIsLetGoAndTheOthersAreNot(t *testing.T) {
	t.Parallel()
	h := newHub(3, nil)
	slow, quick := h.join(), h.join()
	<-quick.messages
	for range 3 * behindMessages {
		h.publish(saying("a", "b"), message{})
		<-quick.messages
	}
	n := 0
	for range slow.messages { // ends: it has been let go
		n++
	}
	if n != behindMessages {
		t.Errorf("want %d messages kept for the slow page, got %d", behindMessages, n)
	}
	h.leave(slow) // as its handler does
	if again := h.join(); again == nil || string(<-again.messages)[:12] != "event: whole" {
		t.Error("want the slow page to come back to a whole frame")
	}
}

func TestPagesAreCountedAndBounded(t *testing.T) {
	t.Parallel()
	var told []int
	h := newHub(2, func(n int) { told = append(told, n) })
	a, b := h.join(), h.join()
	if h.join() != nil {
		t.Error("want no room for a third")
	}
	h.leave(a)
	h.leave(a)
	if h.join() == nil {
		t.Error("want room again")
	}
	h.close()
	if h.join() != nil {
		t.Error("want nobody in after the end")
	}
	<-b.messages
	if last := string(<-b.messages); last != "event: end\ndata: {}\n\n" {
		t.Errorf("want a farewell, got %q", last)
	}
	if got, want := told, []int{1, 2, 1, 2, 1, 0}; len(got) != len(want) {
		t.Errorf("want %v, got %v", want, got)
	}
	h.publish(saying("a", "b"), message{}) // to nobody
}

// seen is a console whose readings are counted, behind a server.
type seen struct {
	*Console
	server *httptest.Server
	reads  atomic.Int32
}

func serve(t *testing.T, read func(n int) Reading, configure func(*http.Server)) *seen {
	t.Helper()
	s := &seen{}
	c, err := New(Config{}.WithDefaults(), Deps{Version: "v1.2.3", Instance: "host-1", Read: func() Reading { return read(int(s.reads.Add(1))) }})
	if err != nil {
		t.Fatal(err)
	}
	s.Console, s.server = c, httptest.NewUnstartedServer(c.Handler())
	if configure != nil {
		configure(s.server.Config)
	}
	s.server.Start()
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		s.server.Close()
	})
	return s
}

func (s *seen) get(t *testing.T, path string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

// events reads a stream's events until it ends.
func events(answer *http.Response) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		event := ""
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			switch line := lines.Text(); {
			case strings.HasPrefix(line, "event: "):
				event = line[7:]
			case strings.HasPrefix(line, "data: "):
				out <- event + " " + line[6:]
				event = ""
			}
		}
	}()
	return out
}

// The admin port's deadlines are for answers that end: a stream outlives them. It ends
// when the console stops, before the port does, so that nothing holds that up.
func TestAStreamOutlivesTheServersTimeoutsAndEndsWithTheConsole(t *testing.T) {
	t.Parallel()
	const timeout = 50 * time.Millisecond
	s := serve(t, func(int) Reading { return idle(2) }, func(server *http.Server) {
		server.ReadTimeout, server.WriteTimeout = timeout, timeout
	})
	answer := s.get(t, "/live")
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream; charset=utf-8" || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("unexpected %s %s", kind, answer.Header.Get("Cache-Control"))
	}
	all := events(answer)
	<-all // the whole
	again := time.NewTicker(timeout)
	defer again.Stop()
	for range 6 {
		<-again.C
		s.live.sample()
		var m struct {
			Point [][]float64 `json:"p"`
		}
		if e := <-all; json.Unmarshal([]byte(strings.TrimSpace(e)), &m) != nil || len(m.Point) != 8 {
			t.Fatalf("want a message with the plots' 8 points, got %q", e)
		}
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last := <-all; last != "end {}" {
		t.Errorf("want a farewell, got %q", last)
	}
	if _, more := <-all; more {
		t.Error("want the stream to end")
	}
	if err := s.server.Config.Shutdown(t.Context()); err != nil {
		t.Errorf("the port cannot be closed: %v", err)
	}
}

func TestAStreamIsRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, func(int) Reading { return idle(1) }, nil)
	if status := s.get(t, "/live", "Sec-Fetch-Site", "cross-site").StatusCode; status != http.StatusForbidden {
		t.Errorf("a page of another site: want 403, got %d", status)
	}
	for range maxPages {
		s.live.hub.join()
	}
	if answer := s.get(t, "/live"); answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("one page too many: want 503 with Retry-After, got %d", answer.StatusCode)
	}
}

func TestAPageThatLeavesMakesRoom(t *testing.T) {
	t.Parallel()
	told := make(chan int, 4)
	s := serve(t, func(int) Reading { return idle(1) }, nil)
	s.live.hub.tell = func(n int) { told <- n }
	answer := s.get(t, "/live")
	<-told
	_ = answer.Body.Close()
	if n := <-told; n != 0 {
		t.Errorf("want nobody to follow, got %d", n)
	}
}

func TestStartAndStopInAnyOrder(t *testing.T) {
	t.Parallel()
	s := serve(t, func(int) Reading { return idle(1) }, nil)
	for range 2 {
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	s.Start(t.Context())
	if n := s.reads.Load(); n != 0 {
		t.Errorf("a console that has been stopped has read %d times", n)
	}
	s = serve(t, func(int) Reading { return idle(1) }, nil)
	s.Start(t.Context())
	s.Start(t.Context())
}
