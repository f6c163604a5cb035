package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// maxPages is how many pages may follow at a time.
	maxPages = 32
	// behindMessages is how many messages a page may be behind before it is let go: it
	// comes back and begins with a whole frame.
	behindMessages = 5
	// writeWithin bounds the write of one message to a connection.
	writeWithin = 10 * time.Second
	// comeBack is when a page that has lost its stream tries again.
	comeBack = 2 * time.Second
)

// hub hands each message to every page that follows, encoded once.
type hub struct {
	limit int
	tell  func(n int) // may be nil

	mu     sync.Mutex
	pages  map[*follower]struct{}
	whole  message // what a page begins with
	closed bool
}

// follower is a page that follows. Its messages end when it is let go.
type follower struct{ messages chan []byte }

func newHub(limit int, tell func(int)) *hub {
	return &hub{limit: limit, tell: tell, pages: map[*follower]struct{}{}}
}

// publish sends what has changed, and keeps what whoever comes next begins with.
func (h *hub) publish(changed, whole message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.whole = whole
	if len(h.pages) == 0 || h.closed {
		return
	}
	text := encode("", changed)
	for f := range h.pages {
		select {
		case f.messages <- text:
		default:
			h.drop(f)
		}
	}
}

// join lets a page follow, beginning with the whole; nil when there is no room.
func (h *hub) join() *follower {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.pages) >= h.limit {
		return nil
	}
	f := &follower{messages: make(chan []byte, behindMessages)}
	f.messages <- encode("whole", h.whole)
	h.pages[f] = struct{}{}
	h.count()
	return f
}

// leave ends a page's following. It may come after drop.
func (h *hub) leave(f *follower) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(f)
}

func (h *hub) drop(f *follower) {
	if _, there := h.pages[f]; there {
		delete(h.pages, f)
		close(f.messages)
		h.count()
	}
}

func (h *hub) count() {
	if h.tell != nil {
		h.tell(len(h.pages))
	}
}

// close lets every page go, with a farewell, and nobody in.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for f := range h.pages {
		select {
		case f.messages <- []byte("event: end\ndata: {}\n\n"):
		default:
		}
		h.drop(f)
	}
}

// encode writes a message as an event; "" is a plain one.
func encode(event string, m message) []byte {
	data, err := json.Marshal(m)
	if err != nil { // strings and numbers
		panic(fmt.Sprintf("console: encoding a message: %v", err))
	}
	var head string
	if event != "" {
		head = "event: " + event + "\n"
	}
	return fmt.Appendf(nil, "%sdata: %s\n\n", head, data)
}

// liveRoutes serve the stream and what the plots begin with.
func (c *Console) liveRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /live", c.serveLive)
	mux.HandleFunc("GET /live/history", c.serveHistory)
}

// serveLive streams until the page goes away, does not keep up, or the console stops.
func (c *Console) serveLive(w http.ResponseWriter, r *http.Request) {
	// A page of somebody else's cannot read it, but could take the room of those that can.
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		http.Error(w, "only pages of this port may follow", http.StatusForbidden)
		return
	}
	control := http.NewResponseController(w)
	// The server's own deadlines are for answers that end.
	if err := control.SetReadDeadline(time.Time{}); err != nil {
		http.Error(w, "the connection cannot stream", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no") // proxies would keep it
	if r.Method == http.MethodHead {
		return
	}
	f := c.live.hub.join()
	if f == nil {
		w.Header().Del("Content-Type")
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many pages follow, or the processor stops", http.StatusServiceUnavailable)
		return
	}
	defer c.live.hub.leave(f)
	next := fmt.Appendf(nil, "retry: %d\n\n", comeBack.Milliseconds())
	for {
		if control.SetWriteDeadline(time.Now().Add(writeWithin)) != nil {
			return
		}
		if _, err := w.Write(next); err != nil || control.Flush() != nil {
			return
		}
		var open bool
		select {
		case next, open = <-f.messages:
			if !open {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

func (c *Console) serveHistory(w http.ResponseWriter, _ *http.Request) {
	_, now := c.live.look()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(c.live.past(c.layout(now))) // the reader may be gone
}
