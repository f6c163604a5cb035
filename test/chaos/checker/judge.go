package checker

import (
	"fmt"
	"slices"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
)

// Kind is what can be wrong.
type Kind string

// The kinds of violation.
const (
	// Missing: a command without an outcome.
	Missing Kind = "without an outcome"
	// Different: a command with outcomes that say different things. Those that differ
	// in their moments alone are counted (Figures.SaidAnew).
	Different Kind = "two different outcomes"
	// Denied: an outcome that the ledger contradicts.
	Denied Kind = "denied by the ledger"
	// Twice: an invoice that is recorded twice, a flow that is completed twice.
	Twice Kind = "recorded twice"
	// TooOften: a command that was sent to the bank although it must not be sent again.
	TooOften Kind = "sent too often"
	// Inverted: a command that the bank has met after a later one of its key.
	Inverted Kind = "order inversions"
	// Unannounced: a call without the attempt that has to stand before it.
	Unannounced Kind = "calls unannounced"
	// Unlettered: an IN_DOUBT without the dead letter that a person needs.
	Unlettered Kind = "in doubt, no letter"
	// Nobodys: a record or a call that belongs to no command, or cannot be read.
	Nobodys Kind = "nobody's"
)

// Kinds lists them all. The slice is the caller's own.
func Kinds() []Kind {
	return []Kind{Missing, Different, Denied, Twice, TooOften, Inverted, Unannounced, Unlettered, Nobodys}
}

// Violation is one thing that is wrong.
type Violation struct {
	Kind      Kind
	CommandID string // "" when it belongs to none
	Text      string
}

// Figures are what is counted and not judged.
type Figures struct {
	Commands int
	// PublishedAgain are records of upstream's that repeat a command id.
	PublishedAgain int
	Outcomes       map[command.Status]int // of commands
	InDoubt        map[command.Name]int
	// Repeated are outcomes that stand again, byte for byte; SaidAnew those that say
	// the same with other moments.
	Repeated, SaidAnew int
	// CallsAgain are calls of a command's own method beyond its first.
	Calls, CallsAgain int
	Letters           int
	LettersAgain      int
	Attempts          int
	Withdrawn         int
	// Took runs from the first command to the last new outcome.
	Took time.Duration
}

// Report is what Judge has found.
type Report struct {
	Figures

	Violations []Violation
	x          *index
}

// Judge holds a history against itself and the ledger.
func Judge(h *History) *Report {
	r := &Report{x: newIndex(h)}
	r.Outcomes, r.InDoubt = map[command.Status]int{}, map[command.Name]int{}
	for _, text := range slices.Concat(h.Unreadable, r.x.nobodys) {
		r.found(Nobodys, nil, "%s", text)
	}
	for _, d := range r.x.dossiers {
		r.judgeOutcomes(d)
		r.judgeCalls(d)
		r.count(d)
	}
	r.judgeBooks()
	r.judgeOrder()
	r.time()
	return r
}

func (r *Report) found(kind Kind, d *dossier, format string, a ...any) {
	v := Violation{Kind: kind, Text: fmt.Sprintf(format, a...)}
	if d != nil {
		v.CommandID = d.ID
	}
	r.Violations = append(r.Violations, v)
}

// Of returns the violations of a kind.
func (r *Report) Of(kind Kind) []Violation {
	var of []Violation
	for _, v := range r.Violations {
		if v.Kind == kind {
			of = append(of, v)
		}
	}
	return of
}

func (r *Report) judgeOutcomes(d *dossier) {
	first := d.first()
	if first == nil {
		r.found(Missing, d, "%s has no outcome", d.Place)
		return
	}
	for i := range d.outcomes {
		o := &d.outcomes[i]
		if text := r.x.denied(d, o); text != "" {
			r.found(Denied, d, "%s %s at %s: %s", o.Status, o.Code, o.Place, text)
		}
		if i == 0 {
			continue
		}
		if says, said := saying(o), saying(first); says != said {
			r.found(Different, d, "first %s, then %s", said, says)
		}
	}
	inDoubt := slices.ContainsFunc(d.outcomes, func(o Outcome) bool { return o.Status == command.InDoubt })
	if inDoubt && len(d.letters) == 0 {
		r.found(Unlettered, d, "%s is in doubt and has no dead letter", d.Place)
	}
}

