package processing

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/command"
)

// record is what the model bank keeps of the one invoice that a run is about.
type record struct {
	exists, passive bool
	amount          int64
}

// modelBank follows the rules of the contract for one invoice, and lies in every
// way that the contract knows of: it loses answers before and after the effect,
// lets an effect come late, lists what was true seconds ago, answers 999 on either side of the effect, and lists
// passive rows or does not.
type modelBank struct {
	mu           sync.Mutex
	inv          *command.Invoice
	held         record
	writes       int // calls that the bank has not refused as duplicates
	listsPassive bool
	// lag is how old the bank's list is, and listed the record that it shows.
	lag    time.Duration
	listed record
	// limitFirst makes the bank check the limit before the number, and
	// limitSpent says that the invoice itself uses the limit up.
	limitFirst, limitSpent bool
	// step is told before and after each call and look; nil for nobody.
	step func()
	// faults and queryFails say what goes wrong with the next calls and queries.
	faults     []string
	queryFails []bool
}

// next takes the first element of a script, the zero value when it has run out.
func next[T any](script *[]T) (v T) {
	if len(*script) > 0 {
		v, *script = (*script)[0], (*script)[1:]
	}
	return v
}

func (b *modelBank) Wait(ctx context.Context, _ command.Name) error { return context.Cause(ctx) }
func (b *modelBank) Shut(command.Name) bool                         { return false }
func (b *modelBank) onStep(step func())                             { b.step = step }

func (b *modelBank) Call(_ context.Context, c *command.Command, call command.Call) command.Verdict {
	if b.step != nil {
		b.step()
		defer b.step()
	}
	if c.Name() == command.DBSInvoiceResultsQuery {
		return b.list()
	}
	if err := call.Permit(); err != nil {
		return unreachable()
	}
	b.writes++
	switch next(&b.faults) {
	case "lost before":
		return lost()
	case "lost after":
		b.apply(call.Operation)
		return lost()
	case "late":
		time.AfterFunc(time.Second, func() { b.apply(call.Operation) })
		return lost()
	case "999 before":
		return fault999()
	case "999 after":
		b.apply(call.Operation)
		return fault999()
	}
	v := b.apply(call.Operation)
	if v.Category == command.CategoryDuplicate {
		b.writes--
	}
	return v
}

func fault999() command.Verdict { return fault("999", command.CodeDBSBankUnexpectedError) }

// apply carries an operation out and answers it.
func (b *modelBank) apply(operation command.InvoiceOperation) command.Verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer time.AfterFunc(b.lag, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.listed = b.held
	})
	amount := b.inv.Amount.Rat().Num().Int64()
	switch operation {
	case command.InsertInvoice:
		switch {
		case b.limitFirst && b.limitSpent && b.held.exists && !b.held.passive:
			return refused("129", command.CodeDealerLimitExceeded)
		case b.held.exists && b.held.passive:
			return duplicate("110", command.CodeInvoicePreviouslyCancelled)
		case b.held.exists:
			return duplicate("106", command.CodeInvoiceAlreadyRecorded)
		}
		b.held = record{exists: true, amount: amount}
		return ok(command.CodeInvoiceAccepted)
	case command.UpdateInvoice:
		if !b.held.exists {
			return notFound()
		}
		b.held = record{exists: true, amount: amount}
		return ok(command.CodeInvoiceUpdated)
	}
	if !b.held.exists || b.held.passive {
		return notFound()
	}
	b.held.passive = true
	return ok(command.CodeInvoiceCancelled)
}

