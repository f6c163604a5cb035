package banksim

import (
	"fmt"
	"strconv"
	"time"
)

// flowStarted begins the flow of a person who has none.
type flowStarted struct {
	Citizen, Phone, Email string
	Process, Customer     int64
	At                    time.Time
}

func (e flowStarted) apply(l *ledger) {
	flow := &Flow{
		ProcessID: e.Process, CustomerID: e.Customer, CreatedAt: e.At,
		CitizenshipNumber: Personal{text: e.Citizen},
		PhoneNumber:       Personal{text: e.Phone}, Email: Personal{text: e.Email},
	}
	l.flows[e.Citizen], l.processes[e.Process] = flow, flow
	l.flowOrder = append(l.flowOrder, flow)
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

// flowCompleted ends a flow.
type flowCompleted struct {
	Process int64
	At      time.Time
}

func (e flowCompleted) apply(l *ledger) {
	flow := l.processes[e.Process]
	flow.Completed, flow.CompletedAt = true, e.At
}

// startFlow returns the person's flow and whether it is new; nil when there is
// none and existing asks for an existing one only (contract section 3.1).
func (l *ledger) startFlow(citizen, phone, email string, existing bool, at time.Time) (Flow, bool, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if flow := l.flows[citizen]; flow != nil {
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
	l.post(flowStarted{Citizen: citizen, Phone: phone, Email: email, Process: process, Customer: 5_035_000_000 + n, At: at})
	return *l.flows[citizen], true, true
}

// updateFlow returns the error of section 3.2, 0 for none.
func (l *ledger) updateFlow(process, customer int64, citizen, informations, session string) platformCode {
	l.mu.Lock()
	defer l.mu.Unlock()
	flow := l.processes[process]
	switch {
	case flow == nil || flow.CustomerID != customer || flow.CitizenshipNumber.text != citizen:
		return errFlowUnknown
	case flow.Completed:
		return errFlowCompleted
	}
	l.post(flowUpdated{Process: process, Informations: informations, Session: session})
	return 0
}

// completeFlow returns the error of section 3.3, 0 for none.
func (l *ledger) completeFlow(process, customer int64, at time.Time) platformCode {
	l.mu.Lock()
	defer l.mu.Unlock()
	flow := l.processes[process]
	switch {
	case flow == nil || flow.CustomerID != customer:
		return errFlowUnknown
	case flow.Completed:
		return errFlowCompleted
	}
	l.post(flowCompleted{Process: process, At: at})
	return 0
}
