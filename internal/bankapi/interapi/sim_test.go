package interapi

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
)

// The simulator's day: 2026-11-20 in Istanbul.
var simNow = time.Date(2026, 11, 19, 21, 30, 0, 0, time.UTC)

// simulated is the six methods in front of the bank simulator, over HTTP.
type simulated struct {
	bank    *banksim.Bank
	methods map[command.Name]bankapi.Method
}

func setupSim(t *testing.T, configure ...func(*banksim.Config)) *simulated {
	t.Helper()
	cfg := banksim.Config{Clock: func() time.Time { return simNow }}
	for _, change := range configure {
		change(&cfg)
	}
	b := banksim.New(cfg)
	methods := methodsAt(t, serve(t, b.Handler()), func(c *Config, _ *Deps) {
		c.AppKey, c.SubscriptionKey = secretFile(t, banksim.DefaultAppKey), secretFile(t, banksim.DefaultSubscriptionKey)
	})
	return &simulated{bank: b, methods: methods}
}

// send makes a call with a ChannelRequestId of its own, which the simulator asks
// for.
func (s *simulated) send(t *testing.T, p command.Payload) command.Verdict {
	t.Helper()
	return sendAs(t, uuid.NewString(), s.methods, p)
}

func (s *simulated) fault(t *testing.T, f banksim.Fault) {
	t.Helper()
	if _, err := s.bank.AddFault(f); err != nil {
		t.Fatal(err)
	}
}

// simInvoice is the page's example, repaired: its due date lies after today.
func simInvoice(t *testing.T) *command.Invoice {
	p := invoiceCommand(t)
	p.InvoiceDate, p.DueDate = day(t, "2026-11-02"), day(t, "2026-12-02")
	return p
}

// simCommands are the page examples in the order in which each can succeed; the
// customer's numbers come from the flow that the first one starts.
func (s *simulated) simCommands(t *testing.T) []command.Payload {
	t.Helper()
	created := s.send(t, createCommand())
	ids, ok := created.Result.(*command.CustomerCreated)
	if !ok {
		t.Fatalf("create: %+v", created)
	}
	update, complete := updateCommand(), completeCommand()
	update.CustomerNumber, update.ProcessID = ids.CustomerID, ids.ProcessID
	complete.CustomerNumber, complete.ProcessID = ids.CustomerID, ids.ProcessID
	limit := limitCommand(t)
	limit.InvoicesMonth = day(t, "2026-11-01")
	results := resultsCommand(t)
	results.FromDueDate, results.ToDueDate = day(t, "2026-12-01"), day(t, "2026-12-03")
	return []command.Payload{createCommand(), update, complete, limit, simInvoice(t), results}
}

// checkSuccess sends the page examples and checks what they bring.
func (s *simulated) checkSuccess(t *testing.T) {
	t.Helper()
	for _, p := range s.simCommands(t) {
		v := s.send(t, p)
		if v.Status != command.Succeeded || v.Delivery != command.Answered || v.BankFault {
			t.Errorf("%s: %+v", p.Name(), v)
			continue
		}
		switch r := v.Result.(type) {
		case *command.LimitList:
			if len(r.Rows) != 1 || r.Rows[0].DealerCode != "0222" || r.Rows[0].Limit.String() != "1000000" {
				t.Errorf("limit rows: %d", len(r.Rows))
			}
		case *command.InvoiceResultList:
			if len(r.Rows) != 1 || r.Rows[0].InvoiceNumber != "888888888849635547" || r.Rows[0].InvoiceAmount.String() != "900" {
				t.Errorf("result rows: %d", len(r.Rows))
			}
		}
	}
	for _, c := range s.bank.Complaints() {
		t.Errorf("the bank complains: %+v", c)
	}
}

