package banksim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"bankprocessor/internal/banksim"
)

func (b *bundle) has(f fields) bool {
	i, ok := b.bank.Invoice(f["AssociationCode"].(string), f["SubscriberNumber"].(string), f["InvoiceNumber"].(string))
	return ok && i.RecordStatus == "A"
}

// TestFaults strikes one insert with each kind: what the caller meets, whether
// the ledger has the invoice, and what the journal says.
func TestFaults(t *testing.T) {
	t.Parallel()
	one := func(v int64) *int64 { return &v }
	closed := func(t *testing.T, a answer) {
		t.Helper()
		if a.err == nil || a.status != 0 {
			t.Errorf("want a closed connection, got %d %s", a.status, a.body)
		}
	}
	gets := func(status int, part string) func(*testing.T, answer) {
		return func(t *testing.T, a answer) {
			t.Helper()
			if a.err != nil || a.status != status || !strings.Contains(a.body, part) {
				t.Errorf("want %d with %q, got %d %q %v", status, part, a.status, a.body, a.err)
			}
		}
	}
	tests := []struct {
		name    string
		fault   banksim.Fault
		check   func(*testing.T, answer)
		applied bool
		lost    bool
		code    string
		status  int // in the journal
	}{
		{name: "answer lost after the effect", fault: banksim.Fault{Kind: banksim.FaultAnswerLost}, check: closed, applied: true, lost: true, code: "000"},
		{name: "request lost before it", fault: banksim.Fault{Kind: banksim.FaultRequestLost}, check: closed, lost: true},
		{name: "reset before", fault: banksim.Fault{Kind: banksim.FaultReset}, lost: true, check: func(t *testing.T, a answer) {
			t.Helper()
			if !errors.Is(a.err, syscall.ECONNRESET) {
				t.Errorf("want a reset, got %v", a.err)
			}
		}},
		{name: "reset after", fault: banksim.Fault{Kind: banksim.FaultReset, When: banksim.After}, check: closed, applied: true, lost: true, code: "000"},
		{name: "503 before", fault: banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 503, Body: "down"}, check: gets(503, "down"), status: 503},
		{name: "500 after", fault: banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 500, When: banksim.After}, check: gets(500, ""), applied: true, code: "000", status: 500},
		{name: "429 with Retry-After", fault: banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 429, Headers: map[string]string{"Retry-After": "7"}, Body: "Rate limit is exceeded. Try again in 7 seconds."}, status: 429, check: func(t *testing.T, a answer) {
			t.Helper()
			gets(429, "Rate limit")(t, a)
			if a.header.Get("Retry-After") != "7" {
				t.Errorf("headers %v", a.header)
			}
		}},
		{name: "a redirect", fault: banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 307, Headers: map[string]string{"Location": "/elsewhere"}}, check: gets(307, ""), status: 307},
		{name: "a code before", fault: banksim.Fault{Kind: banksim.FaultCode, Code: "999", State: one(1)}, code: "999", status: 200, check: func(_ *testing.T, a answer) {
			a.ok().want("Data.ErrorCode", "999", "Data.ErrorMessage", "Beklenmeyen Hata", "Data.State", "1")
		}},
		{name: "a code after", fault: banksim.Fault{Kind: banksim.FaultCode, Code: "118", Message: "yok", When: banksim.After}, applied: true, code: "118", status: 200, check: func(_ *testing.T, a answer) {
			a.ok().want("Data.ErrorCode", "118", "Data.ErrorMessage", "yok", "Data.State", "2")
		}},
		{name: "another State after", fault: banksim.Fault{Kind: banksim.FaultCode, State: one(1), When: banksim.After}, applied: true, code: "000", status: 200, check: func(_ *testing.T, a answer) {
			a.ok().want("Data.ErrorCode", "000", "Data.State", "1")
		}},
		{name: "no code and no State", fault: banksim.Fault{Kind: banksim.FaultCode, NoCode: true, NoState: true, When: banksim.After}, applied: true, status: 200, check: func(_ *testing.T, a answer) {
			a.ok().want("Data.ErrorCode", nil, "Data.State", nil)
		}},
		{name: "an Error envelope with 200", fault: banksim.Fault{Kind: banksim.FaultCode, Error: &banksim.PlatformError{Code: 90012, Description: "Kapalı", TransactionID: 77}}, code: "Error 90012", status: 200, check: func(_ *testing.T, a answer) {
			a.ok().want("Error.Code", "90012", "Error.Description", "Kapalı", "Error.TransactionId", "77", "Data", "(absent)")
		}},
		{name: "an Error envelope with 500 after", fault: banksim.Fault{Kind: banksim.FaultCode, HTTPStatus: 500, When: banksim.After, Error: &banksim.PlatformError{Code: 5}}, applied: true, code: "Error 5", status: 500, check: gets(500, `"Code":5`)},
		{name: "a firewall's page", fault: banksim.Fault{Kind: banksim.FaultHTML}, check: gets(200, "<html>"), status: 200},
		{name: "a firewall's 403", fault: banksim.Fault{Kind: banksim.FaultHTML, HTTPStatus: 403}, check: gets(403, "<html>"), status: 403},
		{name: "an empty body", fault: banksim.Fault{Kind: banksim.FaultEmpty}, applied: true, code: "000", status: 200, check: func(t *testing.T, a answer) {
			t.Helper()
			if a.ok().body != "" {
				t.Errorf("body %q", a.body)
			}
		}},
		{name: "half a body", fault: banksim.Fault{Kind: banksim.FaultHalfBody}, applied: true, lost: true, code: "000", status: 200, check: func(t *testing.T, a answer) {
			t.Helper()
			if !errors.Is(a.err, io.ErrUnexpectedEOF) || !strings.HasPrefix(a.body, `{"$type":`) {
				t.Errorf("got %q and %v", a.body, a.err)
			}
		}},
		{name: "too much body", fault: banksim.Fault{Kind: banksim.FaultOversize, Size: 100_000}, applied: true, code: "000", status: 200, check: func(t *testing.T, a answer) {
			t.Helper()
			a.ok().want("Data.ErrorCode", "000")
			if len(a.body) != 100_000 {
				t.Errorf("%d bytes", len(a.body))
			}
		}},
		{name: "numbers as strings", fault: banksim.Fault{Kind: banksim.FaultNumbersAsText}, applied: true, code: "000", status: 200, check: gets(200, `"State":"2"`)},
		{name: "codes as numbers", fault: banksim.Fault{Kind: banksim.FaultCodesAsNumbers}, applied: true, code: "000", status: 200, check: gets(200, `"ErrorCode":0,`)},
		{name: "a slow answer", fault: banksim.Fault{Kind: banksim.FaultLatency, Latency: banksim.Latency{Fixed: banksim.Duration(time.Millisecond)}}, applied: true, code: "000", status: 200, check: gets(200, `"000"`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			tt.fault.Times = 1
			tt.fault.Match.Method = banksim.MethodInvoice
			id := b.fault(tt.fault)
			tt.check(t, b.invoice(termInvoice()))
			if b.has(termInvoice()) != tt.applied {
				t.Errorf("recorded: %v, want %v", !tt.applied, tt.applied)
			}
			call := b.last()
			if !call.Done || call.Applied != tt.applied || call.AnswerLost != tt.lost || call.Code != tt.code || call.HTTPStatus != tt.status {
				t.Errorf("journal has %+v", call)
			}
			if len(call.Faults) != 1 || call.Faults[0] != id {
				t.Errorf("struck by %v, want %s", call.Faults, id)
			}
			b.recorded(termInvoice().with("InvoiceNumber", "next")) // the fault is spent
			if states := b.bank.Faults(); len(states) != 1 || states[0].Hits != 1 {
				t.Errorf("faults %+v", states)
			}
		})
	}
}

