package bankapi

import (
	"maps"
	"net/url"
	"sync"
	"sync/atomic"

	"bankprocessor/internal/bankapi/http1"
)

// place is where a URL leads to.
type place struct {
	origin origin
	head   http1.Head
}

// places knows where URLs lead to. There are a few of them, looked up by every call.
type places struct {
	known atomic.Pointer[map[string]*place]
	mu    sync.Mutex // to add one
}

// maxPlaces bounds what is remembered; there are seven methods.
const maxPlaces = 64

func newPlaces() *places {
	p := &places{}
	p.known.Store(&map[string]*place{})
	return p
}

// of reads a URL. Its error does not hold it.
func (p *places) of(text string) (*place, error) {
	if known := (*p.known.Load())[text]; known != nil {
		return known, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errURL
	}
	head, err := http1.NewHead(u)
	if err != nil {
		return nil, errURL
	}
	found := &place{head: head}
	switch u.Scheme {
	case "http":
		found.origin = origin{address: addressOf(u, "80")}
	case "https":
		found.origin = origin{secure: true, address: addressOf(u, "443")}
	default:
		return nil, errURL
	}
	p.add(text, found)
	return found, nil
}

func (p *places) add(text string, found *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := *p.known.Load(); len(known) < maxPlaces {
		more := maps.Clone(known)
		more[text] = found
		p.known.Store(&more)
	}
}