func TestSimPageExamples(t *testing.T) {
	t.Parallel()
	s := setupSim(t)
	s.checkSuccess(t)
	for _, c := range s.bank.Calls(0) {
		if c.ChannelSessionID != strings.ReplaceAll(commandID, "-", "") || uuid.Validate(c.ChannelRequestID) != nil || c.Traceparent != traceparent {
			t.Errorf("%s: session %q, request %q, trace %q", c.Method, c.ChannelSessionID, c.ChannelRequestID, c.Traceparent)
		}
	}
	inv, ok := s.bank.Invoice("SOLEN", "0222", "888888888849635547")
	if !ok || inv.Applied("I") != 1 || inv.InvoiceDate != day(t, "2026-11-02") || inv.DueDate != day(t, "2026-12-02") || inv.Maturity != "V" {
		t.Errorf("the ledger has %+v", inv)
	}
}

// Every way of writing a true answer reads the same (contract sections 1.4 to 1.6).
func TestSimShapes(t *testing.T) {
	t.Parallel()
	for _, kind := range []banksim.Kind{
		banksim.FaultNumbersAsText, banksim.FaultCodesAsNumbers, banksim.FaultCollapseLists,
		banksim.FaultEmptyListText, banksim.FaultRepeatStatus, banksim.FaultPageFields,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := setupSim(t)
			s.fault(t, banksim.Fault{Kind: kind})
			s.checkSuccess(t)
		})
	}
	t.Run("all at once", func(t *testing.T) {
		t.Parallel()
		s := setupSim(t, func(c *banksim.Config) { c.LimitSuccessCode = "000" })
		for _, kind := range []banksim.Kind{banksim.FaultNumbersAsText, banksim.FaultCollapseLists, banksim.FaultEmptyListText, banksim.FaultRepeatStatus} {
			s.fault(t, banksim.Fault{Kind: kind})
		}
		s.checkSuccess(t)
	})
}

func TestSimInvoiceLife(t *testing.T) {
	t.Parallel()
	s := setupSim(t)
	p := simInvoice(t)
	for _, step := range []struct {
		operation command.InvoiceOperation
		amount    string
		status    command.Status
		code      command.Code
		bank      string
	}{
		{"UPDATE", "900", "REJECTED", "dbs.invoice.not_found", "128"},
		{"INSERT", "900", "SUCCEEDED", "dbs.invoice.accepted", "000"},
		{"INSERT", "900", "REJECTED", "dbs.invoice.already_recorded", "106"},
		{"UPDATE", "901.50", "SUCCEEDED", "dbs.invoice.updated", "000"},
		{"CANCEL", "901.50", "SUCCEEDED", "dbs.invoice.cancelled", "000"},
		{"CANCEL", "901.50", "REJECTED", "dbs.invoice.not_found", "128"},
		{"INSERT", "901.50", "REJECTED", "dbs.invoice.previously_cancelled", "110"},
		{"UPDATE", "902.75", "SUCCEEDED", "dbs.invoice.updated", "000"},
	} {
		p.Operation, p.Amount = step.operation, decimal(t, step.amount)
		v := s.send(t, p)
		if v.Status != step.status || v.Code != step.code || v.BankCode != step.bank {
			t.Fatalf("%s of %s: %+v", step.operation, step.amount, v)
		}
	}
	query := resultsCommand(t)
	query.FromDueDate, query.ToDueDate = p.DueDate, p.DueDate
	v := s.send(t, query)
	row := v.Result.(*command.InvoiceResultList).Rows[0]
	if row.DealerCode != "0222" || row.InvoiceAmount.String() != "902.75" || row.InvoiceCurrency != "TRY" || row.DueDate != p.DueDate ||
		row.Record != command.RecordActive || row.Payment != "" || row.Maturity != command.Term || row.LastUpdated.IsZero() {
		t.Error("the listed row differs from what was sent")
	}
}