func TestShapesOfLists(t *testing.T) {
	t.Parallel()
	day := resultsQuery("2026-12-02T00:00:00", "2026-12-02T23:59:59").String()
	get := func(t *testing.T, f banksim.Fault, invoices int) answer {
		t.Helper()
		b := setup(t)
		for i := range invoices {
			b.recorded(termInvoice().with("InvoiceNumber", string(rune('1'+i))))
		}
		b.fault(f)
		return b.call(banksim.MethodResults, day).ok()
	}
	const list = "Data.DBSInvoiceResult"
	get(t, banksim.Fault{Kind: banksim.FaultCollapseLists}, 0).want(list+".ResultCode", "201")
	get(t, banksim.Fault{Kind: banksim.FaultCollapseLists}, 1).want(list+".1.InvoiceNumber", "1")
	get(t, banksim.Fault{Kind: banksim.FaultRepeatStatus}, 2).want(list+".0.ResultCode", "000", list+".1.InvoiceNumber", "1",
		list+".2.ResultCode", "000", list+".3.InvoiceNumber", "2", list+".4", "(absent)")
	get(t, banksim.Fault{Kind: banksim.FaultPageFields}, 1).want(list+".1.InvoiceNumber", "1", list+".1.RecordStatus", "(absent)", list+".1.LastPaymentDate", "(absent)")
	get(t, banksim.Fault{Kind: banksim.FaultNumbersAsText}, 1).want(list+".1.InvoiceAmount", "900")

	b := setup(t)
	b.fault(banksim.Fault{Kind: banksim.FaultEmptyListText})
	b.fault(banksim.Fault{Kind: banksim.FaultCode, NoCode: true})
	b.call(banksim.MethodResults, day).ok().want(list, "")
	b.call(banksim.MethodLimit, limitQuery("SOLEN", "0222").String()).ok().want("Data.DBSLimitResult", "")
}