func (b *modelBank) list() command.Verdict {
	if next(&b.queryFails) {
		return http500(3)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lag == 0 {
		b.listed = b.held
	}
	if !b.listed.exists || (b.listed.passive && !b.listsPassive) {
		return listed()
	}
	return listed(row(b.inv, func(r *command.InvoiceResultRow) {
		amount := command.NewDecimal(b.listed.amount, 0)
		r.InvoiceAmount = &amount
		if b.listed.passive {
			r.Record = command.RecordPassive
		}
	}))
}

// drawInvoice draws a command and the bank that it meets.
func drawInvoice(rt *rapid.T) (command.InvoiceOperation, command.Maturity, *modelBank) {
	maturity := rapid.SampledFrom([]command.Maturity{command.Term, command.Term, command.Advance}).Draw(rt, "maturity")
	operations := []command.InvoiceOperation{command.InsertInvoice, command.UpsertInvoice}
	if maturity == command.Term {
		operations = append(operations, command.UpdateInvoice, command.CancelInvoice)
	}
	operation := rapid.SampledFrom(operations).Draw(rt, "operation")
	return operation, maturity, &modelBank{
		held: rapid.SampledFrom([]record{
			{}, {exists: true, amount: 900}, {exists: true, amount: 5}, {exists: true, passive: true, amount: 900},
		}).Draw(rt, "held before"),
		listsPassive: rapid.Bool().Draw(rt, "lists passive rows"),
		lag:          rapid.SampledFrom([]time.Duration{0, 3 * time.Second}).Draw(rt, "the list's lag"),
		limitFirst:   rapid.Bool().Draw(rt, "checks the limit first"),
		limitSpent:   rapid.Bool().Draw(rt, "the invoice spends the limit"),
		faults: rapid.SliceOfN(rapid.SampledFrom([]string{
			"none", "lost before", "lost after", "late", "999 before", "999 after",
		}), 0, 4).Draw(rt, "faults"),
		queryFails: rapid.SliceOfN(rapid.Bool(), 0, 5).Draw(rt, "failing queries"),
	}
}

// meet has the bank keep the invoice that the command is about.
func (b *modelBank) meet(inv *command.Invoice) (before record) {
	amount := command.NewDecimal(900, 0)
	inv.Amount, b.inv, b.listed = &amount, inv, b.held
	return b.held
}

// TestOutcomesNeverContradictTheBank runs commands over a bank that lies, and
// holds every outcome against what the bank really has. No record is made of the
// attempts, so that nobody but this process can know of them.
func TestOutcomesNeverContradictTheBank(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		operation, maturity, bank := drawInvoice(rt)
		stop := time.Duration(rapid.IntRange(0, 30_000).Draw(rt, "stop after ms")) * time.Millisecond
		var lie string
		synctest.Test(t, func(t *testing.T) {
			inv := invoice(operation, maturity)
			before := bank.meet(inv)
			b := setup(t, inv, withoutAttempts)
			b.p.bank = bank
			ctx := t.Context()
			if stop > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, stop)
				defer cancel()
			}
			err := b.p.Handle(ctx, b.m)
			time.Sleep(time.Minute) // whatever comes late has come
			synctest.Wait()
			switch {
			case err == nil:
				lie = contradiction(b.log.outcomes[0], inv, before, bank)
			case !errors.Is(err, ErrReleased) || len(b.log.outcomes) > 0:
				lie = fmt.Sprintf("Handle: %v with %d outcomes", err, len(b.log.outcomes))
			case bank.held != before:
				lie = "released, although the bank has changed"
			}
		})
		if lie != "" {
			rt.Fatal(lie)
		}
	})
}

// TestOutcomesNeverContradictTheBankAcrossLives does the same through crashes,
// stops and fences: each owner knows what the records say, and nothing else.
func TestOutcomesNeverContradictTheBankAcrossLives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		operation, maturity, bank := drawInvoice(rt)
		ls := rapid.SliceOfN(rapid.Custom(drawLife), 1, 4).Draw(rt, "lives")
		var lie string
		synctest.Test(t, func(t *testing.T) {
			inv := invoice(operation, maturity)
			before := bank.meet(inv)
			b := setup(t, inv)
			lie = b.liveOn(ls, bank, Config{})
			time.Sleep(time.Minute)
			synctest.Wait()
			if lie == "" {
				lie = contradiction(b.log.outcomes[0], inv, before, bank)
			}
		})
		if lie != "" {
			rt.Fatal(lie)
		}
	})
}

// contradiction says where an outcome and the bank's ledger differ, "" if nowhere.
func contradiction(o *command.Outcome, inv *command.Invoice, before record, bank *modelBank) string {
	after := bank.held
	done := after == record{exists: true, amount: 900}
	if inv.Operation == command.CancelInvoice {
		done = !after.exists || after.passive
	}
	switch {
	case o.Status == command.Succeeded && !done:
		return fmt.Sprintf("SUCCEEDED %s, but the bank holds %+v", o.Code, after)
	case (o.Status == command.Rejected || o.Status == command.Failed) && after != before:
		return fmt.Sprintf("%s %s, but the bank went from %+v to %+v", o.Status, o.Code, before, after)
	case inv.Maturity == command.Advance && bank.writes > 1:
		return fmt.Sprintf("an advance invoice was sent %d times", bank.writes)
	}
	return ""
}
