package bankapi

import (
	"context"
	"net/http"
	"time"

	"bankprocessor/internal/command"
)

// Exchange is one HTTP round trip, before anybody has judged its body.
type Exchange struct {
	// Delivery is NotSent or Unanswered when there is no whole response, else
	// Answered.
	Delivery command.Delivery
	Status   int
	Header   http.Header
	// Body is the whole body, nil when none arrived or when it was Oversize.
	Body     []byte
	Oversize bool
	// RetryAfter is the parsed Retry-After header, 0 when absent or unreadable.
	RetryAfter time.Duration
	// Err says why there is no response. It never holds a URL's query, a body
	// or a secret.
	Err error
}

// Request is one POST.
type Request struct {
	URL    string
	Header http.Header
	Body   []byte
}

// Client posts to one bank.
type Client struct{}

// Post makes one round trip and never follows a redirect.
func (c *Client) Post(ctx context.Context, r Request) Exchange { panic("seam") }

// Group is one operation group (contract section 1.1): a breaker, a gate, a
// rate limit and a concurrency limit.
type Group struct{}

// Do runs one call inside the group's limits and tells breaker and gate what
// came of it. When the breaker is open or the gate shut, call does not run and
// the verdict is NotSent with RetryPause.
func (g *Group) Do(ctx context.Context, call func(context.Context) command.Verdict) command.Verdict {
	panic("seam")
}

// Wait returns nil once a call may be tried.
func (g *Group) Wait(ctx context.Context) error { panic("seam") }

// Shut says whether Wait would block.
func (g *Group) Shut() bool { panic("seam") }

// Method is one bank method.
type Method interface {
	Call(ctx context.Context, c *command.Command, call command.Call) command.Verdict
	Group() *Group
}

// Router sends each command to its method; it is what processing calls.
type Router struct{}

// NewRouter returns a router over the methods.
func NewRouter(methods map[command.Name]Method) *Router { panic("seam") }

// VerdictOfHTTP judges an exchange whose body holds no envelope of the bank's
// (contract section 5.6). write says whether the method changes something.
func VerdictOfHTTP(e Exchange, write bool) command.Verdict { panic("seam") }
