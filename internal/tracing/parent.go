package tracing

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"bankprocessor/internal/command"
)

// nothing is what OpenTelemetry wants a parent put into: contexts carry nothing else
// here, and end nothing.
var nothing = context.Background()

// parentOf returns a context that holds the span which the record's headers name, and
// nothing where they name none.
func parentOf(m *command.Message) context.Context {
	return propagation.TraceContext{}.Extract(nothing, carrier{m})
}

// carrier shows a record's headers to OpenTelemetry.
type carrier struct{ m *command.Message }

// Get returns a header. A trace state is whatever upstream has written: one that looks
// like personal data is none.
func (c carrier) Get(name string) string {
	value := string(c.m.Header(name))
	if name == "tracestate" {
		if state, err := trace.ParseTraceState(value); err != nil || len(value) > maxTracestate || holdsPersonalData(state) {
			return ""
		}
	}
	return value
}

// maxTracestate is what every participant must be able to carry on, in bytes.
const maxTracestate = 512

func holdsPersonalData(state trace.TraceState) (holds bool) {
	state.Walk(func(key, value string) bool {
		holds = command.ReferenceHoldsPersonalData(key) || command.ReferenceHoldsPersonalData(value)
		return !holds
	})
	return holds
}

// Set is never called: records are read.
func (carrier) Set(string, string) {}

// Keys names what is read.
func (carrier) Keys() []string { return []string{"traceparent", "tracestate"} }
