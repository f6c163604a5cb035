package banksim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// memory is a ledger file in memory.
type memory struct{ bytes.Buffer }

func (*memory) Close() error { return nil }

// TestReplayIsTheLedger: whatever is done to a bank, its lines are its ledger, but
// for what is about persons.
func TestReplayIsTheLedger(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 9, 0, 0, 123456789, time.UTC)
	today := istanbulDay(now)
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{
			Clock:      func() time.Time { return now },
			Duplicates: rapid.SampledFrom([]Duplicates{DuplicatesRefused, DuplicatesRecorded}).Draw(t, "duplicates"),
		}
		first, file := New(cfg), &memory{}
		first.writer.file = file
		l := first.ledger
		for n := range rapid.IntRange(1, 40).Draw(t, "steps") {
			by := &Cause{Seq: uint64(n), ChannelSessionID: "session", ChannelRequestID: "request", Traceparent: "parent"}
			number := rapid.SampledFrom([]string{"1", "2", "3"})
			dealer := rapid.SampledFrom([]string{"0222", "D101", "D129", "D130", "9001"})
			citizen := rapid.SampledFrom([]string{"10000000146", "19090909018"})
			process := rapid.SampledFrom([]int64{2611200309000001, 2611200309000002})
			switch rapid.SampledFrom([]string{"order", "order", "order", "pay", "create", "update", "complete", "loan", "dealer", "reset"}).Draw(t, "step") {
			case "order":
				q := &invoiceOrder{
					company: "SOLEN", customerNo: 955807, entry: "B", at: now, invoiceDate: today, by: by,
					dealer: dealer.Draw(t, "dealer"), number: number.Draw(t, "number"),
					operation:       rapid.SampledFrom([]string{"I", "U", "D"}).Draw(t, "operation"),
					maturity:        rapid.SampledFrom([]string{"V", "V", "P"}).Draw(t, "maturity"),
					invoiceCurrency: rapid.SampledFrom([]string{"TRY", "USD"}).Draw(t, "invoice currency"),
					paymentCurrency: rapid.SampledFrom([]string{"TRY", "USD"}).Draw(t, "payment currency"),
					amount:          Units(rapid.Int64Range(1, 90).Draw(t, "amount")),
					due:             today.AddDays(rapid.IntRange(0, 3).Draw(t, "due")),
				}
				q.delayedDue = q.due
				l.order(q)
			case "pay":
				_ = l.pay(Payment{Company: "SOLEN", Dealer: dealer.Draw(t, "dealer"), Number: number.Draw(t, "number")}, now)
			case "create":
				l.startFlow(by, citizen.Draw(t, "citizen"), "", "", false, now)
			case "update":
				l.updateFlow(by, process.Draw(t, "process"), 5_035_000_001, citizen.Draw(t, "citizen"), "")
			case "complete":
				l.completeFlow(by, process.Draw(t, "process"), 5_035_000_001, now)
			case "loan":
				l.mu.Lock()
				l.post(by, incomeSubmitted{Application: rapid.Int64Range(1, 3).Draw(t, "application"), At: now})
				l.mu.Unlock()
			case "dealer":
				d, _ := first.Dealer("SOLEN", dealer.Draw(t, "dealer"))
				d.Company, d.Code, d.Limit = "SOLEN", "9001", Units(rapid.Int64Range(0, 500).Draw(t, "limit"))
				d.Name = "Bayi 9001"
				if err := first.SetDealer(d.Dealer); err != nil {
					t.Fatal(err)
				}
			case "reset":
				first.Reset()
			}
		}
		second := New(cfg)
		second.ledger.persons = l.persons
		if _, torn, err := scanLedger(file, second.replay); torn || err != nil {
			t.Fatalf("torn %v, %v", torn, err)
		}
		if want, got := known(t, first), known(t, second); want != got {
			t.Fatalf("the bank knows\n%s\nits lines say\n%s", want, got)
		}
	})
}

// known is all of a ledger but the personal texts, which are masked or lost.
func known(t *rapid.T, b *Bank) string {
	l := b.Ledger()
	for i := range l.Flows {
		f := &l.Flows[i]
		f.CitizenshipNumber, f.PhoneNumber, f.Email, f.Informations = Personal{}, Personal{}, Personal{}, Personal{}
	}
	text, err := json.MarshalIndent(l, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fullDisk takes some lines and then no more.
type fullDisk struct{ left int }

var errFull = errors.New("no space left")

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.left--; d.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func (*fullDisk) Close() error { return nil }

// TestNobodyIsAnsweredWithoutALedger: what cannot be written is not answered, and
// serving ends with the reason.
func TestNobodyIsAnsweredWithoutALedger(t *testing.T) {
	t.Parallel()
	for lines := range 3 { // the arrival, the effect, the end of the call
		b := New(Config{})
		b.writer.file = &fullDisk{left: lines}
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		t.Cleanup(cancel)
		go func() { served <- b.Serve(ctx, listener, nil) }()
		body := `{"Header":{"AppKey":"` + DefaultAppKey + `","Channel":"API","ChannelSessionId":"1","ChannelRequestId":"2"},` +
			`"Parameters":[{"AssociationCode":"SOLEN","SubscriberNumber":"9001","InvoicesIncluded":"112026","CustomerNo":955807}]}`
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listener.Addr().String()+DefaultPathPrefix+MethodLimit, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Ocp-Apim-Subscription-Key", DefaultSubscriptionKey)
		transport := &http.Transport{}
		if answer, err := transport.RoundTrip(r); err == nil {
			text, _ := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			t.Errorf("answered %s after %d lines", text, lines)
		}
		transport.CloseIdleConnections()
		if err := <-served; !errors.Is(err, errFull) {
			t.Errorf("serving ended with %v", err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestARatioHoldsForAWholeRun: faults by ratio strike to the end, the same calls
// for the same seed, and each of several has its share.
func TestARatioHoldsForAWholeRun(t *testing.T) {
	t.Parallel()
	const calls, quarter = 40_000, 10_000
	strike := func() (hits map[string][4]int, struck []int) {
		var s faultSet
		hits = map[string][4]int{}
		for _, f := range []Fault{
			{ID: "lost", Kind: FaultAnswerLost, Match: Match{Method: MethodInvoice, OneIn: 100, Seed: 1}},
			{ID: "503", Kind: FaultHTTP, HTTPStatus: 503, Match: Match{Method: MethodInvoice, OneIn: 100, Seed: 2}},
			{ID: "hang", Kind: FaultHang, For: Duration(time.Second), Match: Match{OneIn: 1000, Seed: 3}},
		} {
			if _, err := s.add(f); err != nil {
				t.Fatal(err)
			}
		}
		for i := range calls {
			if p := s.plan(&Call{Method: MethodInvoice}); p.main != nil {
				count := hits[p.main.ID]
				count[i/quarter]++
				hits[p.main.ID] = count
				struck = append(struck, i)
			}
		}
		return hits, struck
	}
	hits, struck := strike()
	for id, want := range map[string]int{"lost": 100, "503": 100, "hang": 10} {
		for i, n := range hits[id] {
			if n < want/3 || n > want*2 {
				t.Errorf("%s struck %d times in quarter %d, want about %d", id, n, i+1, want)
			}
		}
	}
	if _, again := strike(); len(again) != len(struck) || again[0] != struck[0] || again[len(again)-1] != struck[len(struck)-1] {
		t.Error("the same seeds strike other calls")
	}
}
