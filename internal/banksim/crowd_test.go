package banksim_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
)

// TestCrowd: many callers, one call at a time per dealer, while faults come and
// go and others read. Every invoice is recorded once, and the journal has every
// call of a dealer in order.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const dealers, invoices = 20, 10
	b := setup(t)
	body := func(dealer, i int) string {
		f := termInvoice().with("SubscriberNumber", fmt.Sprint(dealer), "InvoiceNumber", fmt.Sprint(i))
		return fmt.Sprintf(`{"Header":{"AppKey":%q,"Channel":"API","ChannelSessionId":%q,"ChannelRequestId":"%d-%d"},"Parameters":[%s]}`,
			banksim.DefaultAppKey, session, dealer, i, f)
	}
	var callers sync.WaitGroup
	for dealer := range dealers {
		callers.Go(func() {
			for i := range invoices {
				r := b.request("POST", banksim.DefaultPathPrefix+banksim.MethodInvoice, "application/json", body(dealer, i))
				r.Header.Set("Ocp-Apim-Subscription-Key", banksim.DefaultSubscriptionKey)
				b.do(r) // answered or not
			}
		})
	}
	callers.Go(func() {
		for i := range 50 {
			kind := []banksim.Kind{banksim.FaultAnswerLost, banksim.FaultHalfBody, banksim.FaultNumbersAsText}[i%3]
			id, err := b.bank.AddFault(banksim.Fault{Kind: kind, Match: banksim.Match{OneIn: 3}})
			if err != nil {
				t.Error(err)
			}
			b.bank.Ledger()
			b.bank.Calls(0)
			b.bank.Faults()
			b.bank.Release()
			b.bank.ClearFaults(id)
		}
	})
	callers.Wait()

	calls, err := b.bank.WaitForCalls(b.deadline(), dealers*invoices, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.bank.Calls(0)) != len(calls) {
		t.Errorf("%d calls finished, %d came", len(calls), len(b.bank.Calls(0)))
	}
	next := map[string]int{}
	for _, c := range b.bank.Calls(0) {
		if c.InvoiceNumber != fmt.Sprint(next[c.Key]) || c.Overlaps || !c.Applied {
			t.Fatalf("want invoice %d of %s, got %+v", next[c.Key], c.Key, c)
		}
		next[c.Key]++
	}
	for _, i := range b.bank.Ledger().Invoices {
		if i.Applied("I") != 1 || len(i.History) != 1 {
			t.Errorf("invoice %+v", i)
		}
	}
}

func TestStateOfCustomerMethods(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := int64(1)
	b.fault(banksim.Fault{Kind: banksim.FaultCode, State: &other, When: banksim.After, Times: 1})
	b.call(banksim.MethodCreate, digitalCustomer()).ok().want("Data.State", "1", "Data.ProcessId", "2611190309000001")
	b.fault(banksim.Fault{Kind: banksim.FaultCode, NoState: true, Times: 3})
	b.call(banksim.MethodCreate, digitalCustomer()).ok().want("Data.State", nil, "Data.ProcessId", nil, "Data.CustomerId", nil)
	info := informations("2611190309000001", "5035000001")
	b.call(banksim.MethodUpdate, info.String()).ok().want("Data.State", nil, "Data.ProcessId", nil, "Data.CalculateLimit", nil)
	b.call(banksim.MethodComplete, completion("2611190309000001", "5035000001").String()).ok().want("Data.State", nil)
	if flows := b.bank.Ledger().Flows; flows[0].Updates != 0 || flows[0].Completed {
		t.Errorf("a code before the effect had one: %+v", flows[0])
	}
}

func TestLatencyOfMethods(t *testing.T) {
	t.Parallel()
	const slow = 30 * time.Millisecond
	b := setup(t, func(c *banksim.Config) { c.Latency = banksim.Latency{Fixed: banksim.Duration(slow)} })
	took := func(method string) time.Duration {
		start := time.Now()
		b.call(method, limitQuery("SOLEN", "0222").String()).ok()
		return time.Since(start)
	}
	if d := took(banksim.MethodLimit); d < slow {
		t.Errorf("answered after %v", d)
	}
	if err := b.bank.SetLatency("", banksim.Latency{}); err != nil {
		t.Fatal(err)
	}
	if err := b.bank.SetLatency(banksim.MethodLimit, banksim.Latency{Fixed: banksim.Duration(2 * slow)}); err != nil {
		t.Fatal(err)
	}
	if d := took(banksim.MethodLimit); d < 2*slow {
		t.Errorf("answered after %v", d)
	}
}

func TestComplaintsAreBounded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	surprises := fields{}
	for i := range 202 {
		surprises[fmt.Sprint("x", i)] = true
	}
	query := surprises.with("AssociationCode", "SOLEN", "SubscriberNumber", "0222", "InvoicesIncluded", "122026", "CustomerNo", n("955807"))
	for range 50 {
		b.call(banksim.MethodLimit, query.String()).ok().want("Data.DBSLimitResult.0.ResultCode", "300")
	}
	ledger := b.bank.Ledger()
	if len(ledger.Complaints) != 10_000 || ledger.ComplaintsDropped != 100 {
		t.Errorf("%d complaints, %d dropped", len(ledger.Complaints), ledger.ComplaintsDropped)
	}
}
