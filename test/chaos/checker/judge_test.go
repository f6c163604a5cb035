package checker

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
)

// want judges the story and holds the kinds of what is found to those wanted.
func (s *story) want(kinds ...Kind) *Report {
	s.t.Helper()
	r := Judge(&s.h)
	found := map[Kind]bool{}
	for _, v := range r.Violations {
		found[v.Kind] = true
	}
	slices.Sort(kinds)
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, kinds) {
		s.t.Errorf("found %q, want %q:\n%s", got, kinds, r.Complaint(5))
	}
	return r
}

func TestAGoodHistoryIsNotComplainedOf(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.good(s.publish(invoice(command.InsertInvoice, "1", 100)), banksim.ChangeRecorded)
	s.good(s.publish(invoice(command.UpdateInvoice, "1", 200)), banksim.ChangeUpdated)
	s.good(s.publish(invoice(command.CancelInvoice, "1", 200)), banksim.ChangeCancelled)
	s.good(s.publish(&command.CreateCustomer{FlowReference: "f"}), banksim.ChangeCreated)
	s.good(s.publish(&command.UpdateCustomer{FlowReference: "f"}), banksim.ChangeUpdated)
	s.good(s.publish(&command.CompleteCustomer{FlowReference: "f"}), banksim.ChangeCompleted)
	s.good(s.publish(&command.SubmitIncome{ApplicationNumber: 7}), "")
	query := s.publish(&command.QueryLimit{CompanyCode: "SOLEN", DealerCode: "10001"})
	s.finish(s.arrive(query, 1), 200, false, false)
	s.conclude(query, command.Succeeded)
	refused := s.publish(invoice(command.InsertInvoice, "1", 300))
	s.attempt(refused, 1, false)
	s.finish(s.arrive(refused, 1), 200, false, false)
	s.conclude(refused, command.Rejected)

	r := s.want()
	if r.Complaint(5) != "" || r.Commands != 9 || r.Attempts != 8 || r.Calls != 9 || r.CallsAgain != 0 || r.Outcomes[command.Succeeded] != 8 {
		t.Errorf("got %+v", r.Figures)
	}
}

