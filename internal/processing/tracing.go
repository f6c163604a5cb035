package processing

import (
	"time"

	"bankprocessor/internal/command"
)

// Tracer follows commands, for whoever looks at one of them.
type Tracer interface {
	// Begin opens the span of the command in m. It goes on from the trace headers of the
	// record, where there are any.
	Begin(m *command.Message) Span
}

// Span is a stretch of a command's way; one goroutine uses it at a time. What it is
// told holds no value of a command's and no word of a bank's.
type Span interface {
	// Begin opens a stretch within this one.
	Begin(s Stretch) Span
	// Waited: up to now the command has been held up for that long.
	Waited(why Wait, took time.Duration)
	// End closes it. What it is told later, another End included, does nothing.
	End(e Ending)
	// Traceparent is the W3C header of version 00 by which others go on from here.
	Traceparent() string
}

// StretchKind is what is done on a stretch.
type StretchKind uint8

// The stretches.
const (
	Attempting     StretchKind = iota // a call is announced and made
	Calling                           // the call, waiting for limits and token included
	Reconciling                       // the bank is asked what it has of an invoice
	SendingOutcome                    // the outcome's event is made durable
	SendingLetter                     // the dead letter is
)

// Stretch is what a span is opened with. What does not apply is zero.
type Stretch struct {
	Kind      StretchKind
	Command   command.Name // whose method is called
	Number    int          // of the attempt
	RequestID string
	Operation command.InvoiceOperation
	Reason    command.DeadLetterReason
}

// Wait is what a command is held up by.
type Wait string

// The waits.
const (
	WaitGate    Wait = "gate"    // of the bank's group
	WaitLease   Wait = "lease"   //
	WaitAttempt Wait = "attempt" // to be durable
	WaitBackoff Wait = "backoff" // before a repeat
	WaitBudget  Wait = "budget"  // of repeats, which all share
	WaitSettle  Wait = "settle"  // for what may still land at the bank
)

// The ways in which a command's span ends.
const (
	EndedOutcome   = "outcome"     // durable
	EndedLetter    = "dead-letter" // durable, and no outcome goes with it
	EndedAnswered  = "answered"    // its id had its outcome
	EndedReleased  = "released"    // given back
	EndedNotStored = "not_stored"  // what came of it
)

// Ending is what a span is closed with. What does not apply is zero.
type Ending struct {
	How        string // of a command
	CommandID  string
	Revision   int32
	Attempts   int
	Reconciled bool
	// Status and Code are the outcome's; of an attempt, a call or a look-up, its answer's.
	Status command.Status
	Code   command.Code
	// Made says that an attempt was made, so that Delivery tells something.
	Made       bool
	Delivery   command.Delivery
	HTTPStatus int
	// Failed: what was to be stored is not.
	Failed bool
}

// way is a stretch of a command's way; the zero value is traced by nobody, and costs
// nothing.
type way struct{ span Span }

// follow begins the way of the command in m.
func (p *Processor) follow(m *command.Message) way {
	if p.tracer == nil {
		return way{}
	}
	return way{p.tracer.Begin(m)}
}

func (w way) begin(s Stretch) way {
	if w.span == nil {
		return way{}
	}
	return way{w.span.Begin(s)}
}

func (w way) end(e Ending) {
	if w.span != nil {
		w.span.End(e)
	}
}

// judged closes the stretch of an attempt or a call.
func (w way) judged(v *command.Verdict) {
	if w.span != nil {
		w.span.End(Ending{Status: v.Status, Code: v.Code, Made: true, Delivery: v.Delivery, HTTPStatus: v.HTTPStatus})
	}
}

// now is when a wait begins; nobody asks for the time where nobody is told.
func (w way) now() (began time.Time) {
	if w.span != nil {
		began = time.Now()
	}
	return began
}

func (w way) waited(why Wait, began time.Time) {
	if w.span != nil {
		w.span.Waited(why, time.Since(began))
	}
}

// traceparent is "" where nobody traces.
func (w way) traceparent() string {
	if w.span == nil {
		return ""
	}
	return w.span.Traceparent()
}
