package checker

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bankprocessor/internal/command"
)

// Trail is all that is known of a command, in order of time, for a person. It names
// places, codes and amounts, and no person.
func (r *Report) Trail(id string) string {
	d := r.x.byID[id]
	if d == nil {
		return "nothing is known of " + id + "\n"
	}
	type step struct {
		at   time.Time
		text string
	}
	steps := []step{{d.At, fmt.Sprintf("command %s, key %s: %s", d.Place, d.Key, asked(d.Payload))}}
	add := func(at time.Time, format string, a ...any) {
		steps = append(steps, step{at, fmt.Sprintf(format, a...)})
	}
	for _, p := range d.Again {
		add(d.At, "published again as %s", p)
	}
	for _, a := range d.attempts {
		what := "attempt"
		if a.Withdrawn {
			what = "attempt withdrawn"
		}
		add(a.At, "%s %d %s, request %s at %s, of offset %d", what, a.Number, a.Operation, a.ChannelRequestID, a.Place, a.Offset)
	}
	calls := slices.Concat(d.calls, d.queries)
	for _, c := range calls {
		add(c.arrived, "call %d %s %s, request %s, arrives; faults %v", c.Seq, c.Method, c.Operation, c.ChannelRequestID, c.Faults)
	}
	for _, e := range d.effects {
		switch {
		case e.Invoice != nil:
			add(e.At, "ledger line %d: invoice %s, amount %s", e.line+1, e.Invoice.Change, e.Invoice.Invoice.Amount)
		case e.Flow != nil:
			add(e.At, "ledger line %d: flow %s", e.line+1, e.Flow.Change)
		default:
			add(e.At, "ledger line %d: income submitted, %d in all", e.line+1, e.Loan.Submissions)
		}
	}
	for _, c := range calls {
		if c.Done {
			add(c.finished, "call %d ends: HTTP %d, code %s, applied %t, answer lost %t", c.Seq, c.HTTPStatus, c.Code, c.Applied, c.AnswerLost)
		}
	}
	for _, l := range d.letters {
		add(l.At, "dead letter %s: %s %s", l.Place, l.Reason, l.Code)
	}
	for _, o := range d.outcomes {
		add(o.At, "outcome %s: %s %s, bank code %s, attempts %d, request %s, reconciled %t",
			o.Place, o.Status, o.Code, o.BankCode, o.Attempts, o.ChannelRequestID, o.Reconciled)
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n", id)
	for _, s := range steps {
		fmt.Fprintf(&text, "  %s  %s\n", s.at.UTC().Format("15:04:05.000"), s.text)
	}
	return text.String()
}

// asked is what a command wants, without whom it is about.
func asked(p command.Payload) string {
	i, ok := p.(*command.Invoice)
	if !ok {
		return string(p.Name())
	}
	return fmt.Sprintf("%s %s %s, amount %s, due %s", i.Operation, i.Maturity, i.InvoiceNumber, i.Amount, i.DueDate)
}
