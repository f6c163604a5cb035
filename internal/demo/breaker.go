package demo

import (
	"context"
	"fmt"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
)

// burst is how many commands meet the outage; the first of them open the breaker.
const (
	burst   = 20
	opening = 6
)

// outage is what the breaker act shows.
type outage struct {
	states   []string // of the breaker, as they followed
	calls    int      // that the bank saw while it was down
	waited   time.Duration
	other    played // another operation, meanwhile
	outcomes map[command.Status]int
	letters  int
	wrong    []string
}

// playOutage takes the bank's limit queries down, sends a burst of them, and puts
// them up again: the breaker must open, hold everything back unspent, and close.
func (s *stage) playOutage(ctx context.Context) (outage, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*stepTimeout)
	defer cancel()
	var o outage
	before := s.lettersSoFar()
	seq := lastSeq(s.bank)
	fault, err := s.bank.AddFault(banksim.Fault{
		Kind: banksim.FaultHTTP, HTTPStatus: 503, Match: banksim.Match{Method: banksim.MethodLimit},
	})
	if err != nil {
		return o, err
	}
	start := time.Now()
	ids, err := s.sendQueries(ctx, 0, opening)
	if err != nil {
		return o, err
	}
	if err := s.until(ctx, "the breaker to open", func() bool { return len(s.breaker) > 0 }); err != nil {
		o.wrong = append(o.wrong, err.Error())
	}
	more, err := s.sendQueries(ctx, opening, burst)
	if err != nil {
		return o, err
	}
	ids = append(ids, more...)
	o.other, err = s.play(ctx, step{
		title: "a loan, while the breaker is open", name: command.LoanIncomeSubmit,
		edit: func(f fields, _ *stage) { f["applicationNumber"] = 89999998 },
		want: want{status: command.Succeeded, code: command.CodeLoanIncomeAccepted, bankCode: "APIGW000000", calls: 1},
	})
	if err != nil {
		return o, err
	}
	select { // long enough for a probe that fails
	case <-time.After(openFor + openFor/2):
	case <-ctx.Done():
	}
	o.calls = callsSince(s.bank, seq, banksim.MethodLimit)
	s.bank.ClearFaults(fault)
	if err := s.until(ctx, "the burst's outcomes", func() bool { return s.have(ids) }); err != nil {
		o.wrong = append(o.wrong, err.Error())
	}
	o.waited = time.Since(start)
	o.letters = s.lettersSoFar() - before
	s.judgeOutage(&o, ids)
	return o, nil
}

// sendQueries sends limit queries for dealers number from up to to.
func (s *stage) sendQueries(ctx context.Context, from, to int) (ids []string, err error) {
	for i := from; i < to; i++ {
		record, id, err := s.draft(step{name: command.DBSLimitQuery, edit: func(f fields, _ *stage) {
			f["dealerCode"] = fmt.Sprintf("1%03d", i)
		}})
		if err != nil {
			return nil, err
		}
		if _, err := s.sender.Send(ctx, record); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (s *stage) judgeOutage(o *outage, ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.states = s.breaker
	o.outcomes = map[command.Status]int{}
	for _, id := range ids {
		for _, outcome := range s.outcomes[id] {
			o.outcomes[outcome.Status]++
		}
	}
	wrong := func(format string, args ...any) { o.wrong = append(o.wrong, fmt.Sprintf(format, args...)) }
	if o.outcomes[command.Succeeded] != burst || len(o.outcomes) != 1 {
		wrong("outcomes %v, want %d SUCCEEDED and nothing else", o.outcomes, burst)
	}
	if o.letters > 0 {
		wrong("%d dead letters, want none", o.letters)
	}
	if n := len(o.states); n < 3 || o.states[0] != "open" || o.states[1] != "half-open" || o.states[n-1] != "closed" {
		wrong("the breaker went through %v, want open, half-open, closed", o.states)
	}
	if o.calls >= burst {
		wrong("the bank saw %d calls while it was down, want fewer than commands", o.calls)
	}
	o.wrong = append(o.wrong, o.other.wrong...)
}

func (s *stage) have(ids []string) bool {
	for _, id := range ids {
		if len(s.outcomes[id]) == 0 {
			return false
		}
	}
	return true
}

func (s *stage) lettersSoFar() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.letters)
}

func lastSeq(bank *banksim.Bank) uint64 {
	calls := bank.Calls(0)
	if len(calls) == 0 {
		return 0
	}
	return calls[len(calls)-1].Seq
}

func callsSince(bank *banksim.Bank, seq uint64, method string) (n int) {
	for _, c := range bank.Calls(seq) {
		if c.Method == method {
			n++
		}
	}
	return n
}