func TestSimCodesOfDealers(t *testing.T) {
	t.Parallel()
	for dealer, c := range map[string]struct {
		maturity command.Maturity
		currency string
		status   command.Status
		retry    command.Retry
	}{
		"D101": {command.Advance, "TRY", "REJECTED", never},
		"D102": {command.Term, "TRY", "REJECTED", never},
		"D115": {command.Term, "TRY", "REJECTED", never},
		"D116": {command.Term, "TRY", "REJECTED", never},
		"D117": {command.Term, "TRY", "IN_DOUBT", reconcile},
		"D118": {command.Term, "TRY", "IN_DOUBT", reconcile},
		"D119": {command.Advance, "TRY", "IN_DOUBT", reconcile},
		"D125": {command.Advance, "TRY", "IN_DOUBT", reconcile},
		"D129": {command.Term, "TRY", "REJECTED", never},
		"D130": {command.Advance, "TRY", "PARTIAL", never},
		"D131": {command.Term, "TRY", "REJECTED", never},
		"D132": {command.Term, "USD", "REJECTED", never},
		"D133": {command.Term, "USD", "IN_DOUBT", reconcile},
		"D999": {command.Term, "TRY", "IN_DOUBT", reconcile},
	} {
		t.Run(dealer, func(t *testing.T) {
			t.Parallel()
			s := setupSim(t)
			p := simInvoice(t)
			p.DealerCode, p.Maturity, p.InvoiceCurrency, p.PaymentCurrency = dealer, c.maturity, c.currency, c.currency
			if c.maturity == command.Advance {
				p.DueDate = day(t, "2026-11-20")
			}
			v := s.send(t, p)
			if "D"+v.BankCode != dealer || v.Status != c.status || v.Retry != c.retry || v.NoResend != (dealer == "D119" || dealer == "D125") {
				t.Errorf("verdict %+v", v)
			}
			if dealer == "D129" {
				if r, ok := v.Result.(*command.InvoiceRecorded); !ok || r.AvailableLimit == nil || r.AvailableLimit.String() != "100" {
					t.Errorf("the available limit was not read from %q", v.BankMessage)
				}
			}
		})
	}
}

func TestSimQueries(t *testing.T) {
	t.Parallel()
	s := setupSim(t)
	limit := limitCommand(t)
	limit.DealerCode = "D131"
	if v := s.send(t, limit); v.BankCode != "301" || v.Code != command.CodeLimitNotFound {
		t.Errorf("301: %+v", v)
	}
	limit.CompanyCode, limit.CustomerNumber = "NOBODY", 1
	if v := s.send(t, limit); v.BankCode != "304" || v.Code != command.CodeCompanyUnknown {
		t.Errorf("304: %+v", v)
	}
	results := resultsCommand(t)
	if v := s.send(t, results); v.BankCode != "201" || v.Status != command.Succeeded || len(numbers(v)) != 0 {
		t.Errorf("201: %+v", v)
	}
	results.ToDueDate = results.FromDueDate.AddDays(-1)
	if v := s.send(t, results); v.BankCode != "202" || v.Code != command.CodeResultsRangeInverted {
		t.Errorf("202: %+v", v)
	}
	results.CompanyCode, results.CustomerNumber, results.ToDueDate = "NOBODY", 1, results.FromDueDate
	if v := s.send(t, results); v.BankCode != "204" || v.Code != command.CodeCompanyUnknown {
		t.Errorf("204: %+v", v)
	}
}

func TestSimLongRange(t *testing.T) {
	t.Parallel()
	for _, midnight := range []bool{false, true} {
		s := setupSim(t, func(c *banksim.Config) { c.MaxRangeDays, c.ExcludeMidnightEnd = 7, midnight })
		p := simInvoice(t)
		var want []string
		for i := range 20 {
			p.InvoiceNumber, p.DueDate = string(rune('a'+i)), day(t, "2026-12-01").AddDays(i)
			if v := s.send(t, p); v.Status != command.Succeeded {
				t.Fatalf("insert: %+v", v)
			}
			want = append(want, p.InvoiceNumber)
		}
		query := resultsCommand(t)
		query.FromDueDate, query.ToDueDate = day(t, "2026-12-01"), day(t, "2026-12-20")
		v := s.send(t, query)
		if got := numbers(v); v.Status != command.Succeeded || strings.Join(got, "") != strings.Join(want, "") {
			t.Errorf("verdict %+v with %v, want %v", v, got, want)
		}
	}
}

func TestSimTransportFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault banksim.Fault
		code  command.Code
	}{
		"answer lost":  {banksim.Fault{Kind: banksim.FaultAnswerLost}, command.CodeBankNoAnswer},
		"request lost": {banksim.Fault{Kind: banksim.FaultRequestLost}, command.CodeBankNoAnswer},
		"reset":        {banksim.Fault{Kind: banksim.FaultReset}, command.CodeBankNoAnswer},
		"half a body":  {banksim.Fault{Kind: banksim.FaultHalfBody}, ""},
		"html":         {banksim.Fault{Kind: banksim.FaultHTML}, command.CodeBankAnswerUnreadable},
		"empty":        {banksim.Fault{Kind: banksim.FaultEmpty}, command.CodeBankAnswerUnreadable},
		"oversize":     {banksim.Fault{Kind: banksim.FaultOversize, Size: 128 << 10}, command.CodeBankAnswerUnreadable},
		"html and 503": {banksim.Fault{Kind: banksim.FaultHTML, HTTPStatus: 503}, command.CodeBankHTTPError},
		"500":          {banksim.Fault{Kind: banksim.FaultHTTP, HTTPStatus: 500}, command.CodeBankHTTPError},
		"no code":      {banksim.Fault{Kind: banksim.FaultCode, NoCode: true, NoState: true, When: banksim.After}, command.CodeBankAnswerUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setupSim(t)
			commands := s.simCommands(t)
			s.fault(t, c.fault)
			for _, p := range commands {
				v := s.send(t, p)
				want := command.InDoubt
				if p.Name().ReadOnly() {
					want = command.Failed
				}
				if v.Status != want || (c.code != "" && v.Code != c.code) || v.Delivery != command.Unanswered || !v.BankFault {
					t.Errorf("%s: %+v", p.Name(), v)
				}
			}
		})
	}
}

func TestSimPlatformErrors(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 400, 500} {
		for code, want := range map[int64]command.Code{
			1: command.CodeInterAPIRequestMalformed, 90012: command.CodeInterAPIClosed, 90020: command.CodeInterAPIClosed,
			90004: command.CodeInterAPIPlatformError,
		} {
			s := setupSim(t)
			commands := s.simCommands(t)
			s.fault(t, banksim.Fault{Kind: banksim.FaultCode, HTTPStatus: status, Error: &banksim.PlatformError{
				Code: code, Description: "InvalidJson [Parameters", TransactionID: 4711,
			}})
			for _, p := range commands {
				v := s.send(t, p)
				if v.Code != want || v.BankReference != "4711" || v.Delivery != command.Answered || v.HTTPStatus != status {
					t.Errorf("%d, %d, %s: %+v", status, code, p.Name(), v)
				}
			}
		}
	}
}

func TestSimStates(t *testing.T) {
	t.Parallel()
	s := setupSim(t)
	commands := s.simCommands(t)
	s.fault(t, banksim.Fault{Kind: banksim.FaultCode, State: new(int64(1)), When: banksim.After})
	for _, p := range commands {
		if p.Name().ReadOnly() {
			continue
		}
		v := s.send(t, p)
		want := command.Pending
		if p.Name() == command.CustomerComplete {
			want = command.InDoubt
		}
		if v.Status != want || v.BankState == nil || *v.BankState != 1 {
			t.Errorf("%s: %+v", p.Name(), v)
		}
	}
}

func TestSimWrongKeys(t *testing.T) {
	t.Parallel()
	s := setupSim(t)
	url := serve(t, s.bank.Handler())
	for name, o := range map[string]option{
		"subscription key": func(c *Config, _ *Deps) { c.AppKey = secretFile(t, banksim.DefaultAppKey) },
		"app key":          func(c *Config, _ *Deps) { c.SubscriptionKey = secretFile(t, banksim.DefaultSubscriptionKey) },
	} {
		v := send(t, methodsAt(t, url, o), limitCommand(t))
		if v.Status == command.Succeeded || v.Status == command.Rejected {
			t.Errorf("wrong %s: %+v", name, v)
		}
	}
}
