package cluster

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
)

// verdict is one row of the table.
type verdict struct {
	scenario           string
	commands, during   int // during the fault
	outcomes, again    int // again: records that repeat one
	lost, inversions   int
	calls              int // that the bank met again
	first, caughtUp    time.Duration
	ownSilence, others time.Duration
	unready            time.Duration // how long the processor said that it was not ready
}

// recoveryBound is how long after a broker's return its partitions may take until
// all that came before it has its outcome.
const recoveryBound = 10 * time.Second

// good are what the commands must end as.
var good = map[command.Name]string{
	command.DBSInvoiceUpsert: "SUCCEEDED dbs.invoice.accepted",
	command.DBSLimitQuery:    "SUCCEEDED dbs.limit.listed",
	command.CustomerCreate:   "SUCCEEDED customer.flow.created",
	command.LoanIncomeSubmit: "SUCCEEDED loan.income.accepted",
}

// judgeOutcomes holds what downstream has read to what upstream has sent.
func (d *downstream) judgeOutcomes(t *testing.T, v *verdict, of []sent) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	var lost, twice, wrong []string
	for _, c := range of {
		if c.acks.IsZero() {
			continue
		}
		v.commands++
		seen := d.told[c.number]
		if seen == nil {
			lost = append(lost, fmt.Sprintf("%s %d", c.name, c.number))
			continue
		}
		v.outcomes++
		v.again += seen.times - 1
		if len(seen.others) > 0 {
			twice = append(twice, fmt.Sprintf("%s %d: %q, then %q", c.name, c.number, seen.text, seen.others))
		}
		if want := good[c.name]; len(seen.text) < len(want) || seen.text[:len(want)] != want {
			wrong = append(wrong, fmt.Sprintf("%s %d: %s", c.name, c.number, seen.text))
		}
	}
	v.lost = len(lost)
	complain(t, "acknowledged commands without an outcome", lost)
	complain(t, "commands with two different outcomes", twice)
	complain(t, "outcomes that should be others", wrong)
	complain(t, "dead letters that should not be", d.letters)
	complain(t, "outcomes of nobody's command", d.odd)
}

// judgeCalls holds what the bank has met to the order in which upstream published.
func judgeCalls(t *testing.T, v *verdict, calls []banksim.Call, of []sent) {
	t.Helper()
	type key struct{ topic, key string }
	var strange, inversions, overlaps, again []string
	orders, latest, met := map[int]order{}, map[key]int{}, map[int]int{}
	for _, c := range of {
		orders[c.number] = c.order
	}
	for _, call := range calls {
		if call.Method == banksim.MethodToken {
			continue
		}
		n, err := numberOfTrace(call.Traceparent)
		c, known := orders[n]
		if err != nil || !known {
			strange = append(strange, fmt.Sprintf("call %d: %s %s", call.Seq, call.Method, call.Traceparent))
			continue
		}
		if met[n]++; met[n] > 1 {
			again = append(again, fmt.Sprintf("%s %d", c.name, n))
			continue
		}
		k := key{string(c.name), c.key}
		if last, ok := latest[k]; ok && n <= last {
			inversions = append(inversions, fmt.Sprintf("%s of %s: %d came after %d", c.name, c.key, n, last))
		}
		latest[k] = n
		if call.Overlaps {
			overlaps = append(overlaps, fmt.Sprintf("%s of %s: %d", c.name, c.key, n))
		}
	}
	v.inversions, v.calls = len(inversions)+len(overlaps), len(again)
	complain(t, "calls that are nobody's", strange)
	complain(t, "order inversions of a key", inversions)
	complain(t, "calls of a key side by side", overlaps)
	complain(t, "commands that were sent to the bank again", again)
}

// judgeLedger counts in the bank's books what is there of every command.
func judgeLedger(t *testing.T, ledger banksim.Ledger, of []sent) {
	t.Helper()
	type number struct{ dealer, invoice string }
	recorded, submitted := map[number]int{}, map[int64]int{}
	for _, i := range ledger.Invoices {
		recorded[number{i.Dealer, i.Number}] += i.Applied("I")
	}
	for _, l := range ledger.Loans {
		submitted[l.ApplicationNumber] += l.Submissions
	}
	var wrong []string
	for _, c := range of {
		if c.name != command.DBSInvoiceUpsert {
			submitted[c.applying]--
			continue
		}
		if times := recorded[number{c.dealer, c.invoice}]; times != 1 {
			wrong = append(wrong, fmt.Sprintf("invoice %s of dealer %s is recorded %d times", c.invoice, c.dealer, times))
		}
	}
	delete(submitted, 0) // what is no loan
	for application, left := range submitted {
		if left != 0 {
			wrong = append(wrong, fmt.Sprintf("application %d has %+d submissions too many", application, left))
		}
	}
	complain(t, "entries of the bank's ledger that should not be so", wrong)
}

// measure says how long things took. own says whether a partition was the faulted
// brokers' before the fault.
func (d *downstream) measure(v *verdict, of []sent, f *fault, own func(place) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, moment := range f.returns {
		var caughtUp time.Duration
		for _, c := range of {
			if seen := d.told[c.number]; seen != nil && c.handed.Before(moment) {
				caughtUp = max(caughtUp, seen.first.Sub(moment))
			}
		}
		v.caughtUp = max(v.caughtUp, caughtUp)
		next := slices.IndexFunc(d.arrivals, func(a arrival) bool { return own(a.place) && a.at.After(moment) })
		if next >= 0 {
			v.first = max(v.first, d.arrivals[next].at.Sub(moment))
		}
	}
	for _, c := range of {
		if c.handed.After(f.began) && c.handed.Before(f.ended()) {
			v.during++
		}
	}
	v.ownSilence = d.silence(f, own)
	v.others = d.silence(f, func(p place) bool { return !own(p) })
}

// judgeTimes holds the times to their bounds; silence 0 is no bound.
func (v *verdict) judgeTimes(t *testing.T, silence time.Duration) {
	t.Helper()
	if v.commands < least {
		t.Errorf("only %d commands were acknowledged", v.commands)
	}
	if v.during < pace {
		t.Errorf("only %d commands were published during the fault", v.during)
	}
	if max(v.first, v.caughtUp) > recoveryBound {
		t.Errorf("recovery took more than %v: first outcome after %v, all after %v", recoveryBound, v.first, v.caughtUp)
	}
	if silence > 0 && v.others > silence {
		t.Errorf("the other brokers' partitions stood still for %v, more than %v", v.others, silence)
	}
}

// silence is the longest time in which nothing new came from the partitions, from
// the fault's beginning to the outcome after its end.
func (d *downstream) silence(f *fault, of func(place) bool) (longest time.Duration) {
	last := f.began
	for _, a := range d.arrivals {
		if !of(a.place) || a.at.Before(f.began) {
			continue
		}
		longest = max(longest, a.at.Sub(last))
		if last = a.at; last.After(f.ended()) {
			break
		}
	}
	return longest
}

// complain reports how many, and the first few.
func complain(t *testing.T, what string, of []string) {
	t.Helper()
	if len(of) > 0 {
		t.Errorf("%d %s, among them %q", len(of), what, of[:min(5, len(of))])
	}
}
