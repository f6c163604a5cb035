package bankapi

import (
	"context"
	"time"

	"bankprocessor/internal/command"
)

// Method is one bank method.
type Method interface {
	// Call makes one attempt, the resend after a refreshed token excepted.
	Call(ctx context.Context, c *command.Command, call command.Call) command.Verdict
	Group() *Group
}

// Gate is what a command waits at before its call.
type Gate interface {
	// Wait returns nil once a call may be tried, or ctx's cause.
	Wait(ctx context.Context) error
	// Shut says whether Wait would block for longer than it takes a call to end.
	Shut() bool
}

// Router sends each command to its method; it is what processing calls. A
// method that is a Gate itself, because it needs more than its group, is waited
// at instead of its group.
type Router struct {
	routes   map[command.Name]route
	observer Observer
}

// route is a command's method and what is waited at before it.
type route struct {
	method Method
	gate   Gate
}

// NewRouter returns a router over the methods. Of the observers, the first that
// is not nil is told of the calls.
func NewRouter(methods map[command.Name]Method, observers ...Observer) *Router {
	r := &Router{routes: make(map[command.Name]route, len(methods)), observer: NopObserver{}}
	for name, m := range methods {
		gate, ok := m.(Gate)
		if !ok {
			gate = m.Group()
		}
		r.routes[name] = route{m, gate}
	}
	for _, o := range observers {
		if o != nil {
			r.observer = o
			break
		}
	}
	return r
}

// Call makes one attempt at c. A command without a method is refused unsent.
func (r *Router) Call(ctx context.Context, c *command.Command, call command.Call) command.Verdict {
	name := c.Name()
	to, ok := r.routes[name]
	if !ok {
		return command.Verdict{
			Status: command.Failed, Code: command.CodeBankMisconfigured,
			Category: command.CategoryConfiguration, Delivery: command.NotSent,
			DeadLetter: true, Detail: "no bank method is configured for the command",
		}
	}
	start := time.Now()
	v := to.method.Call(ctx, c, call)
	v.BankCode, v.BankReference = Reference(v.BankCode), Reference(v.BankReference)
	r.observer.Called(name, v.Code, time.Since(start), call.Traceparent)
	return v
}

// Wait returns nil once a call of name may be tried, or ctx's cause.
func (r *Router) Wait(ctx context.Context, name command.Name) error {
	to, ok := r.routes[name]
	if !ok {
		return context.Cause(ctx)
	}
	return to.gate.Wait(ctx)
}

// Shut says whether Wait would block for longer than it takes a call to end.
func (r *Router) Shut(name command.Name) bool {
	to, ok := r.routes[name]
	return ok && to.gate.Shut()
}
