package banksim

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bankprocessor/internal/command"
)

// TestLedgerHolds throws random operations at two dealers and checks after each
// one what must always hold.
func TestLedgerHolds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	today := istanbulDay(now)
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{World: World{
			Companies: []Company{{Code: "C", CustomerNo: 1, Currencies: []string{"TRY", "USD"}}},
			Dealers: []Dealer{
				{Company: "C", Code: "a", Limit: Units(100), Balance: Units(50), FXAccounts: map[string]Money{"USD": Units(3)}},
				{Company: "C", Code: "b", Limit: Units(10), Balance: Units(5)},
			},
		}}.WithDefaults()
		l := newLedger(&cfg, newLedgerWriter(cfg.Clock))
		money := func() Money {
			total := Money(0)
			for _, a := range l.dealers {
				total += a.Balance + l.rates.convert(a.FXAccounts["USD"], "USD", try) - a.drawn
			}
			return total
		}
		start := money()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			q := &invoiceOrder{
				company: "C", customerNo: 1, entry: "B", at: now, invoiceDate: today,
				dealer:          rapid.SampledFrom([]string{"a", "b"}).Draw(t, "dealer"),
				number:          rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "number"),
				operation:       rapid.SampledFrom([]string{"I", "U", "D", "PAY"}).Draw(t, "operation"),
				maturity:        rapid.SampledFrom([]string{"V", "V", "P"}).Draw(t, "maturity"),
				invoiceCurrency: rapid.SampledFrom([]string{"TRY", "USD"}).Draw(t, "invoice currency"),
				paymentCurrency: rapid.SampledFrom([]string{"TRY", "USD"}).Draw(t, "payment currency"),
				amount:          Units(rapid.Int64Range(1, 60).Draw(t, "amount")),
				due:             today.AddDays(rapid.IntRange(0, 3).Draw(t, "due")),
			}
			q.delayedDue = q.due
			if q.operation == "PAY" {
				_ = l.pay(Payment{Company: "C", Dealer: q.dealer, Number: q.number}, now)
			} else {
				before := snapshotOf(l)
				answer := l.order(q)
				if answer.applied != (answer.code == "000" || answer.code == "130") {
					t.Fatalf("%s applied: %v", answer.code, answer.applied)
				}
				if after := snapshotOf(l); !answer.applied && !reflect.DeepEqual(before, after) {
					t.Fatalf("%s changed %v to %v", answer.code, before, after)
				}
			}
			checkLedger(t, l)
		}
		paid := Money(0)
		for _, i := range l.invoiceOrder {
			paid += l.rates.convert(i.PaymentAmount, i.PaymentCurrency, try)
		}
		if off := start - money() - paid; off < -Units(1) || off > Units(1) {
			t.Fatalf("%s left the accounts, %s was paid", start-money(), paid)
		}
	})
}

// snapshotOf is what a refusal must leave as it is: everything but histories.
func snapshotOf(l *ledger) map[string]string {
	s := map[string]string{}
	for key, a := range l.dealers {
		s[key.dealer] = fmt.Sprint(a.state())
	}
	for key, i := range l.invoices {
		c := *i
		c.History = nil
		s[key.dealer+key.number] = fmt.Sprint(c)
	}
	return s
}

func checkLedger(t *rapid.T, l *ledger) {
	reserved := map[string]Money{}
	listed := 0
	for key, i := range l.invoices {
		open := i.RecordStatus == recordActive && i.Maturity == "V" && i.StatusCode != statusPaid
		if open != (i.Reserved > 0) {
			t.Fatalf("reservation of %+v", i)
		}
		reserved[key.dealer] += i.Reserved
		for _, there := range l.byDue[dueKey{"C", i.DueDate}] {
			if there == i {
				listed++
			}
		}
	}
	total := 0
	for _, day := range l.byDue {
		total += len(day)
	}
	if listed != len(l.invoices) || total != len(l.invoices) {
		t.Fatalf("%d invoices, %d under their due dates, %d in all", len(l.invoices), listed, total)
	}
	for key, a := range l.dealers {
		if a.reserved != reserved[key.dealer] || a.risk() > a.Limit || a.Balance < 0 || a.FXAccounts["USD"] < 0 {
			t.Fatalf("dealer %+v with %s reserved by its invoices", a.state(), reserved[key.dealer])
		}
	}
}

func TestIstanbulDay(t *testing.T) {
	t.Parallel()
	if got := istanbulDay(time.Date(2026, 11, 19, 21, 30, 0, 0, time.UTC)); got != (command.Date{Year: 2026, Month: 11, Day: 20}) {
		t.Errorf("got %s", got)
	}
}
