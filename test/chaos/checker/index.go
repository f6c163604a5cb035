package checker

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bankprocessor/internal/banksim"
)

type invoiceKey struct{ company, dealer, number string }

// index is a history sorted by commands.
type index struct {
	dossiers []*dossier // by topic, partition and offset
	byID     map[string]*dossier
	byTrace  map[string]*dossier
	invoices map[invoiceKey][]effect
	flows    map[int64][]effect
	calls    []*call  // in order of arrival
	nobodys  []string // what belongs to no command
	history  *History
}

func newIndex(h *History) *index {
	x := &index{
		byID: map[string]*dossier{}, byTrace: map[string]*dossier{},
		invoices: map[invoiceKey][]effect{}, flows: map[int64][]effect{}, history: h,
	}
	for _, c := range h.Commands {
		d := &dossier{Command: c}
		x.dossiers = append(x.dossiers, d)
		x.byID[c.ID], x.byTrace[c.Trace] = d, d
	}
	slices.SortFunc(x.dossiers, func(a, b *dossier) int {
		return cmp.Or(strings.Compare(a.Place.Topic, b.Place.Topic),
			cmp.Compare(a.Place.Partition, b.Place.Partition), cmp.Compare(a.Place.Offset, b.Place.Offset))
	})
	x.fileKafka(h)
	x.fileLedger(h.Ledger)
	return x
}

func (x *index) fileKafka(h *History) {
	of := func(id string, place Place) *dossier {
		d := x.byID[id]
		if d == nil {
			x.nobodys = append(x.nobodys, fmt.Sprintf("%s is of a command that nobody published: %q", place, id))
			return &dossier{}
		}
		return d
	}
	for _, a := range h.Attempts {
		d := of(a.CommandID, a.Place)
		d.attempts = append(d.attempts, a)
	}
	for _, o := range h.Outcomes {
		d := of(o.CommandID, o.Place)
		d.outcomes = append(d.outcomes, o)
	}
	for _, l := range h.Letters {
		d := of(l.CommandID, l.Place)
		d.letters = append(d.letters, l)
	}
	for _, d := range x.dossiers {
		slices.SortFunc(d.attempts, func(a, b Attempt) int { return cmp.Compare(a.Place.Offset, b.Place.Offset) })
		slices.SortFunc(d.outcomes, func(a, b Outcome) int { return cmp.Compare(a.Place.Offset, b.Place.Offset) })
	}
}

// fileLedger reads the ledger's lines in their order.
func (x *index) fileLedger(lines []banksim.LedgerLine) {
	bySeq := map[uint64]*call{}
	for i := range lines {
		line := &lines[i]
		switch line.Event {
		case banksim.EventArrived:
			c := &call{Call: *line.Call, arrived: line.At}
			bySeq[c.Seq] = c
			x.fileCall(c)
		case banksim.EventFinished:
			if c := bySeq[line.Call.Seq]; c != nil {
				c.Call, c.finished = *line.Call, line.At
			}
		case banksim.EventInvoice, banksim.EventFlow, banksim.EventLoan:
			x.fileEffect(effect{i, line})
		case banksim.EventReset:
			x.nobodys = append(x.nobodys, "the bank was reset: its ledger tells half of it")
		}
	}
}

func (x *index) fileCall(c *call) {
	if c.Method == banksim.MethodToken {
		return
	}
	x.calls = append(x.calls, c)
	switch d := x.byTrace[TraceID(c.Traceparent)]; {
	case d == nil:
		x.nobodys = append(x.nobodys, fmt.Sprintf("call %d of %s is nobody's: trace %q", c.Seq, c.Method, c.Traceparent))
	case c.Method == methods[d.Name()]:
		d.calls = append(d.calls, c)
	default:
		d.queries = append(d.queries, c)
	}
}

// fileEffect keeps what has changed something: refusals are not effects.
func (x *index) fileEffect(e effect) {
	switch {
	case e.Invoice != nil && e.Invoice.Change == banksim.ChangeRefused, e.Flow != nil && e.Flow.Change == banksim.ChangeRefused:
		return
	case e.Invoice != nil:
		i := e.Invoice.Invoice
		key := invoiceKey{i.Company, i.Dealer, i.Number}
		x.invoices[key] = append(x.invoices[key], e)
	case e.Flow != nil:
		x.flows[e.Flow.ProcessID] = append(x.flows[e.Flow.ProcessID], e)
	}
	if e.By == nil {
		return
	}
	if d := x.byTrace[TraceID(e.By.Traceparent)]; d != nil {
		d.effects = append(d.effects, e)
	}
}

// TraceID is the trace id of a W3C traceparent, "" where there is none.
func TraceID(traceparent string) string {
	parts := strings.Split(traceparent, "-")
	if len(parts) != 4 {
		return ""
	}
	return parts[1]
}