func TestFaultsMatch(t *testing.T) {
	t.Parallel()
	lost := func(m banksim.Match) banksim.Fault { return banksim.Fault{Kind: banksim.FaultRequestLost, Match: m} }
	update := termInvoice().with("OperationType", "U")
	for name, m := range map[string]banksim.Match{
		"method": {Method: banksim.MethodInvoice}, "key": {Key: "SOLEN|0222"}, "dealer": {Dealer: "0222"},
		"invoice": {InvoiceNumber: "888888888849635547"}, "operation": {Operation: "I"}, "session": {ChannelSessionID: session},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.fault(lost(m))
			if a := b.invoice(termInvoice()); a.err == nil {
				t.Errorf("the fault did not strike: %s", a.body)
			}
		})
	}
	for name, m := range map[string]banksim.Match{
		"method": {Method: banksim.MethodLimit}, "key": {Key: "SOLEN"}, "dealer": {Dealer: "222"}, "invoice": {InvoiceNumber: "8"},
		"operation": {Operation: "D"}, "session": {ChannelSessionID: "x"}, "one of two": {Dealer: "0222", Operation: "D"},
	} {
		t.Run("not "+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.fault(lost(m))
			b.invoice(update).ok()
		})
	}
	t.Run("skip and times", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		f := lost(banksim.Match{Skip: 1})
		f.Times = 2
		b.fault(f)
		var got []bool
		for range 5 {
			got = append(got, b.invoice(update).err != nil)
		}
		if got[0] || !got[1] || !got[2] || got[3] || got[4] {
			t.Errorf("struck %v", got)
		}
	})
	t.Run("one in n is about that and the same for a seed", func(t *testing.T) {
		t.Parallel()
		run := func(seed uint64) (pattern string) {
			b := setup(t)
			b.fault(banksim.Fault{Kind: banksim.FaultHTML, Match: banksim.Match{OneIn: 4, Seed: seed}})
			for range 200 {
				pattern += b.invoice(update).ok().body[:1]
			}
			return pattern
		}
		first, again, other := run(7), run(7), run(8)
		if hits := strings.Count(first, "<"); hits < 25 || hits > 80 {
			t.Errorf("%d of 200 struck, want about 50", hits)
		}
		if first != again || first == other {
			t.Error("a seed does not decide who is struck")
		}
	})
	t.Run("the first of two answers", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.fault(banksim.Fault{ID: "a", Kind: banksim.FaultCode, Code: "101", Times: 1})
		b.fault(banksim.Fault{ID: "b", Kind: banksim.FaultCode, Code: "102", Times: 1})
		b.fault(banksim.Fault{ID: "c", Kind: banksim.FaultNumbersAsText})
		b.invoice(update).ok().want("Data.ErrorCode", "101", "Data.RefNumber", "0")
		if got := b.last().Faults; len(got) != 2 || got[0] != "a" || got[1] != "c" {
			t.Errorf("struck by %v", got)
		}
		b.invoice(update).ok().want("Data.ErrorCode", "102")
		if b.bank.ClearFaults("a", "c", "x") != 2 || len(b.bank.Faults()) != 1 || b.bank.ClearFaults() != 1 {
			t.Error("faults are not removed by their ids")
		}
		b.invoice(update).ok().want("Data.ErrorCode", "128")
	})
}

func TestTokenFaults(t *testing.T) {
	t.Parallel()
	for kind, code := range map[banksim.Kind]string{banksim.FaultExpireTokens: "ACBG000001", banksim.FaultRevokeTokens: "ACBG000002"} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			token := b.token()
			b.fault(banksim.Fault{Kind: kind, Times: 1, Match: banksim.Match{Method: banksim.MethodLoan}})
			a := b.loan(token, income().String())
			a.want("Header.StatusCode", code)
			b.loan(b.token(), income().String()).ok()
		})
	}
	t.Run("the token endpoint itself", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.fault(banksim.Fault{Kind: banksim.FaultCode, Code: "ACBG000010", Times: 1, Match: banksim.Match{Method: banksim.MethodToken}})
		a := b.grant(banksim.DefaultClientID, banksim.DefaultClientSecret)
		if a.status != http.StatusUnauthorized {
			t.Errorf("HTTP %d", a.status)
		}
		a.want("Header.StatusCode", "ACBG000010", "access_token", "(absent)")
	})
}

