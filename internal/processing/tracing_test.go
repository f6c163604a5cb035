package processing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bankprocessor/internal/command"
)

// drawing is a tracer that draws the spans of one command as a tree.
type drawing struct {
	mu     sync.Mutex
	lines  []string
	open   int
	faults []string
}

type drawnSpan struct {
	d     *drawing
	depth int
	line  int
	ended bool
}

func (d *drawing) Begin(m *command.Message) Span { return d.begin(0, string(m.Name)) }

func (d *drawing) begin(depth int, what string) Span {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, strings.Repeat("  ", depth)+what)
	d.open++
	return &drawnSpan{d: d, depth: depth, line: len(d.lines) - 1}
}

func (s *drawnSpan) Begin(st Stretch) Span {
	if s.ended {
		s.d.faults = append(s.d.faults, "a stretch begins in one that has ended")
	}
	what := [...]string{"attempt", "call", "reconcile", "outcome", "letter"}[st.Kind] + " " + string(st.Command)
	if st.Operation != "" {
		what += " " + string(st.Operation)
	}
	if st.Number > 0 {
		what += fmt.Sprintf(" #%d", st.Number)
	}
	return s.d.begin(s.depth+1, what)
}

func (s *drawnSpan) Waited(why Wait, took time.Duration) {
	if took > 0 {
		s.d.lines[s.line] += fmt.Sprintf(" (%s %s)", why, took)
	}
}

func (s *drawnSpan) End(e Ending) {
	if s.ended {
		return
	}
	s.ended = true
	s.d.open--
	s.d.lines[s.line] += " ="
	for _, word := range []string{e.How, string(e.Status), string(e.Code)} {
		if word != "" {
			s.d.lines[s.line] += " " + word
		}
	}
	if e.Failed {
		s.d.lines[s.line] += " failed"
	}
}

// Traceparent tells the line that the span is drawn on.
func (s *drawnSpan) Traceparent() string { return fmt.Sprintf("line %d", s.line) }

// traced sets a bundle up whose commands are drawn.
func traced(t *testing.T, payload command.Payload, mutate ...func(*Config)) (*bundle, *drawing) {
	t.Helper()
	b := setup(t, payload, append(mutate, func(c *Config) {
		c.Settle, c.BackoffInitial = []time.Duration{2 * time.Second}, time.Nanosecond
	})...)
	d := &drawing{}
	deps := b.deps()
	deps.Tracer = d
	b.p = New(b.p.cfg, deps)
	return b, d
}

func (d *drawing) want(t *testing.T, lines ...string) {
	t.Helper()
	if got, want := strings.Join(d.lines, "\n"), strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if d.open != 0 || len(d.faults) > 0 {
		t.Errorf("%d spans are left open: %v", d.open, d.faults)
	}
}

func TestTheWayOfALostInvoice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inv := invoice(command.UpsertInvoice, command.Term)
		b, d := traced(t, inv)
		b.bank.answers(command.DBSInvoiceUpsert, lost())
		b.bank.answers(command.DBSInvoiceResultsQuery, listed(row(inv)))
		o := b.handle(t.Context())
		b.want(o, command.Succeeded, command.CodeInvoiceAlreadyRecorded, 1, "")
		d.want(t,
			"dbs.invoice.upsert (settle 2s) = outcome SUCCEEDED dbs.invoice.already_recorded",
			"  attempt dbs.invoice.upsert INSERT #1 = IN_DOUBT bank.no_answer",
			"    call dbs.invoice.upsert = IN_DOUBT bank.no_answer",
			"  reconcile dbs.invoice.upsert INSERT = SUCCEEDED dbs.invoice.already_recorded",
			"    call dbs.invoice.results.query = SUCCEEDED",
			"  outcome dbs.invoice.upsert =",
		)
		if got := b.bank.sent; got[0].trace != "line 2" || got[1].trace != "line 4" || b.m.Traceparent != "line 5" {
			t.Errorf("the calls carry %q and %q, the event %q", got[0].trace, got[1].trace, b.m.Traceparent)
		}
		if b.told.doubted != 1 || b.told.settled != 1 || b.told.traceOfAttempt != "line 1" || b.told.traceOfOutcome != "line 5" {
			t.Errorf("the observer was told %+v", b.told)
		}
	})
}

func TestTheWayOfADeadLetter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, d := traced(t, complete())
		b.bank.answers(command.CustomerComplete, lost())
		b.want(b.handle(t.Context()), command.InDoubt, command.CodeBankNoAnswer, 1, command.ReasonInDoubt)
		d.want(t,
			"customer.complete = outcome IN_DOUBT bank.no_answer",
			"  attempt customer.complete #1 = IN_DOUBT bank.no_answer",
			"    call customer.complete = IN_DOUBT bank.no_answer",
			"  letter customer.complete =",
			"  outcome customer.complete =",
		)
	})
}

func TestTheWayOfACommandThatIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, d := traced(t, complete())
		b.bank.shut(command.CustomerComplete)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := b.p.Handle(ctx, b.m); !errors.Is(err, ErrReleased) {
			t.Fatalf("got %v", err)
		}
		d.want(t, "customer.complete (gate 3s) = released")
		if b.told.doubted != 0 || b.told.settled != 0 {
			t.Errorf("nothing was ever in doubt: %+v", b.told)
		}
	})
}

func TestTheWayOfWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, d := traced(t, limitQuery())
		b.bank.answers(command.DBSLimitQuery, ok("dbs.limit.listed"))
		ctx, cancel := context.WithCancelCause(t.Context())
		b.log.refuse(100)
		b.log.onPublish = func(what string, _ bool) {
			if what == "outcome" {
				cancel(errFenced)
			}
		}
		if err := b.p.Handle(ctx, b.m); err == nil || errors.Is(err, ErrReleased) {
			t.Fatalf("got %v", err)
		}
		d.want(t,
			"dbs.limit.query = not_stored failed",
			"  attempt dbs.limit.query #1 = SUCCEEDED dbs.limit.listed",
			"    call dbs.limit.query = SUCCEEDED dbs.limit.listed",
			"  outcome dbs.limit.query = failed",
		)
		first := b.m.Traceparent
		b.log.refuse(0)
		b.log.onPublish = nil
		again := *b.m
		again.Traceparent = ""
		if err := b.p.Handle(t.Context(), &again); err != nil || first == "" || again.Traceparent != first {
			t.Errorf("the event of a second time goes on from %q, the first one from %q: %v", again.Traceparent, first, err)
		}
	})
}

func TestTheWayOfACallThatPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, d := traced(t, complete())
		b.bank.answers(command.CustomerComplete, lost())
		b.bank.onCall = func(command.Name) { panic("a fault of our own") }
		b.want(b.handle(t.Context()), command.InDoubt, command.CodeInternalError, 1, command.ReasonInDoubt)
		d.want(t,
			"customer.complete = outcome IN_DOUBT processor.internal_error",
			"  attempt customer.complete #1 =",
			"    call customer.complete =",
			"  letter customer.complete =",
			"  outcome customer.complete =",
		)
		if b.told.doubted != 1 || b.told.settled != 1 {
			t.Errorf("the observer was told %+v", b.told)
		}
	})
}