// judgeCalls: what must not be sent again is not, and every call that changes something
// has an attempt of its own that stood before it.
func (r *Report) judgeCalls(d *dossier) {
	if d.Name().ReadOnly() {
		return
	}
	allowed, worked := sendsAllowed(d), 0
	announced := map[string]time.Time{}
	var attempts int
	for _, a := range d.attempts {
		if !a.Withdrawn {
			attempts++
			announced[a.ChannelRequestID] = a.At
		}
	}
	for i, c := range d.calls {
		if c.mayHaveWorked() {
			worked++
		}
		at, ok := announced[c.ChannelRequestID]
		if c.Method == banksim.MethodLoan { // it has no field for the id
			ok = i < attempts
		} else if ok && at.After(c.arrived.Add(clockStep)) {
			ok = false
		}
		if !ok {
			r.found(Unannounced, d, "call %d of %s had no attempt before it", c.Seq, c.Method)
		}
	}
	if allowed > 0 && worked > allowed {
		r.found(TooOften, d, "%d calls of %s may have worked, %d may be made", worked, methods[d.Name()], allowed)
	}
}

// clockStep is what the moments of two sources may differ by: Kafka counts whole
// milliseconds.
const clockStep = 2 * time.Millisecond

// sendsAllowed is how many calls of a command may have an effect (bank contract,
// sections 3.3, 3.7 and 4); 0 for no bound: what is sent again is told by its number.
func sendsAllowed(d *dossier) int {
	switch p := d.Payload.(type) {
	case *command.CompleteCustomer:
		return 1
	case *command.SubmitIncome:
		return 2
	case *command.Invoice:
		if p.Maturity == command.Advance {
			return 1
		}
	}
	return 0
}

// judgeBooks counts in the ledger itself.
func (r *Report) judgeBooks() {
	for key, effects := range r.x.invoices {
		times := 0
		for _, e := range effects {
			if e.Invoice.Change == banksim.ChangeRecorded {
				if times++; times > 1 {
					r.found(Twice, r.by(e), "invoice %s of %s|%s is recorded %d times", key.number, key.company, key.dealer, times)
				}
			}
		}
	}
	for process, effects := range r.x.flows {
		times := 0
		for _, e := range effects {
			if e.Flow.Change == banksim.ChangeCompleted {
				if times++; times > 1 {
					r.found(Twice, r.by(e), "flow %d is completed %d times", process, times)
				}
			}
		}
	}
}

func (r *Report) by(e effect) *dossier {
	if e.By == nil {
		return nil
	}
	return r.x.byTrace[TraceID(e.By.Traceparent)]
}

func (r *Report) count(d *dossier) {
	r.Commands++
	r.PublishedAgain += len(d.Again)
	for i := range d.outcomes {
		switch o, first := &d.outcomes[i], d.first(); {
		case i == 0:
			r.Outcomes[o.Status]++
			if o.Status == command.InDoubt {
				r.InDoubt[d.Name()]++
			}
		case string(o.Value) == string(first.Value):
			r.Repeated++
		case saying(o) == saying(first):
			r.SaidAnew++
		}
	}
	r.Calls += len(d.calls)
	r.CallsAgain += max(0, len(d.calls)-1)
	r.Letters += len(d.letters)
	r.LettersAgain += max(0, len(d.letters)-1)
	for _, a := range d.attempts {
		if a.Withdrawn {
			r.Withdrawn++
		} else {
			r.Attempts++
		}
	}
}

func (r *Report) time() {
	var begin, end time.Time
	for _, d := range r.x.dossiers {
		if begin.IsZero() || d.At.Before(begin) {
			begin = d.At
		}
		if o := d.first(); o != nil && o.At.After(end) {
			end = o.At
		}
	}
	if end.After(begin) {
		r.Took = end.Sub(begin)
	}
}
