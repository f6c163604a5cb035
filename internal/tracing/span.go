package tracing

import (
	"context"
	"encoding/hex"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"bankprocessor/internal/command"
	"bankprocessor/internal/processing"
)

// tracer implements processing.Tracer.
type tracer struct {
	otel    trace.Tracer
	group   string
	names   Names
	servers map[command.Bank]server
}

// Begin opens the span of a command, below that of its publisher.
func (t *tracer) Begin(m *command.Message) processing.Span {
	s := t.begin(parentOf(m), "process "+m.Topic, trace.SpanKindConsumer)
	if s.IsRecording() {
		s.SetAttributes(
			keySystem.String("kafka"), keyOperation.String("process"), keyOperationType.String("process"),
			keyDestination.String(m.Topic), keyPartition.String(strconv.Itoa(int(m.Partition))),
			keyOffset.Int64(m.Offset), keyGroup.String(t.group), keyCommand.String(string(m.Name)),
		)
	}
	return s
}

func (t *tracer) begin(parent context.Context, name string, kind trace.SpanKind) *span {
	_, s := t.otel.Start(parent, name, trace.WithSpanKind(kind))
	return &span{Span: s, tracer: t}
}

// span implements processing.Span.
type span struct {
	trace.Span
	tracer *tracer
	call   bool // it is a bank call's
}

// Begin opens a stretch.
func (s *span) Begin(st processing.Stretch) processing.Span {
	switch st.Kind {
	case processing.Attempting:
		return s.below("attempt "+string(st.Command), trace.SpanKindInternal, st)
	case processing.Reconciling:
		return s.below("reconcile "+string(st.Command), trace.SpanKindInternal, st)
	case processing.Calling:
		c := s.below("POST "+string(st.Command), trace.SpanKindClient, st)
		c.call = true
		if at, ok := s.tracer.servers[st.Command.Bank()]; ok && c.IsRecording() {
			c.SetAttributes(keyMethod.String("POST"), keyServer.String(at.host), keyPort.Int(at.port))
		}
		return c
	case processing.SendingLetter:
		return s.send(s.tracer.names.DeadLetter(), st)
	default:
		return s.send(s.tracer.names.Result(st.Command), st)
	}
}

func (s *span) below(name string, kind trace.SpanKind, st processing.Stretch) *span {
	c := s.tracer.begin(trace.ContextWithSpan(nothing, s.Span), name, kind)
	if !c.IsRecording() {
		return c
	}
	c.SetAttributes(keyCommand.String(string(st.Command)))
	if st.Number > 0 {
		c.SetAttributes(keyNumber.Int(st.Number))
	}
	c.setText(keyRequestID, st.RequestID)
	c.setText(keyInvoice, string(st.Operation))
	c.setText(keyReason, string(st.Reason))
	return c
}

func (s *span) send(topic string, st processing.Stretch) *span {
	c := s.below("send "+topic, trace.SpanKindProducer, st)
	if c.IsRecording() {
		c.SetAttributes(keySystem.String("kafka"), keyOperation.String("send"), keyOperationType.String("send"),
			keyDestination.String(topic))
	}
	return c
}

// shortWait is what nobody looks for: nearly every command passes every gate at once.
const shortWait = time.Millisecond

// Waited adds an event.
func (s *span) Waited(why processing.Wait, took time.Duration) {
	if took >= shortWait && s.IsRecording() {
		s.AddEvent("wait", trace.WithAttributes(keyWaitFor.String(string(why)), keyWaitMillis.Int64(took.Milliseconds())))
	}
}

var deliveries = map[command.Delivery]string{
	command.NotSent: "not_sent", command.Unanswered: "unanswered", command.Answered: "answered",
}

// End closes the span.
func (s *span) End(e processing.Ending) {
	if !s.IsRecording() {
		return
	}
	s.setText(keyEnding, e.How)
	s.setText(keyCommandID, e.CommandID)
	s.setText(keyStatus, string(e.Status))
	s.setText(keyCode, knownCode(e.Code))
	if e.Revision > command.FirstRevision {
		s.SetAttributes(keyRevision.Int(int(e.Revision)))
	}
	if e.How == processing.EndedOutcome {
		s.SetAttributes(keyAttempts.Int(e.Attempts), keyReconciled.Bool(e.Reconciled))
	}
	if e.Made {
		s.SetAttributes(keyDelivery.String(deliveries[e.Delivery]))
	}
	if e.HTTPStatus > 0 && s.call {
		s.SetAttributes(keyHTTPStatus.Int(e.HTTPStatus))
	}
	if fault := s.faultOf(e); fault != "" {
		s.SetAttributes(keyErrorType.String(fault))
		s.SetStatus(codes.Error, "")
	}
	s.Span.End()
}

// faultOf is what a span with an error ended in, "" for one without.
func (s *span) faultOf(e processing.Ending) string {
	failed := e.Status == command.Failed || e.Status == command.InDoubt || e.Made && e.Delivery != command.Answered ||
		s.call && e.HTTPStatus >= 400
	switch {
	case e.Failed:
		return "not_stored"
	case failed && e.Code != "":
		return knownCode(e.Code)
	case failed:
		return "_OTHER"
	}
	return ""
}

// knownCode keeps a code that is not of the table out.
func knownCode(c command.Code) string {
	if c == "" || command.Known(c) {
		return string(c)
	}
	return "other"
}

func (s *span) setText(key attribute.Key, value string) {
	if value != "" {
		s.SetAttributes(key.String(value))
	}
}

// Traceparent is the span's W3C header.
func (s *span) Traceparent() string {
	at := s.SpanContext()
	header := make([]byte, 0, 55)
	traceID, spanID := at.TraceID(), at.SpanID()
	header = append(header, "00-"...)
	header = hex.AppendEncode(header, traceID[:])
	header = append(header, '-')
	header = hex.AppendEncode(header, spanID[:])
	if at.IsSampled() {
		return string(append(header, "-01"...))
	}
	return string(append(header, "-00"...))
}
