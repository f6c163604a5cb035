package demo

import (
	"time"

	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
)

// act is a part of the scenario with a heading.
type act struct {
	title string
	steps []step
}

// step is one command and what must come of it.
type step struct {
	title string
	name  command.Name
	// edit changes the command's published example; nil sends it as it is.
	edit func(fields, *stage)
	// raw replaces the value altogether.
	raw []byte
	// prepare makes the bank misbehave beforehand.
	prepare func(*stage) error
	want    want
}

// fields are a command in plain JSON.
type fields map[string]any

// want is how a command must end.
type want struct {
	status   command.Status // "" for no outcome: not even an id can be read
	code     command.Code
	bankCode string
	// letter is the dead letter's reason, "" for none.
	letter command.DeadLetterReason
	// calls is how many calls of the command's own method the bank must see.
	calls      int
	reconciled bool
}

func succeeded(code command.Code, bankCode string) want {
	return want{status: command.Succeeded, code: code, bankCode: bankCode, calls: 1}
}

func refusedLocally(code command.Code) want {
	return want{status: command.Rejected, code: code}
}

func refusedByBank(code command.Code, bankCode string) want {
	return want{status: command.Rejected, code: code, bankCode: bankCode, calls: 1}
}

const examples = "the bank's own published examples, repaired, with made-up people"

// scenario is everything but the breaker, which needs many commands at once.
func scenario() []act {
	return []act{
		{"Seven commands: " + examples, published()},
		{"Refusals", refusals()},
		{"Trouble at the bank", trouble()},
		{"What cannot be read", unreadable()},
	}
}

func published() []step {
	return []step{
		{title: "a customer is created", name: command.CustomerCreate, want: succeeded(command.CodeCustomerCreated, "")},
		{title: "updated", name: command.CustomerUpdate, edit: theCustomer, want: succeeded(command.CodeCustomerUpdated, "")},
		{title: "and completed", name: command.CustomerComplete, edit: theCustomer, want: succeeded(command.CodeCustomerCompleted, "")},
		{title: "a dealer's limits", name: command.DBSLimitQuery, want: succeeded(command.CodeLimitListed, "300")},
		{title: "an invoice of 900 TRY", name: command.DBSInvoiceUpsert, want: succeeded(command.CodeInvoiceAccepted, "000")},
		{
			title: "found by its due date", name: command.DBSInvoiceResultsQuery,
			edit: func(f fields, _ *stage) { f["fromDueDate"], f["toDueDate"] = "2099-12-31", "2099-12-31" },
			want: succeeded(command.CodeResultsListed, "000"),
		},
		{title: "a loan applicant's income", name: command.LoanIncomeSubmit, want: succeeded(command.CodeLoanIncomeAccepted, "APIGW000000")},
	}
}

// theCustomer puts in the numbers that the bank gave the created customer: a
// publisher learns them from the outcome.
func theCustomer(f fields, s *stage) {
	f["customerNumber"], f["processId"] = s.customer.CustomerID.Reveal(), s.customer.ProcessID.Reveal()
}

func refusals() []step {
	return []step{
		{
			title: "a customer without consent", name: command.CustomerCreate,
			edit: func(f fields, _ *stage) { f["kvkkApproved"] = false },
			want: refusedLocally(command.CodeConsentMissing),
		},
		{
			title: "an invoice with four faults", name: command.DBSInvoiceUpsert,
			edit: func(f fields, _ *stage) {
				f["amount"], f["invoiceCurrency"], f["dealerCode"], f["entryType"] = 0, "TL", "", "CREDIT"
			},
			want: refusedLocally(command.CodeCommandInvalid),
		},
		{
			title: "a command past its expiry", name: command.DBSLimitQuery,
			edit: func(f fields, _ *stage) { f["expiresAt"] = "2026-01-05T08:30:00Z" },
			want: refusedLocally(command.CodeCommandExpired),
		},
		{
			title: "an invoice over the dealer's limit", name: command.DBSInvoiceUpsert, edit: invoiceOf("D129", "DEMO-129"),
			want: refusedByBank(command.CodeDealerLimitExceeded, "129"),
		},
		{
			title: "limits of a dealer without any", name: command.DBSLimitQuery,
			edit: func(f fields, _ *stage) { f["dealerCode"] = "D131" },
			want: refusedByBank(command.CodeLimitNotFound, "301"),
		},
		{title: "results of days without invoices", name: command.DBSInvoiceResultsQuery, want: succeeded(command.CodeResultsEmpty, "201")},
	}
}