func TestEveryKindOfViolationIsFound(t *testing.T) {
	t.Parallel()
	insert := func(s *story) *Command { return s.publish(invoice(command.InsertInvoice, "1", 100)) }
	complete := func(s *story) *Command { return s.publish(&command.CompleteCustomer{FlowReference: "f"}) }
	tests := map[string]struct {
		tell func(s *story)
		want Kind
	}{
		"no outcome": {func(s *story) {
			s.publish(&command.QueryLimit{CompanyCode: "SOLEN", DealerCode: "10001"})
		}, Missing},
		"another request's id": {func(s *story) {
			c := insert(s)
			s.good(c, banksim.ChangeRecorded)
			s.conclude(c, command.Succeeded, func(o *command.Outcome) { o.ChannelRequestID = "another" })
		}, Different},
		"succeeded, and nothing was done": {func(s *story) {
			c := insert(s)
			s.attempt(c, 1, false)
			s.finish(s.arrive(c, 1), 500, false, false)
			s.conclude(c, command.Succeeded)
		}, Denied},
		"succeeded before it was done": {func(s *story) {
			c := insert(s)
			s.attempt(c, 1, false)
			made := s.arrive(c, 1)
			s.conclude(c, command.Succeeded)
			s.now = s.now.Add(time.Second)
			s.change(c, banksim.ChangeRecorded)
			s.finish(made, 200, true, false)
		}, Denied},
		"proved by an invoice with another amount": {func(s *story) {
			s.good(insert(s), banksim.ChangeRecorded)
			c := s.publish(invoice(command.UpdateInvoice, "1", 200))
			s.attempt(c, 1, false)
			s.finish(s.arrive(c, 1), 0, false, true)
			s.conclude(c, command.Succeeded, reconciled)
		}, Denied},
		"cancelled, and in force": {func(s *story) {
			s.good(insert(s), banksim.ChangeRecorded)
			c := s.publish(invoice(command.CancelInvoice, "1", 100))
			s.attempt(c, 1, false)
			s.finish(s.arrive(c, 1), 0, false, true)
			s.conclude(c, command.Succeeded, reconciled)
		}, Denied},
		"rejected, and done": {func(s *story) {
			c := complete(s)
			s.attempt(c, 1, false)
			made := s.arrive(c, 1)
			s.change(c, banksim.ChangeCompleted)
			s.finish(made, 0, true, true)
			s.conclude(c, command.Rejected)
		}, Denied},
		"failed, and done": {func(s *story) {
			c := s.publish(&command.SubmitIncome{ApplicationNumber: 7})
			s.attempt(c, 1, false)
			made := s.arrive(c, 1)
			s.change(c, "")
			s.finish(made, 0, true, true)
			s.conclude(c, command.Failed)
		}, Denied},
		"a flow that is not there": {func(s *story) {
			c := s.publish(&command.CreateCustomer{FlowReference: "f"})
			s.attempt(c, 1, false)
			s.finish(s.arrive(c, 1), 200, true, false)
			s.conclude(c, command.Succeeded, func(o *command.Outcome) {
				o.Result = &command.CustomerCreated{ProcessID: 8, CustomerID: 9}
			})
		}, Denied},
		"a question that nobody has answered": {func(s *story) {
			c := s.publish(&command.QueryLimit{CompanyCode: "SOLEN", DealerCode: "10001"})
			s.finish(s.arrive(c, 1), 0, false, true)
			s.conclude(c, command.Succeeded)
		}, Denied},
		"an invoice recorded by two commands": {func(s *story) {
			s.good(insert(s), banksim.ChangeRecorded)
			s.good(insert(s), banksim.ChangeRecorded)
		}, Twice},
		"a flow completed by two commands": {func(s *story) {
			s.good(complete(s), banksim.ChangeCompleted)
			s.good(complete(s), banksim.ChangeCompleted)
		}, Twice},
		"a completion sent again": {func(s *story) {
			c := complete(s)
			s.attempt(c, 1, false)
			s.finish(s.arrive(c, 1), 0, false, true)
			s.attempt(c, 2, false)
			s.change(c, banksim.ChangeCompleted)
			s.finish(s.arrive(c, 2), 200, true, false)
			s.conclude(c, command.Succeeded)
		}, TooOften},
		"an income sent a third time": {func(s *story) {
			c := s.publish(&command.SubmitIncome{ApplicationNumber: 7})
			for n := range 3 {
				s.attempt(c, n, false)
				s.arrive(c, n) // and no answer ever
			}
			s.conclude(c, command.InDoubt)
			s.letter(c)
		}, TooOften},
		"an advance invoice sent again": {func(s *story) {
			p := invoice(command.InsertInvoice, "1", 100)
			p.Maturity = command.Advance
			c := s.publish(p)
			s.attempt(c, 1, false)
			s.finish(s.arrive(c, 1), 502, false, false)
			s.attempt(c, 2, false)
			s.change(c, banksim.ChangeRecorded)
			s.finish(s.arrive(c, 2), 200, true, false)
			s.conclude(c, command.Succeeded)
		}, TooOften},
		"the later one arrives first": {func(s *story) {
			first, second := insert(s), s.publish(invoice(command.InsertInvoice, "2", 100))
			s.good(second, banksim.ChangeRecorded)
			s.good(first, banksim.ChangeRecorded)
		}, Inverted},
		"the earlier one is carried out late": {func(s *story) {
			first, second := insert(s), s.publish(invoice(command.InsertInvoice, "2", 100))
			s.attempt(first, 1, false)
			late := s.arrive(first, 1)
			s.good(second, banksim.ChangeRecorded)
			s.change(first, banksim.ChangeRecorded)
			s.finish(late, 200, true, false)
			s.conclude(first, command.Succeeded)
		}, Inverted},
		"no attempt": {func(s *story) {
			c := insert(s)
			made := s.arrive(c, 1)
			s.change(c, banksim.ChangeRecorded)
			s.finish(made, 200, true, false)
			s.conclude(c, command.Succeeded)
		}, Unannounced},
		"an attempt that was withdrawn": {func(s *story) {
			c := insert(s)
			s.attempt(c, 1, true)
			made := s.arrive(c, 1)
			s.change(c, banksim.ChangeRecorded)
			s.finish(made, 200, true, false)
			s.conclude(c, command.Succeeded)
		}, Unannounced},
		"an attempt after its call": {func(s *story) {
			c := insert(s)
			made := s.arrive(c, 1)
			s.attempt(c, 1, false)
			s.change(c, banksim.ChangeRecorded)
			s.finish(made, 200, true, false)
			s.conclude(c, command.Succeeded)
		}, Unannounced},
		"in doubt without a letter": {func(s *story) {
			c := complete(s)
			s.attempt(c, 1, false)
			s.finish(s.arrive(c, 1), 0, true, true)
			s.conclude(c, command.InDoubt)
		}, Unlettered},
		"an outcome of nobody's command": {func(s *story) {
			s.conclude(&Command{Command: &command.Command{ID: "nobody", Payload: &command.QueryLimit{}}}, command.Rejected)
		}, Nobodys},
		"a call of nobody's": {func(s *story) {
			s.arrive(&Command{Command: &command.Command{Payload: &command.QueryLimit{}}, Trace: "nobody"}, 1)
		}, Nobodys},
		"a record that cannot be read": {func(s *story) {
			s.h.Unreadable = append(s.h.Unreadable, "a record")
		}, Nobodys},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tell(t)
			tt.tell(s)
			r := s.want(tt.want)
			if !strings.Contains(r.Complaint(5), string(tt.want)) {
				t.Errorf("not complained of: %q", r.Complaint(5))
			}
		})
	}
	covered := map[Kind]bool{}
	for _, tt := range tests {
		covered[tt.want] = true
	}
	for _, kind := range Kinds() {
		if !covered[kind] {
			t.Errorf("no story has %q", kind)
		}
	}
}

