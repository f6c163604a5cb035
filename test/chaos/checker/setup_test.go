package checker

import (
	"fmt"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/codec"
	"bankprocessor/internal/command"
)

// story makes a history by hand, a second per step.
type story struct {
	t      *testing.T
	h      History
	now    time.Time
	calls  uint64
	offset map[string]int64 // by topic
}

func tell(t *testing.T) *story {
	return &story{t: t, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), offset: map[string]int64{}}
}

func (s *story) next(topic string) Place {
	s.now = s.now.Add(time.Second)
	s.offset[topic]++
	return Place{Topic: topic, Offset: s.offset[topic] - 1}
}

// publish has upstream publish a command under its ordering key.
func (s *story) publish(p command.Payload) *Command {
	n := len(s.h.Commands)
	c := &Command{
		Command: &command.Command{ID: fmt.Sprintf("00000000-0000-4000-8000-%012x", n), Payload: p},
		Place:   s.next(string(p.Name())), Key: p.OrderingKey(), Trace: fmt.Sprintf("%032x", n+1),
	}
	c.At = s.now
	s.h.Commands = append(s.h.Commands, c)
	return c
}

func requestOf(c *Command, n int) string { return fmt.Sprintf("%s-%d", c.Trace, n) }

// attempt writes the n-th attempt of a command, which its n-th call belongs to.
func (s *story) attempt(c *Command, n int, withdrawn bool) {
	place := s.next("bank.attempts")
	s.h.Attempts = append(s.h.Attempts, Attempt{&command.Attempt{
		CommandID: c.ID, Command: c.Name(), Number: n, ChannelRequestID: requestOf(c, n), Offset: c.Place.Offset, Withdrawn: withdrawn,
	}, place, s.now})
}

// arrive has the bank meet a command's n-th call.
func (s *story) arrive(c *Command, n int) *banksim.Call {
	s.now = s.now.Add(time.Second)
	s.calls++
	made := banksim.Call{Seq: s.calls, Method: methods[c.Name()], Traceparent: traceparent(c), ChannelRequestID: requestOf(c, n)}
	s.h.Ledger = append(s.h.Ledger, banksim.LedgerLine{Event: banksim.EventArrived, At: s.now, Call: &made})
	return &made
}

func traceparent(c *Command) string { return "00-" + c.Trace + "-0000000000000001-01" }

// finish has the bank be done with a call; lost is an answer that nobody gets.
func (s *story) finish(of *banksim.Call, status int, applied, lost bool) {
	made := *of
	made.Done, made.HTTPStatus, made.Applied, made.AnswerLost = true, status, applied, lost
	s.h.Ledger = append(s.h.Ledger, banksim.LedgerLine{Event: banksim.EventFinished, At: s.now, Call: &made})
}

// change has a command's call change the ledger.
func (s *story) change(c *Command, change banksim.Change) {
	line := banksim.LedgerLine{At: s.now, By: &banksim.Cause{Seq: s.calls, Traceparent: traceparent(c)}}
	switch p := c.Payload.(type) {
	case *command.Invoice:
		amount := banksim.Units(p.Amount.Rat().Num().Int64())
		status := "A"
		if change == banksim.ChangeCancelled {
			status = "I"
		}
		line.Event = banksim.EventInvoice
		line.Invoice = &banksim.InvoiceChange{Change: change, Invoice: banksim.Invoice{
			Company: p.CompanyCode, Dealer: p.DealerCode, Number: p.InvoiceNumber, InvoiceCurrency: p.InvoiceCurrency,
			Amount: amount, DueDate: p.DueDate, RecordStatus: status,
		}}
	case *command.SubmitIncome:
		line.Event = banksim.EventLoan
		line.Loan = &banksim.LoanChange{ApplicationNumber: p.ApplicationNumber, Submissions: 1}
	default:
		line.Event = banksim.EventFlow
		line.Flow = &banksim.FlowChange{Change: change, ProcessID: 1, CustomerID: 2}
	}
	s.h.Ledger = append(s.h.Ledger, line)
}

// conclude writes an outcome.
func (s *story) conclude(c *Command, status command.Status, edit ...func(*command.Outcome)) {
	place := s.next(string(c.Name()) + ".result")
	o := &command.Outcome{
		CommandID: c.ID, Command: c.Name(), Status: status, Code: "a.code", Revision: 1, CompletedAt: s.now, ReceivedAt: s.now,
	}
	for _, e := range edit {
		e(o)
	}
	value, err := codec.OutcomeJSON(o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.h.Outcomes = append(s.h.Outcomes, Outcome{o, place, s.now, codec.EventID(c.ID, 1), value})
}

func (s *story) letter(c *Command) {
	place := s.next("bank.dead-letter")
	s.h.Letters = append(s.h.Letters, Letter{CommandID: c.ID, Reason: "in-doubt", Place: place, At: s.now})
}

// good is a command's usual way: attempt, call, effect, answer, outcome.
func (s *story) good(c *Command, change banksim.Change) {
	if !c.Name().ReadOnly() {
		s.attempt(c, 1, false)
	}
	made := s.arrive(c, 1)
	s.change(c, change)
	s.finish(made, 200, true, false)
	s.conclude(c, command.Succeeded, func(o *command.Outcome) {
		if c.Name() == command.CustomerCreate {
			o.Result = &command.CustomerCreated{ProcessID: 1, CustomerID: 2}
		}
	})
}

func invoice(operation command.InvoiceOperation, number string, amount int64) *command.Invoice {
	return &command.Invoice{
		Operation: operation, CompanyCode: "SOLEN", DealerCode: "10001", InvoiceNumber: number,
		InvoiceCurrency: "TRY", Amount: new(command.NewDecimal(amount, 0)), Maturity: command.Term,
		DueDate: command.Date{Year: 2026, Month: 12, Day: 1},
	}
}

// reconciled marks an outcome as decided by a look-up.
func reconciled(o *command.Outcome) { o.Reconciled = true }
