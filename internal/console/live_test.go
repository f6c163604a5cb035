package console

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// started is a console that samples, on a bubble's clock and without a server.
func started(t *testing.T, read func(second int) Reading) *Console {
	t.Helper()
	begin, reads := time.Now(), 0
	c, err := New(Config{}.WithDefaults(), Deps{Read: func() Reading {
		reads++
		return read(int(time.Since(begin) / time.Second))
	}})
	if err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	t.Cleanup(func() { _ = c.Stop(t.Context()) })
	return c
}

func decode(t *testing.T, event []byte) message {
	t.Helper()
	_, data, _ := strings.Cut(string(event), "data: ")
	var m message
	if err := json.Unmarshal([]byte(data), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// Whoever begins with a whole frame and takes in what changes has the cells of the
// newest frame: the stream and the page never differ.
func TestWhatChangesAddsUpToTheWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := started(t, func(second int) Reading {
			r := idle(3)
			r.Commands[0].In, r.Commands[0].InFlight = uint64(second*second), second%3
			r.Groups[0].Running = second * 7
			r.Commands[1].Partition[1].Lag = int64(second % 2)
			if second > 5 {
				r.Outcomes = []OutcomeCount{{"customer.create", "SUCCEEDED", "customer.created", uint64(second)}}
			}
			return r
		})
		synctest.Wait()
		f := c.live.hub.join()
		shown := decode(t, <-f.messages).cells
		for range 12 {
			changed := decode(t, <-f.messages)
			if n := len(changed.Texts); n > 20 {
				t.Errorf("want only what changes, got %d texts", n)
			}
			if shown.Levels == nil {
				shown.Levels = map[string]float64{}
			}
			maps.Copy(shown.Texts, changed.Texts)
			maps.Copy(shown.States, changed.States)
			maps.Copy(shown.Levels, changed.Levels)
			maps.Copy(shown.Strips, changed.Strips)
		}
		whole, _ := c.live.look()
		if !maps.Equal(shown.Texts, whole.Texts) || !maps.Equal(shown.States, whole.States) ||
			!maps.Equal(shown.Levels, whole.Levels) || !maps.Equal(shown.Strips, whole.Strips) {
			t.Errorf("want\n%v\ngot\n%v", whole, shown)
		}
		if whole.Texts["o.0.n"] == "" || whole.Strips["c.1"] == "" {
			t.Error("the whole lacks what was read")
		}
		c.live.hub.leave(f)
	})
}

// On the worst day a message fits into one write, and what changes is small.
func TestMessagesAreBounded(t *testing.T) {
	crowd := calls(t, .1, .2, .3)
	synctest.Test(t, func(t *testing.T) {
		for _, partitions := range []int{48, 1000} {
			c := started(t, func(second int) Reading { return storm(partitions, second, crowd) })
			synctest.Wait()
			f := c.live.hub.join()
			for i := range 5 {
				if n := len(<-f.messages); n > 16<<10 {
					t.Errorf("%d partitions: message %d has %d bytes", partitions, i, n)
				}
			}
			c.live.hub.leave(f)
		}
	})
}

func TestHistoryIsTheSpan(t *testing.T) {
	crowd := calls(t, .1, .2, .3)
	synctest.Test(t, func(t *testing.T) {
		c := started(t, func(second int) Reading {
			r := storm(4, second, crowd)
			return r
		})
		time.Sleep(2 * span)
		synctest.Wait()
		h := c.live.past("page")
		if n := len(h.Points); n != int(span/sampleEvery)+1 {
			t.Errorf("want a point for each second of %s, got %d", span, n)
		}
		if !slices.IsSortedFunc(h.Points, func(a, b historic) int { return int(a.At - b.At) }) {
			t.Error("the points are not in order")
		}
		text, err := json.Marshal(h)
		if err != nil || len(text) > 100<<10 {
			t.Errorf("the history has %d bytes (%v)", len(text), err)
		}
	})
}

func TestHistoryIsServed(t *testing.T) {
	t.Parallel()
	s := serve(t, func(int) Reading { return idle(1) }, nil)
	var h history
	answer := s.get(t, "/live/history")
	text, err := io.ReadAll(answer.Body)
	if err != nil || json.Unmarshal(text, &h) != nil || len(h.Points) != 1 || h.Page == "" {
		t.Errorf("want one point, got %s (%v)", text, err)
	}
	if answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("unexpected %v", answer.Header)
	}
}
