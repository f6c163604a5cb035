package banksim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"bankprocessor/internal/banksim"
)

// setupLedger is setup with a ledger file.
func setupLedger(t *testing.T, configure ...func(*banksim.Config)) (b *bundle, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "ledger.ndjson")
	b = setup(t, append(configure, func(c *banksim.Config) { c.LedgerFile = file })...)
	return b, file
}

// again is a second bank on the file of the first, which ends.
func (b *bundle) again(file string, configure ...func(*banksim.Config)) *bundle {
	b.Helper()
	if err := b.bank.Close(); err != nil {
		b.Fatal(err)
	}
	return setup(b.T, append(configure, func(c *banksim.Config) { c.LedgerFile = file })...)
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lines reads a whole ledger file.
func lines(t *testing.T, file string) []banksim.LedgerLine {
	t.Helper()
	ledger, err := banksim.ReadLedger(strings.NewReader(readFile(t, file)))
	if err != nil || ledger.Torn {
		t.Fatalf("torn %v, %v", ledger.Torn, err)
	}
	return ledger.Lines
}

// story is what lines tell, in a few words each.
func story(lines []banksim.LedgerLine) string {
	var words []string
	for _, l := range lines {
		word := string(l.Event)
		switch {
		case l.Invoice != nil:
			word = fmt.Sprint("invoice ", l.Invoice.Change)
		case l.Flow != nil:
			word = fmt.Sprint("flow ", l.Flow.Change)
		case l.Event == banksim.EventFinished:
			word = fmt.Sprintf("finished %s", l.Call.Code)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// everything takes a bank through every change of a ledger.
func (b *bundle) everything() {
	b.Helper()
	b.recorded(termInvoice())
	b.recorded(termInvoice().with("OperationType", "U", "InvoiceAmount", n("800.5")))
	b.pay(termInvoice(), 100)
	other := termInvoice().with("InvoiceNumber", "2", "InvoiceCurrencyCode", "USD", "PaymentCurrencyCode", "USD")
	b.recorded(other)
	b.pay(other, 0)
	b.recorded(termInvoice().with("InvoiceNumber", "3", "SubscriberNumber", "9001"))
	b.recorded(termInvoice().with("InvoiceNumber", "3", "SubscriberNumber", "9001", "OperationType", "D"))
	b.recorded(advanceInvoice().with("InvoiceNumber", "4"))
	b.invoice(termInvoice()).ok().want("Data.ErrorCode", "106")
	dealer := banksim.Dealer{Company: "SOLEN", Code: "D777", Name: "Kişi Bayi", Limit: banksim.Units(5)}
	if err := b.bank.SetDealer(dealer); err != nil {
		b.Fatal(err)
	}
	process, customer := b.flow()
	b.call(banksim.MethodUpdate, informations(process, customer).String()).ok().want("Data.State", "2")
	b.call(banksim.MethodComplete, completion(process, customer).String()).ok().want("Data.State", "2")
	b.call(banksim.MethodComplete, completion(process, customer).String()).ok().want("Error.Code", "300007")
	for range 2 {
		b.loan(b.token(), income().String()).ok()
	}
}

// TestLedgerFileTellsEverything shows each change in the file, ahead of the end of
// its call and with the call that made it.
func TestLedgerFileTellsEverything(t *testing.T) {
	t.Parallel()
	b, file := setupLedger(t)
	r := b.interAPI(banksim.MethodInvoice, termInvoice().String())
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	r.Header.Set("Traceparent", parent)
	b.do(r).ok()
	told := lines(t, file)
	if got := story(told); got != "started, arrived, invoice recorded, finished 000" {
		t.Fatalf("the file tells: %s", got)
	}
	arrived, recorded, finished := told[1].Call, told[2], told[3].Call
	if arrived.Seq != 1 || arrived.Done || arrived.Traceparent != parent || arrived.Key != "SOLEN|0222" {
		t.Errorf("arrived %+v", arrived)
	}
	if !finished.Done || !finished.Applied || finished.HTTPStatus != 200 || finished.InvoiceNumber != "888888888849635547" {
		t.Errorf("finished %+v", finished)
	}
	if by := recorded.By; by.Seq != 1 || by.Traceparent != parent || by.ChannelRequestID != "request-1" || by.ChannelSessionID != session {
		t.Errorf("recorded by %+v", by)
	}
	state := recorded.Invoice.Invoice
	if state.Company != "SOLEN" || state.Dealer != "0222" || state.Number != "888888888849635547" ||
		state.Amount != banksim.Units(900) || !state.UpdatedAt.Equal(recorded.At) || state.InvoiceCurrency != "TRY" || state.DueDate.String() != "2026-12-02" {
		t.Errorf("recorded %+v", state)
	}

	b, file = setupLedger(t)
	b.everything()
	const call = "arrived, "
	const want = "started, " + call + "invoice recorded, finished 000, " + call + "invoice updated, finished 000, invoice paid, " +
		call + "invoice recorded, finished 000, invoice paid, " +
		call + "dealer, invoice recorded, finished 000, " + call + "invoice cancelled, finished 000, " +
		call + "invoice recorded, finished 000, " + call + "invoice refused, finished 106, dealer, " +
		call + "flow created, finished State 2, " + call + "flow updated, finished State 2, " +
		call + "flow completed, finished State 2, " + call + "flow refused, finished Error 300007, " +
		call + "finished , " + call + "loan, finished APIGW000000, " + call + "finished , " + call + "loan, finished APIGW000000"
	told = lines(t, file)
	if got := story(told); got != want {
		t.Errorf("the file tells\n%s\nwant\n%s", got, want)
	}
	var last banksim.LedgerLine
	for _, line := range told {
		if line.Flow != nil && (line.Flow.ProcessID == 0 || line.Flow.CustomerID == 0) {
			t.Errorf("a flow without its ids: %+v", line.Flow)
		}
		if line.Flow != nil || line.Loan != nil {
			last = line
		}
		if line.Flow != nil && line.Flow.Change == banksim.ChangeRefused && (line.Flow.Completions != 1 || line.Flow.CompletionsRefused != 1) {
			t.Errorf("a completion too many: %+v", line.Flow)
		}
	}
	if last.Loan.ApplicationNumber != 89999999 || last.Loan.Submissions != 2 || last.By.Seq == 0 {
		t.Errorf("the second pricing: %+v", last.Loan)
	}
}

// TestLedgerFileGoesOn starts a bank on the file of another.
func TestLedgerFileGoesOn(t *testing.T) {
	t.Parallel()
	first, file := setupLedger(t)
	first.everything()
	seq := first.last().Seq
	b := first.again(file)
	if b.bank.LedgerTorn() {
		t.Error("a whole file is called torn")
	}
	b.invoice(termInvoice()).ok().want("Data.ErrorCode", "106")
	if got := b.last().Seq; got != seq+1 {
		t.Errorf("call %d after call %d", got, seq)
	}
	process, customer := b.flow() // the same person's
	if flows := b.bank.Ledger().Flows; len(flows) != 1 || flows[0].Completions != 1 || fmt.Sprint(flows[0].ProcessID) != process {
		t.Errorf("flows %+v", flows)
	}
	b.call(banksim.MethodComplete, completion(process, customer).String()).ok().want("Error.Code", "300007")
	b.loan(b.token(), income().String()).ok()
	if loans := b.bank.Ledger().Loans; len(loans) != 1 || loans[0].Submissions != 3 {
		t.Errorf("loans %+v", loans)
	}
	if got := story(lines(t, file)); strings.Count(got, "started") != 2 || strings.Count(got, "flow created") != 1 {
		t.Errorf("the file tells %s", got)
	}

	b.bank.Reset()
	b = b.again(file)
	if l := b.bank.Ledger(); len(l.Invoices)+len(l.Flows)+len(l.Loans) != 0 {
		t.Error("what a reset took back has come again")
	}
	b.recorded(termInvoice())

	if err := os.Remove(file + ".key"); err != nil {
		t.Fatal(err)
	}
	b.flow()
	b = b.again(file)
	b.flow()
	if flows := b.bank.Ledger().Flows; len(flows) != 2 {
		t.Errorf("without the key the person is new to the bank: %d flows", len(flows))
	}
}

// TestLedgerFileWithATornEnd shows that the bank goes on from the last whole line,
// and that its reader says what it left out.
func TestLedgerFileWithATornEnd(t *testing.T) {
	t.Parallel()
	for _, end := range []string{`{"event":"invoice","at":"20`, `{"event":"started","at":"2026-11-20T09:00:00Z"}`} {
		first, file := setupLedger(t)
		first.recorded(termInvoice())
		whole := readFile(t, file)
		if err := os.WriteFile(file, []byte(whole+end), 0o600); err != nil {
			t.Fatal(err)
		}
		ledger, err := banksim.ReadLedger(strings.NewReader(whole + end))
		if err != nil || !ledger.Torn || story(ledger.Lines) != "started, arrived, invoice recorded, finished 000" {
			t.Errorf("torn %v, %s, %v", ledger.Torn, story(ledger.Lines), err)
		}
		b := first.again(file)
		if !b.bank.LedgerTorn() {
			t.Error("nobody says that the end was torn")
		}
		b.invoice(termInvoice()).ok().want("Data.ErrorCode", "106")
		if got := story(lines(t, file)); !strings.HasPrefix(got, "started, arrived, invoice recorded, finished 000, started, arrived, invoice refused") {
			t.Errorf("the file tells %s", got)
		}
	}
}

func TestLedgerFileThatIsBroken(t *testing.T) {
	t.Parallel()
	const started = `{"event":"started","at":"2026-11-20T09:00:00Z"}` + "\n"
	const arrived = `{"event":"arrived","at":"2026-11-20T09:00:00Z","call":{"seq":%d,"at":"2026-11-20T09:00:00Z","method":"token","done":false,"applied":false,"answerLost":false}}` + "\n"
	const invoice = `{"event":"invoice","at":"2026-11-20T09:00:00Z","invoice":{"change":"%s","asked":{},"state":{"company":"SOLEN","dealer":"%s","invoiceNumber":"1","copy":1}%s}}` + "\n"
	const flow = `{"event":"flow","at":"2026-11-20T09:00:00Z","flow":{"change":"%s","processId":1,"customerId":1,"person":""}}` + "\n"
	for name, tt := range map[string]struct{ text, want string }{
		"torn in the middle":         {started + "{\"event\":\n" + started, "line 2"},
		"broken at the end":          {started + started + "\x00\x00\n", "line 3"},
		"unknown event":              {`{"event":"moved","at":"2026-11-20T09:00:00Z"}` + "\n", `unknown event "moved"`},
		"unknown member":             {`{"event":"started","x":1}` + "\n", "line 1"},
		"two values":                 {strings.TrimSpace(started) + started, "more than one"},
		"event without its change":   {`{"event":"loan","at":"2026-11-20T09:00:00Z"}` + "\n", `"loan" without`},
		"two writers":                {fmt.Sprintf(arrived, 2) + fmt.Sprintf(arrived, 2), "call 2 arrived after call 2"},
		"no such dealer":             {fmt.Sprintf(invoice, "recorded", "Z", ""), `no dealer "Z"`},
		"no such account":            {fmt.Sprintf(invoice, "recorded", "D132", `,"debit":1,"debitCurrency":"USD"`), "no account in USD"},
		"refusal of nothing":         {fmt.Sprintf(invoice, "refused", "0222", ""), "not there"},
		"completion of nothing":      {fmt.Sprintf(flow, "completed"), "process 1"},
		"two flows of one process":   {fmt.Sprintf(flow+flow, "created", "created"), "line 2"},
		"unknown change of a flow":   {fmt.Sprintf(flow+flow, "created", "moved"), `unknown change "moved"`},
		"no such change (customers)": {fmt.Sprintf(flow+flow, "created", "paid"), `unknown change "paid"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "ledger.ndjson")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := banksim.Open(banksim.Config{LedgerFile: file})
			if !errors.Is(err, banksim.ErrLedger) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v", err)
			}
			if readFile(t, file) != tt.text {
				t.Error("a file that cannot be used was changed")
			}
		})
	}
	if _, err := banksim.Open(banksim.Config{LedgerFile: filepath.Join(t.TempDir(), "none", "ledger")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestEffectsAreOnDiskBeforeAnswers: whatever becomes of the answer, the effect
// stands in the file.
func TestEffectsAreOnDiskBeforeAnswers(t *testing.T) {
	t.Parallel()
	for _, kind := range []banksim.Kind{banksim.FaultAnswerLost, banksim.FaultHalfBody, banksim.FaultReset} {
		b, file := setupLedger(t)
		b.fault(banksim.Fault{Kind: kind, When: map[banksim.Kind]banksim.When{banksim.FaultReset: banksim.After}[kind]})
		if a := b.invoice(termInvoice()); a.err == nil {
			t.Fatalf("%s: a whole answer came", kind)
		}
		told := lines(t, file)
		if story(told) != "started, arrived, invoice recorded, finished 000" || !told[3].Call.AnswerLost {
			t.Errorf("%s: the file tells %s", kind, story(told))
		}
	}

	b, file := setupLedger(t)
	b.fault(banksim.Fault{Kind: banksim.FaultHang, When: banksim.After, Match: banksim.Match{Dealer: "0222"}})
	ctx, leave := context.WithCancel(t.Context())
	r := b.interAPI(banksim.MethodInvoice, termInvoice().String()).WithContext(ctx)
	var caller sync.WaitGroup
	caller.Go(func() { b.do(r) })
	if _, err := b.bank.WaitForArrivals(b.deadline(), 1, nil); err != nil {
		t.Fatal(err)
	}
	effect := func() bool {
		ledger, err := banksim.ReadLedger(strings.NewReader(readFile(t, file))) // it is being written
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, line := range ledger.Lines {
			if line.Event == banksim.EventFinished {
				t.Fatal("a hung call is finished")
			}
			found = found || line.Invoice != nil && line.Invoice.Change == banksim.ChangeRecorded && line.By.Seq == 1
		}
		return found
	}
	for patience := b.deadline(); !effect(); runtime.Gosched() {
		if patience.Err() != nil {
			t.Fatalf("the hung call's effect is not in the file: %s", readFile(t, file))
		}
	}
	leave()
	caller.Wait()
}

// TestLedgerFileHoldsNoPersonalData looks for canaries in every byte of the file.
func TestLedgerFileHoldsNoPersonalData(t *testing.T) {
	t.Parallel()
	b, file := setupLedger(t)
	b.everything()
	b.recorded(termInvoice().with("InvoiceNumber", "5", "Explanation", "canary-explanation", "ParametricCode", "canary-parametric",
		"SubscriberName", "canary-name", "SubscriberSurname", "canary-surname"))
	process, customer := b.flow()
	b.call(banksim.MethodComplete, completion(process, customer).with("Email", "canary@example.com", "UserCode", `DOMAIN\canary`).String())
	b.call(banksim.MethodCreate, `{"IsGetProcess":"canary-malformed"}`)
	b.loan(b.token(), income().with("ApplicationNumber", n("7"), "MonthlyIncomeAmount", n("98765.43")).String()).ok()
	text := readFile(t, file)
	for _, canary := range []string{
		"10000000146", "5559999999", "example.com", "canary", "98765", "Kişi", "Bayi", "ÜNİVERSİTE", "20000", "Mimar",
		banksim.DefaultAppKey, banksim.DefaultClientSecret, banksim.DefaultSubscriptionKey,
	} {
		if strings.Contains(text, canary) {
			t.Errorf("the file holds %q", canary)
		}
	}
	for _, name := range []string{file, file + ".key"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	if key := readFile(t, file+".key"); strings.Contains(text, key) {
		t.Error("the key of persons' digests stands in the file")
	}
}

// TestLedgerFileUnderACrowd: whole lines, arrivals in order, and every effect
// between the arrival and the end of its call.
func TestLedgerFileUnderACrowd(t *testing.T) {
	t.Parallel()
	const dealers, invoices = 16, 25
	b, file := setupLedger(t)
	b.fault(banksim.Fault{Kind: banksim.FaultAnswerLost, Match: banksim.Match{OneIn: 5, Seed: 1}})
	b.fault(banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 503, Match: banksim.Match{OneIn: 5, Seed: 2}})
	var callers sync.WaitGroup
	for dealer := range dealers {
		callers.Go(func() {
			for i := range invoices {
				order := termInvoice().with("SubscriberNumber", fmt.Sprint(dealer), "InvoiceNumber", fmt.Sprint(i)).String()
				body := fmt.Sprintf(`{"Header":{"AppKey":%q,"Channel":"API","ChannelSessionId":%q,"ChannelRequestId":"%d-%d"},"Parameters":[%s]}`,
					banksim.DefaultAppKey, session, dealer, i, order)
				r := b.request("POST", banksim.DefaultPathPrefix+banksim.MethodInvoice, "application/json", body)
				r.Header.Set("Ocp-Apim-Subscription-Key", banksim.DefaultSubscriptionKey)
				b.do(r) // answered or not
			}
		})
	}
	callers.Wait()
	if _, err := b.bank.WaitForCalls(b.deadline(), dealers*invoices, nil); err != nil {
		t.Fatal(err)
	}
	last, effects, lost := uint64(0), map[uint64]int{}, 0
	const arrived, changed, finished = 1, 2, 3
	for _, line := range lines(t, file) {
		switch line.Event {
		case banksim.EventArrived:
			if line.Call.Seq != last+1 {
				t.Fatalf("call %d after call %d", line.Call.Seq, last)
			}
			last = line.Call.Seq
			effects[last] = arrived
		case banksim.EventInvoice:
			if effects[line.By.Seq] != arrived {
				t.Fatalf("an effect of call %d out of place", line.By.Seq)
			}
			effects[line.By.Seq] = changed
		case banksim.EventFinished:
			if before := effects[line.Call.Seq]; line.Call.Applied != (before == changed) || before == finished {
				t.Fatalf("call %d: %+v", line.Call.Seq, line.Call)
			}
			effects[line.Call.Seq] = finished
			if line.Call.AnswerLost && line.Call.Applied {
				lost++
			}
		}
	}
	for seq, state := range effects {
		if state != finished {
			t.Errorf("call %d is not finished", seq)
		}
	}
	if len(effects) != dealers*invoices || lost == 0 {
		t.Errorf("%d calls, %d of them with an effect and no answer", len(effects), lost)
	}
}

// FuzzReadLedger: whatever stands in a file, reading it ends, and says so.
func FuzzReadLedger(f *testing.F) {
	f.Add([]byte(`{"event":"started","at":"2026-11-20T09:00:00Z"}` + "\n"))
	f.Add([]byte(`{"event":"loan","at":"2026-11-20T09:00:00Z","by":{"seq":1},"loan":{"applicationNumber":1,"submissions":1}}` + "\n{"))
	f.Fuzz(func(t *testing.T, text []byte) {
		ledger, err := banksim.ReadLedger(bytes.NewReader(text))
		whole := bytes.Count(text, []byte("\n"))
		switch {
		case err == nil && len(ledger.Lines) != whole:
			t.Errorf("%d lines of %d", len(ledger.Lines), whole)
		case err == nil && ledger.Torn != (len(text) > 0 && !bytes.HasSuffix(text, []byte("\n"))):
			t.Errorf("torn: %v", ledger.Torn)
		case err != nil && !errors.Is(err, banksim.ErrLedger):
			t.Errorf("got %v", err)
		}
	})
}