// What looks like a lie and is none.
func TestWhatIsNoViolation(t *testing.T) {
	t.Parallel()
	tests := map[string]func(s *story){
		"an insert that had been recorded by another command": func(s *story) {
			s.good(s.publish(invoice(command.InsertInvoice, "1", 100)), banksim.ChangeRecorded)
			again := s.publish(invoice(command.InsertInvoice, "1", 100))
			s.attempt(again, 1, false)
			s.finish(s.arrive(again, 1), 200, false, false)
			s.conclude(again, command.Succeeded, reconciled)
		},
		"done by the first of two calls, whose answer was lost": func(s *story) {
			c := s.publish(invoice(command.InsertInvoice, "1", 100))
			s.attempt(c, 1, false)
			made := s.arrive(c, 1)
			s.change(c, banksim.ChangeRecorded)
			s.finish(made, 0, true, true)
			s.attempt(c, 2, false)
			s.finish(s.arrive(c, 2), 200, false, false)
			s.conclude(c, command.Succeeded, reconciled)
			s.good(s.publish(invoice(command.CancelInvoice, "1", 100)), banksim.ChangeCancelled)
		},
		"an attempt that never became a call": func(s *story) {
			c := s.publish(&command.CompleteCustomer{FlowReference: "f"})
			s.attempt(c, 1, false)
			s.letter(c)
			s.conclude(c, command.InDoubt)
		},
		"a completion that a gateway has turned away": func(s *story) {
			c := s.publish(&command.CompleteCustomer{FlowReference: "f"})
			s.attempt(c, 1, false)
			s.finish(s.arrive(c, 1), 429, false, false)
			s.attempt(c, 2, false)
			made := s.arrive(c, 2)
			s.change(c, banksim.ChangeCompleted)
			s.finish(made, 200, true, false)
			s.conclude(c, command.Succeeded)
		},
		"in doubt, and done": func(s *story) {
			c := s.publish(&command.CompleteCustomer{FlowReference: "f"})
			s.attempt(c, 1, false)
			made := s.arrive(c, 1)
			s.change(c, banksim.ChangeCompleted)
			s.finish(made, 0, true, true)
			s.letter(c)
			s.conclude(c, command.InDoubt)
		},
		"another key's later command": func(s *story) {
			first := s.publish(&command.SubmitIncome{ApplicationNumber: 7})
			s.good(s.publish(&command.SubmitIncome{ApplicationNumber: 8}), "")
			s.good(first, "")
		},
	}
	for name, tell := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := story{t: t, now: time.Unix(0, 0), offset: map[string]int64{}}
			tell(&s)
			s.want()
		})
	}
}

