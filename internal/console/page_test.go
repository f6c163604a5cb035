package console

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func body(t *testing.T, answer *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// loaded are the addresses of the files that a page loads.
func loaded(page string) []string {
	var all []string
	for _, found := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !slices.Contains(all, found[1]) {
			all = append(all, found[1])
		}
	}
	return all
}

// What is promised is 150 kB; what is held is what there is, with room for a little.
func TestThePageIsSmall(t *testing.T) {
	t.Parallel()
	crowd := calls(t, .1)
	for partitions, most := range map[int]int{12: 64 << 10, 48: 68 << 10, 1000: 74 << 10} {
		s := serve(t, func(int) Reading { return storm(partitions, 1, crowd) }, nil)
		page := body(t, s.get(t, "/"))
		sum := len(page)
		files := loaded(page)
		if len(files) < 4 {
			t.Errorf("want style, scripts and icon, got %v", files)
		}
		for _, file := range files {
			sum += len(body(t, s.get(t, file)))
		}
		if sum > most {
			t.Errorf("%d partitions: page and files have %d bytes, want at most %d", partitions, sum, most)
		}
		t.Logf("%d partitions: %d bytes, %d of them HTML", partitions, sum, len(page))
	}
}

// The page has an element for every cell, and says what the stream says.
func TestEveryCellIsOnThePage(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Reading{"idle": idle(3), "storm": storm(3, 1, calls(t, .1))} {
		s := serve(t, func(int) Reading { return r }, nil)
		page := body(t, s.get(t, "/"))
		cells, _ := s.live.look()
		for _, kind := range []struct {
			attribute string
			keys      []string
		}{
			{"data-t", slices.Collect(maps.Keys(cells.Texts))}, {"data-s", slices.Collect(maps.Keys(cells.States))},
			{"data-n", slices.Collect(maps.Keys(cells.Levels))}, {"data-m", slices.Collect(maps.Keys(cells.Strips))},
		} {
			for _, key := range kind.keys {
				if n := strings.Count(page, kind.attribute+`="`+key+`"`); n != 1 {
					t.Errorf("%s: want one element with %s=%q, got %d", name, kind.attribute, key, n)
				}
			}
		}
		if n := strings.Count(page, "<i data-p="); n != 3*len(r.Commands)+len(gravity) {
			t.Errorf("%s: want a square for each partition and each kind, got %d", name, n)
		}
		if !strings.Contains(page, `>`+cells.Texts["status"]+`<`) || !strings.Contains(page, "host-1") || !strings.Contains(page, "v1.2.3") {
			t.Errorf("%s: the page does not say how the processor stands", name)
		}
	}
}

// Whatever a name, a reason or a code holds, it is text.
func TestNothingStoredIsMarkup(t *testing.T) {
	t.Parallel()
	const hostile = `"><script>alert(1)</script><img src=x onerror='alert(1)'>{{.}}&lt;`
	r := storm(2, 1, calls(t, .1))
	r.Phase = hostile
	for i := range r.Checks {
		r.Checks[i].Reason = hostile
	}
	r.Checks[0].Name = hostile
	for i := range r.Groups {
		r.Groups[i].Why, r.Groups[i].Name = hostile, hostile
	}
	for i := range r.Commands {
		r.Commands[i].Name = hostile
		for p := range r.Commands[i].Partition {
			r.Commands[i].Partition[p].Paused = hostile
		}
	}
	r.Outcomes = []OutcomeCount{{hostile, hostile, hostile, 1}}
	s := serve(t, func(int) Reading { return r }, nil)
	page := body(t, s.get(t, "/"))
	if strings.Contains(page, "<script>") || strings.Contains(page, "<img src=x") || strings.Contains(page, `"><`+"script") {
		t.Error("a text has become markup")
	}
	if n := strings.Count(page, "&lt;script&gt;"); n < 20 {
		t.Errorf("want the texts on the page, escaped, got %d", n)
	}
	stream := string(<-s.live.hub.join().messages)
	if strings.Contains(stream, "<script>") || strings.Count(stream, "\n") != 3 {
		t.Error("a text breaks out of its message")
	}
}