func TestHang(t *testing.T) {
	t.Parallel()
	arrived := func(c banksim.Call) bool { return c.Method == banksim.MethodInvoice }
	for _, when := range []banksim.When{banksim.Before, banksim.After} {
		t.Run(string(when)+", released", func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.fault(banksim.Fault{Kind: banksim.FaultHang, When: when, Times: 1})
			answers := make(chan answer, 1)
			r := b.interAPI(banksim.MethodInvoice, termInvoice().String())
			go func() { answers <- b.do(r) }()
			if _, err := b.bank.WaitForArrivals(b.deadline(), 1, arrived); err != nil {
				t.Fatal(err)
			}
			if b.bank.Calls(0)[0].Done {
				t.Error("a hung call is done")
			}
			b.recorded(termInvoice().with("SubscriberNumber", "9001")) // nobody else hangs
			b.bank.Release()
			(<-answers).ok().want("Data.ErrorCode", "000")
		})
		t.Run(string(when)+", the caller leaves", func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.fault(banksim.Fault{Kind: banksim.FaultHang, When: when, Times: 1})
			ctx, leave := context.WithCancel(b.Context())
			r := b.interAPI(banksim.MethodInvoice, termInvoice().String()).WithContext(ctx)
			answers := make(chan answer, 1)
			go func() { answers <- b.do(r) }()
			if _, err := b.bank.WaitForArrivals(b.deadline(), 1, arrived); err != nil {
				t.Fatal(err)
			}
			leave()
			if a := <-answers; a.err == nil {
				t.Errorf("answered %s", a.body)
			}
			calls, err := b.bank.WaitForCalls(b.deadline(), 1, arrived)
			if err != nil {
				t.Fatal(err)
			}
			applied := when == banksim.After
			if calls[0].Applied != applied || !calls[0].AnswerLost || b.has(termInvoice()) != applied {
				t.Errorf("journal has %+v", calls[0])
			}
		})
	}
	t.Run("removed fault", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		id := b.fault(banksim.Fault{Kind: banksim.FaultHang})
		answers := make(chan answer, 1)
		r := b.interAPI(banksim.MethodInvoice, termInvoice().String())
		go func() { answers <- b.do(r) }()
		if _, err := b.bank.WaitForArrivals(b.deadline(), 1, nil); err != nil {
			t.Fatal(err)
		}
		b.bank.ClearFaults(id)
		(<-answers).ok()
	})
	t.Run("over by itself", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.fault(banksim.Fault{Kind: banksim.FaultHang, For: banksim.Duration(50 * time.Millisecond)})
		start := time.Now()
		b.recorded(termInvoice())
		if d := time.Since(start); d < 50*time.Millisecond {
			t.Errorf("hung for %s", d)
		}
	})
}

// TestLateEffect: a caller leaves, and the effect comes all the same.
func TestLateEffect(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.fault(banksim.Fault{Kind: banksim.FaultLatency, When: banksim.Before, Latency: banksim.Latency{Fixed: banksim.Duration(50 * time.Millisecond)}})
	ctx, leave := context.WithCancel(b.Context())
	r := b.interAPI(banksim.MethodInvoice, termInvoice().String()).WithContext(ctx)
	answers := make(chan answer, 1)
	go func() { answers <- b.do(r) }()
	if _, err := b.bank.WaitForArrivals(b.deadline(), 1, nil); err != nil {
		t.Fatal(err)
	}
	leave()
	<-answers
	calls, err := b.bank.WaitForCalls(b.deadline(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !calls[0].Applied || !b.has(termInvoice()) {
		t.Errorf("journal has %+v", calls[0])
	}
}

func TestFaultValidate(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]banksim.Fault{
		"no kind":          {},
		"unknown kind":     {Kind: "flood"},
		"unknown side":     {Kind: banksim.FaultHang, When: "during"},
		"no choice":        {Kind: banksim.FaultAnswerLost, When: banksim.Before},
		"no status":        {Kind: banksim.FaultHTTP},
		"status 100":       {Kind: banksim.FaultHTTP, HTTPStatus: 100},
		"negative times":   {Kind: banksim.FaultHTML, Times: -1},
		"huge":             {Kind: banksim.FaultOversize, Size: 2 << 30},
		"no latency":       {Kind: banksim.FaultLatency},
		"negative latency": {Kind: banksim.FaultLatency, Latency: banksim.Latency{Fixed: -1}},
		"hang backwards":   {Kind: banksim.FaultHang, For: -1},
		"length of a loss": {Kind: banksim.FaultAnswerLost, For: 1},
		"half a latency":   {Kind: banksim.FaultLatency, Latency: banksim.Latency{Median: 1}},
	} {
		if _, err := setup(t).bank.AddFault(f); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