func TestWhatIsCounted(t *testing.T) {
	t.Parallel()
	s := tell(t)
	c := s.publish(&command.SubmitIncome{ApplicationNumber: 7})
	c.Again = []Place{s.next("again")}
	s.attempt(c, 1, false)
	s.attempt(c, 1, true)
	s.good(c, "")
	s.finish(s.arrive(c, 2), 200, false, false)
	s.attempt(c, 2, false)
	s.letter(c)
	s.letter(c)
	s.h.Outcomes = append(s.h.Outcomes, s.h.Outcomes[0]) // byte for byte
	s.conclude(c, command.Succeeded)                     // at another moment
	f := Judge(&s.h).Figures
	if f.Commands != 1 || f.PublishedAgain != 1 || f.Repeated != 1 || f.SaidAnew != 1 || f.Calls != 2 || f.CallsAgain != 1 ||
		f.Letters != 2 || f.LettersAgain != 1 || f.Attempts != 3 || f.Withdrawn != 1 || f.Took <= 0 {
		t.Errorf("got %+v", f)
	}
}

// A recovery ends when the last of the dead one's partitions moves again, and what
// the dead one had just sent is none.
func TestRecovery(t *testing.T) {
	t.Parallel()
	s := tell(t)
	held := []Partition{{string(command.LoanIncomeSubmit), 0}, {string(command.DBSLimitQuery), 0}, {"idle", 0}}
	loan := s.publish(&command.SubmitIncome{ApplicationNumber: 7})
	sent := s.publish(&command.QueryLimit{CompanyCode: "SOLEN", DealerCode: "1"})
	limit := s.publish(&command.QueryLimit{CompanyCode: "SOLEN", DealerCode: "2"})
	death := s.now.Add(time.Millisecond)
	s.now = death.Add(50*time.Millisecond - time.Second)
	s.conclude(sent, command.Rejected)
	s.now = death.Add(2 * time.Second)
	s.conclude(loan, command.Rejected)
	s.now = death.Add(4 * time.Second)
	s.conclude(limit, command.Rejected)
	r := Judge(&s.h)
	late := Death{At: s.now, Held: held} // when nothing waited
	if got := r.Recoveries([]Death{late, {At: death, Held: held}}); !slices.Equal(got, []time.Duration{5 * time.Second}) {
		t.Errorf("got %v, want 5 s", got)
	}
	text := Table([]Row{{Name: "seed 1", Report: r, Recoveries: []time.Duration{time.Second, 5 * time.Second, 9 * time.Second}, Faults: []Count{{"kill -9", 17}}}})
	for _, want := range []string{"! without an outcome", "5.0 s", "9.0 s", "kill -9      17"} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
}

func TestATrailTellsTheWholeWay(t *testing.T) {
	t.Parallel()
	s := tell(t)
	c := s.publish(invoice(command.InsertInvoice, "77", 100))
	s.good(c, banksim.ChangeRecorded)
	s.letter(c)
	trail := Judge(&s.h).Trail(c.ID)
	from := 0
	for _, want := range []string{c.ID, "command " + c.Place.String(), "INSERT TERM 77", "attempt 1", "arrives", "invoice recorded, amount 100", "ends: HTTP 200", "SUCCEEDED a.code", "dead letter"} {
		at := strings.Index(trail[from:], want)
		if at < 0 {
			t.Fatalf("want %q next in %q", want, trail[from:])
		}
		from += at
	}
	if got := Judge(&s.h).Trail("other"); !strings.Contains(got, "nothing is known") {
		t.Errorf("got %q", got)
	}
}
