package demo

import (
	"context"
	"fmt"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
)

// burst is how many commands meet the outage.
const burst = 20

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
func (s *stage) playOutage(ctx context.Context, groups func() []bankapi.GroupState) (outage, error) {
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
	watch, stop := context.WithCancel(ctx)
	defer stop()
	opened, states := watchBreaker(watch, groups, bankapi.GroupInterAPIDBSRead)

	start := time.Now()
	ids, err := s.sendBurst(ctx)
	if err != nil {
		return o, err
	}
	select {
	case <-opened:
	case <-ctx.Done():
		o.wrong = append(o.wrong, "the breaker did not open")
	}
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
	stop()
	o.states = <-states
	o.letters = s.lettersSoFar() - before
	s.judgeOutage(&o, ids)
	return o, nil
}

func (s *stage) sendBurst(ctx context.Context) (ids []string, err error) {
	for i := range burst {
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
	if n := len(o.states); n < 3 || o.states[0] != "open" || o.states[n-1] != "closed" {
		wrong("the breaker went through %v, want open, half-open, closed", o.states)
	}
	if o.calls >= burst {
		wrong("the bank saw %d calls while it was down, want fewer than commands", o.calls)
	}
	o.wrong = append(o.wrong, o.other.wrong...)
}

// watchBreaker notes how a group's breaker changes until ctx ends. opened is
// closed when it first opens; states then has all changes.
func watchBreaker(ctx context.Context, groups func() []bankapi.GroupState, name string) (opened <-chan struct{}, states <-chan []string) {
	isOpen, result := make(chan struct{}), make(chan []string, 1)
	go func() {
		var seen []string
		last := "closed"
		for {
			for _, g := range groups() {
				if g.Name != name || g.Breaker == last {
					continue
				}
				last = g.Breaker
				if seen = append(seen, last); len(seen) == 1 {
					close(isOpen)
				}
			}
			select {
			case <-ctx.Done():
				result <- seen
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return isOpen, result
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
