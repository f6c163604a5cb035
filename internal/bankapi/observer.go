package bankapi

import (
	"time"

	"bankprocessor/internal/command"
)

// Observer is told what happens, for metrics. Its methods must not block and
// must not call the group that they hear of. Labels are constants of the code:
// nothing in them comes from a command.
type Observer interface {
	// Called: a call of name's method ended, limits and token included. traceparent is
	// the W3C header that it has carried, "" for none.
	Called(name command.Name, code command.Code, took time.Duration, traceparent string)
	// Waited: a command was held up at group's gate for that long, and was let through
	// or has given up.
	Waited(group string, took time.Duration)
	// BreakerChanged: group's breaker went from one state to another: "closed",
	// "half-open" or "open".
	BreakerChanged(group, from, to string)
	// GateChanged: group's gate was shut for a reason, which why spells out with
	// the code, or opened ("").
	GateChanged(group string, reason HoldReason, why string)
}

// NopObserver observes nothing.
type NopObserver struct{}

// Called does nothing.
func (NopObserver) Called(command.Name, command.Code, time.Duration, string) {}

// Waited does nothing.
func (NopObserver) Waited(string, time.Duration) {}

// BreakerChanged does nothing.
func (NopObserver) BreakerChanged(string, string, string) {}

// GateChanged does nothing.
func (NopObserver) GateChanged(string, HoldReason, string) {}

func orNop(o Observer) Observer {
	if o == nil {
		return NopObserver{}
	}
	return o
}
