package banksim

import (
	"fmt"
	"strconv"
	"time"
)

// flowStarted begins the flow of a person who has none.
type flowStarted struct {
	Person                string // digest of Citizen
	Citizen, Phone, Email string // "" when they are not known any more
	Process, Customer     int64
	At                    time.Time
}

func (e flowStarted) apply(l *ledger) {
	flow := &Flow{
		person: e.Person, ProcessID: e.Process, CustomerID: e.Customer, CreatedAt: e.At,
		CitizenshipNumber: Personal{text: e.Citizen},
		PhoneNumber:       Personal{text: e.Phone}, Email: Personal{text: e.Email},
	}
	l.flows[e.Person], l.processes[e.Process] = flow, flow
	l.flowOrder = append(l.flowOrder, flow)
}

func (e flowStarted) line(l *ledger) LedgerLine {
	return l.processes[e.Process].change(ChangeCreated, e.At)
}

// flowUpdated replaces what the bank knows of the person: the last write wins.
type flowUpdated struct {
	Process      int64
	Informations string // the request's parameters
	Session      string
}

func (e flowUpdated) apply(l *ledger) {
	flow := l.processes[e.Process]
	flow.Updates++
	flow.Informations, flow.UpdatedBy = Personal{text: e.Informations}, e.Session
}

func (e flowUpdated) line(l *ledger) LedgerLine {
	return l.processes[e.Process].change(ChangeUpdated, time.Time{})
}

// flowCompleted ends a flow; a bank that does not see duplicates ends it again.
type flowCompleted struct {
	Process int64
	At      time.Time
}

func (e flowCompleted) apply(l *ledger) {
	flow := l.processes[e.Process]
	flow.Completed, flow.CompletedAt = true, e.At
	flow.Completions++
}

func (e flowCompleted) line(l *ledger) LedgerLine {
	return l.processes[e.Process].change(ChangeCompleted, e.At)
}

// completionRefused counts a completion of a flow that is complete.
type completionRefused struct{ Process int64 }

func (e completionRefused) apply(l *ledger) { l.processes[e.Process].CompletionsRefused++ }

func (e completionRefused) line(l *ledger) LedgerLine {
	return l.processes[e.Process].change(ChangeRefused, time.Time{})
}

// change is a line of the ledger file about the flow as it stands now.
func (f *Flow) change(c Change, at time.Time) LedgerLine {
	return LedgerLine{Event: EventFlow, At: at, Flow: &FlowChange{
		Change: c, ProcessID: f.ProcessID, CustomerID: f.CustomerID, Person: f.person,
		Updates: f.Updates, Completions: f.Completions, CompletionsRefused: f.CompletionsRefused,
	}}
}

// startFlow returns the person's flow and whether it is new; nil when there is
// none and existing asks for an existing one only (contract section 3.1).
func (l *ledger) startFlow(by *Cause, citizen, phone, email string, existing bool, at time.Time) (Flow, bool, bool) {
	person := l.persons.digest(citizen)
	l.mu.Lock()
	defer l.mu.Unlock()
	if flow := l.flows[person]; flow != nil {
		return *flow, true, false
	}
	if existing {
		return Flow{}, false, false
	}
	n := int64(len(l.flowOrder) + 1)
	process, err := strconv.ParseInt(fmt.Sprintf("%s0309%06d", at.Format("060102"), n), 10, 64)
	if err != nil {
		return Flow{}, false, false
	}
	l.post(by, flowStarted{
		Person: person, Citizen: citizen, Phone: phone, Email: email,
		Process: process, Customer: 5_035_000_000 + n, At: at,
	})
	return *l.flows[person], true, true
}

// updateFlow returns the error of section 3.2, 0 for none.
func (l *ledger) updateFlow(by *Cause, process, customer int64, citizen, informations string) platformCode {
	person := l.persons.digest(citizen)
	l.mu.Lock()
	defer l.mu.Unlock()
	flow := l.processes[process]
	switch {
	case flow == nil || flow.CustomerID != customer || flow.person != person:
		return errFlowUnknown
	case flow.Completed:
		return errFlowCompleted
	}
	l.post(by, flowUpdated{Process: process, Informations: informations, Session: by.ChannelSessionID})
	return 0
}

// completeFlow returns the error of section 3.3, 0 for none.
func (l *ledger) completeFlow(by *Cause, process, customer int64, at time.Time) platformCode {
	l.mu.Lock()
	defer l.mu.Unlock()
	flow := l.processes[process]
	switch {
	case flow == nil || flow.CustomerID != customer:
		return errFlowUnknown
	case flow.Completed && l.duplicates == DuplicatesRefused:
		l.post(by, completionRefused{Process: process})
		return errFlowCompleted
	}
	l.post(by, flowCompleted{Process: process, At: at})
	return 0
}