// Scripts write text and attributes of their own, and never markup; what the policy
// forbids is not there to be forbidden.
func TestPagesHoldNoScriptAndScriptsWriteNoMarkup(t *testing.T) {
	t.Parallel()
	s := serve(t, func(int) Reading { return idle(2) }, nil)
	page := body(t, s.get(t, "/"))
	for _, forbidden := range []string{" style=", " onclick=", " onload=", "javascript:", "<style", "http://", "https://"} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the page holds %s", forbidden)
		}
	}
	if inline := regexp.MustCompile(`<script[^>]*>[^<]`).FindString(page); inline != "" {
		t.Errorf("the page holds a script: %s", inline)
	}
	for _, file := range loaded(page) {
		if !strings.HasSuffix(file, ".js") {
			continue
		}
		script := body(t, s.get(t, file))
		for _, forbidden := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("} {
			if strings.Contains(script, forbidden) {
				t.Errorf("%s uses %s", file, forbidden)
			}
		}
	}
}

func TestHeadersOfPages(t *testing.T) {
	t.Parallel()
	s := serve(t, func(int) Reading { return idle(1) }, nil)
	for _, path := range []string{"/", "/live/history", "/nowhere", "/assets/nothing.css"} {
		h := s.get(t, path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Referrer-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s: want %q, got %q", path, name, want, got)
			}
		}
		if cache := h.Get("Cache-Control"); path != "/assets/nothing.css" && path != "/nowhere" && cache != "no-store" {
			t.Errorf("%s: want no-store, got %q", path, cache)
		}
	}
	for _, hole := range []string{"unsafe-inline", "unsafe-eval", "*", "data:", "http:"} {
		if strings.Contains(policy, hole) {
			t.Errorf("the policy allows %s", hole)
		}
	}
}

func TestFilesAreKeptForGood(t *testing.T) {
	t.Parallel()
	s := serve(t, func(int) Reading { return idle(1) }, nil)
	types := map[string]string{"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
	for _, file := range loaded(body(t, s.get(t, "/"))) {
		answer := s.get(t, file)
		h := answer.Header
		if cache := h.Get("Cache-Control"); answer.StatusCode != http.StatusOK || cache != "public, max-age=31536000, immutable" {
			t.Errorf("%s: unexpected %d %q", file, answer.StatusCode, cache)
		}
		if kind := h.Get("Content-Type"); kind != types[file[strings.LastIndex(file, ".")+1:]] {
			t.Errorf("%s: unexpected type %q", file, kind)
		}
		if !strings.Contains(file, strings.Trim(h.Get("ETag"), `"`)) {
			t.Errorf("%s: the address does not hold the tag %s", file, h.Get("ETag"))
		}
		if again := s.get(t, file, "If-None-Match", h.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: want 304 for the same tag, got %d", file, again.StatusCode)
		}
	}
}

func TestAnUnknownPageIsNotMade(t *testing.T) {
	t.Parallel()
	s := serve(t, func(int) Reading { return idle(1) }, nil)
	w := httptest.NewRecorder()
	s.render(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), "nothing", nil)
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "<html") {
		t.Errorf("want 500 without half a page, got %d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	s.render(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), "overview", 5)
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "<html") {
		t.Errorf("want 500 without half a page, got %d %s", w.Code, w.Body)
	}
}

func TestNothingToRead(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{}.WithDefaults(), Deps{}); err == nil {
		t.Error("want an error")
	}
}

// BenchmarkSample is what a second costs: reading not included.
func BenchmarkSample(b *testing.B) {
	crowd := calls(b, .1, .2, .3, .5)
	c, err := New(Config{}.WithDefaults(), Deps{Read: func() Reading { return storm(48, b.N, crowd) }})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c.live.sample()
	}
}