func trouble() []step {
	return []step{
		{
			title: "an insert whose answer is lost; the resend meets it", name: command.DBSInvoiceUpsert,
			edit: invoiceOf("0222", "DEMO-106"),
			prepare: faults(
				banksim.Fault{Kind: banksim.FaultAnswerLost, Times: 1, Match: banksim.Match{Method: banksim.MethodInvoice}},
				// The bank's list lags: the first look finds nothing.
				banksim.Fault{Kind: banksim.FaultCode, Code: "201", Times: 1, Match: banksim.Match{Method: banksim.MethodResults}},
			),
			want: want{
				status: command.Succeeded, code: command.CodeInvoiceAlreadyRecorded, bankCode: "106",
				calls: 2, reconciled: true,
			},
		},
		{
			title: "an advance invoice that the balance covers in part", name: command.DBSInvoiceUpsert,
			edit: func(f fields, s *stage) {
				invoiceOf("D130", "DEMO-130")(f, s)
				f["maturity"], f["dueDate"] = "ADVANCE", command.DateOf(time.Now().In(command.Istanbul)).String()
			},
			want: want{status: command.Partial, code: command.CodeInvoiceAdvancePartiallyPaid, bankCode: "130", calls: 1},
		},
		{
			title: "an unexpected error, twice, and nothing recorded", name: command.DBSInvoiceUpsert,
			edit: invoiceOf("D999", "DEMO-999"),
			want: want{
				status: command.Failed, code: command.CodeDBSBankUnexpectedError, bankCode: "999",
				letter: command.ReasonExhausted, calls: 2,
			},
		},
		{
			title: "another customer", name: command.CustomerCreate,
			edit: func(f fields, _ *stage) { f["flowReference"], f["citizenshipNumber"] = "flow-0002", "19090909018" },
			want: succeeded(command.CodeCustomerCreated, ""),
		},
		{
			title: "whose completion's answer is lost: never repeated", name: command.CustomerComplete,
			edit: func(f fields, s *stage) {
				theCustomer(f, s)
				f["flowReference"] = "flow-0002"
			},
			prepare: faults(banksim.Fault{Kind: banksim.FaultAnswerLost, Times: 1, Match: banksim.Match{Method: banksim.MethodComplete}}),
			want: want{
				status: command.InDoubt, code: command.CodeBankNoAnswer, letter: command.ReasonInDoubt, calls: 1,
			},
		},
	}
}

func unreadable() []step {
	return []step{
		{
			title: "bytes that are no command", name: command.LoanIncomeSubmit, raw: []byte("\xff\x00 not a command \x80"),
			want: want{letter: command.ReasonMalformed, code: command.CodeCommandUndecodable},
		},
		{
			title: "an amount that is no number", name: command.DBSInvoiceUpsert,
			raw:  []byte(`{"commandId": "5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1aff", "issuedAt": "2026-01-05T08:30:00Z", "amount": "1.234,56"}`),
			want: want{status: command.Rejected, code: command.CodeCommandUndecodable, letter: command.ReasonMalformed},
		},
	}
}

func invoiceOf(dealer, number string) func(fields, *stage) {
	return func(f fields, _ *stage) { f["dealerCode"], f["invoiceNumber"] = dealer, number }
}

func faults(fs ...banksim.Fault) func(*stage) error {
	return func(s *stage) error {
		for _, f := range fs {
			if _, err := s.bank.AddFault(f); err != nil {
				return err
			}
		}
		return nil
	}
}
