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
	// Shut says whether Wait would block.
	Shut() bool
}

// Router sends each command to its method; it is what processing calls. A
// method that is a Gate itself, because it needs more than its group, is waited
// at instead of its group.
type Router struct {
	methods  map[command.Name]Method
	gates    map[command.Name]Gate
	observer Observer
}

// NewRouter returns a router over the methods. Of the observers, the first that
// is not nil is told of the calls.
func NewRouter(methods map[command.Name]Method, observers ...Observer) *Router {
	r := &Router{
		methods:  make(map[command.Name]Method, len(methods)),
		gates:    make(map[command.Name]Gate, len(methods)),
		observer: NopObserver{},
	}
	for name, m := range methods {
		r.methods[name] = m
		if gate, ok := m.(Gate); ok {
			r.gates[name] = gate
		} else {
			r.gates[name] = m.Group()
		}
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
	m, ok := r.methods[c.Name()]
	if !ok {
		return command.Verdict{
			Status: command.Failed, Code: command.CodeBankMisconfigured,
			Category: command.CategoryConfiguration, Delivery: command.NotSent,
			DeadLetter: true, Detail: "no bank method is configured for the command",
		}
	}
	start := time.Now()
	v := m.Call(ctx, c, call)
	v.BankCode, v.BankReference = Reference(v.BankCode), Reference(v.BankReference)
	r.observer.Called(c.Name(), v.Code, time.Since(start))
	return v
}

// Wait returns nil once a call of name may be tried, or ctx's cause.
func (r *Router) Wait(ctx context.Context, name command.Name) error {
	gate, ok := r.gates[name]
	if !ok {
		return context.Cause(ctx)
	}
	return gate.Wait(ctx)
}

// Shut says whether Wait would block.
func (r *Router) Shut(name command.Name) bool {
	gate, ok := r.gates[name]
	return ok && gate.Shut()
}
