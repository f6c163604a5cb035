package interapi

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
)

// expected is a row of a code table as the contract has it, typed here a second
// time on purpose.
type expected struct {
	bank       string
	status     command.Status
	code       command.Code
	category   command.Category
	retry      command.Retry
	deadLetter bool
	noResend   bool
	bankFault  bool
}

func (e expected) check(t *testing.T, v command.Verdict) {
	t.Helper()
	got := expected{v.BankCode, v.Status, v.Code, v.Category, v.Retry, v.DeadLetter, v.NoResend, v.BankFault}
	if diff := cmp.Diff(e, got, cmp.AllowUnexported(expected{})); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}
	if v.Delivery != command.Answered || v.Uncounted {
		t.Errorf("delivery %v, uncounted %v of a decoded answer", v.Delivery, v.Uncounted)
	}
}

// Words of contract section 5.
const (
	never, backoff, reconcile = command.RetryNever, command.RetryBackoff, command.RetryReconcile
	yes, no                   = true, false
)

// Contract section 5.1 less 000.
var invoiceRows = []expected{
	{"101", "REJECTED", "dbs.dealer.insufficient_balance", "business", never, no, no, no},
	{"102", "REJECTED", "dbs.dealer.payment_order_missing", "configuration", never, no, no, no},
	{"103", "REJECTED", "dbs.company.currency_channel_undefined", "configuration", never, no, no, no},
	{"104", "REJECTED", "dbs.invoice.debit_credit_type_missing", "validation", never, yes, no, no},
	{"105", "REJECTED", "dbs.invoice.operation_type_missing", "validation", never, yes, no, no},
	{"106", "REJECTED", "dbs.invoice.already_recorded", "duplicate", reconcile, no, no, no},
	{"107", "REJECTED", "dbs.company.unknown", "configuration", never, yes, no, no},
	{"108", "REJECTED", "dbs.invoice.duplicate_paid_term", "duplicate", reconcile, no, no, no},
	{"109", "REJECTED", "dbs.invoice.duplicate_paid_advance", "duplicate", reconcile, no, no, no},
	{"110", "REJECTED", "dbs.invoice.previously_cancelled", "duplicate", reconcile, no, no, no},
	{"111", "REJECTED", "dbs.dealer.id_too_long", "validation", never, no, no, no},
	{"112", "REJECTED", "dbs.invoice.number_too_long", "validation", never, no, no, no},
	{"113", "REJECTED", "dbs.invoice.number_missing", "validation", never, no, no, no},
	{"114", "REJECTED", "dbs.dealer.id_missing", "validation", never, no, no, no},
	{"115", "REJECTED", "dbs.dealer.account_invalid", "configuration", never, no, no, no},
	{"116", "REJECTED", "dbs.dealer.overdraft_undefined", "configuration", never, no, no, no},
	{"117", "IN_DOUBT", "dbs.bank.block_failed", "bank_error", reconcile, yes, no, yes},
	{"118", "IN_DOUBT", "dbs.bank.record_failed", "bank_error", reconcile, yes, no, yes},
	{"119", "IN_DOUBT", "dbs.bank.advance_payment_failed", "bank_error", reconcile, yes, yes, yes},
	{"120", "REJECTED", "dbs.invoice.due_date_not_future", "validation", never, no, no, no},
	{"121", "REJECTED", "dbs.invoice.advance_due_date_not_today", "validation", never, no, no, no},
	{"122", "REJECTED", "dbs.invoice.delayed_due_before_due", "validation", never, yes, no, no},
	{"123", "REJECTED", "dbs.invoice.maturity_type_missing", "validation", never, yes, no, no},
	{"124", "IN_DOUBT", "dbs.bank.code_unknown", "protocol", reconcile, yes, no, no},
	{"125", "IN_DOUBT", "dbs.bank.advance_verification_failed", "bank_error", reconcile, yes, yes, yes},
	{"126", "REJECTED", "dbs.invoice.amount_not_positive", "validation", never, no, no, no},
	{"127", "REJECTED", "dbs.invoice.advance_immutable", "validation", never, no, no, no},
	{"128", "REJECTED", "dbs.invoice.not_found", "not_found", reconcile, no, no, no},
	{"129", "REJECTED", "dbs.dealer.limit_exceeded", "business", never, no, no, no},
	{"130", "PARTIAL", "dbs.invoice.advance_partially_paid", "business", never, no, no, no},
	{"131", "REJECTED", "dbs.dealer.limit_undefined", "configuration", never, no, no, no},
	{"132", "REJECTED", "dbs.dealer.fx_account_undefined", "configuration", never, no, no, no},
	{"133", "IN_DOUBT", "dbs.bank.fx_account_lookup_failed", "bank_error", reconcile, yes, no, yes},
	{"134", "REJECTED", "dbs.invoice.invoice_currency_invalid", "validation", never, no, no, no},
	{"135", "REJECTED", "dbs.invoice.payment_currency_invalid", "validation", never, no, no, no},
	{"999", "IN_DOUBT", "dbs.bank.unexpected_error", "bank_error", reconcile, yes, no, yes},
	{"136", "IN_DOUBT", "dbs.bank.code_unknown", "protocol", reconcile, yes, no, no},
	{"00", "IN_DOUBT", "dbs.bank.code_unknown", "protocol", reconcile, yes, no, no},
	{"OK", "IN_DOUBT", "dbs.bank.code_unknown", "protocol", reconcile, yes, no, no},
}

func TestInvoiceCodes(t *testing.T) {
	t.Parallel()
	for _, row := range invoiceRows {
		// The code wins whatever the State says.
		for _, state := range []string{"2", "1", "null"} {
			t.Run(row.bank+"/"+state, func(t *testing.T) {
				t.Parallel()
				v := answerWith(t, invoiceCommand(t), data(fmt.Sprintf(`"ErrorCode":%q,"ErrorMessage":"Hata","State":%s`, row.bank, state)))
				row.check(t, v)
				if v.BankMessage != "Hata" {
					t.Errorf("message %q", v.BankMessage)
				}
				if (state == "null") != (v.BankState == nil) {
					t.Errorf("state %v, want %s", v.BankState, state)
				}
			})
		}
	}
}

func TestInvoiceTableHasNoOtherRow(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, row := range invoiceRows {
		known[row.bank] = true
	}
	for code, v := range invoiceTable {
		if !known[code] {
			t.Errorf("row %s is not in the contract", code)
		}
		if !command.Known(v.Code) {
			t.Errorf("row %s has a code outside of the vocabulary: %s", code, v.Code)
		}
	}
}

func TestInvoiceSuccessNeedsCodeAndState(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation command.InvoiceOperation
		members   string
		want      expected
	}{
		"insert":           {"INSERT", `"ErrorCode":"000","State":2`, expected{"000", "SUCCEEDED", "dbs.invoice.accepted", "ok", never, no, no, no}},
		"update":           {"UPDATE", `"ErrorCode":"000","State":2`, expected{"000", "SUCCEEDED", "dbs.invoice.updated", "ok", never, no, no, no}},
		"cancel":           {"CANCEL", `"ErrorCode":"000","State":2`, expected{"000", "SUCCEEDED", "dbs.invoice.cancelled", "ok", never, no, no, no}},
		"code as a number": {"INSERT", `"ErrorCode":0,"State":"2"`, expected{"000", "SUCCEEDED", "dbs.invoice.accepted", "ok", never, no, no, no}},
		"spaces":           {"INSERT", `"ErrorCode":" 000 ","State":2`, expected{"000", "SUCCEEDED", "dbs.invoice.accepted", "ok", never, no, no, no}},
		"members twice":    {"INSERT", `"ErrorCode":"999","State":1,"ErrorCode":"000","State":2`, expected{"000", "SUCCEEDED", "dbs.invoice.accepted", "ok", never, no, no, no}},
		"state 1":          {"INSERT", `"ErrorCode":"000","State":1`, expected{"000", "PENDING", "dbs.invoice.state_unconfirmed", "protocol", reconcile, yes, no, no}},
		"state 0":          {"CANCEL", `"ErrorCode":"000","State":0`, expected{"000", "PENDING", "dbs.invoice.state_unconfirmed", "protocol", reconcile, yes, no, no}},
		"state null":       {"INSERT", `"ErrorCode":"000","State":null`, expected{"000", "PENDING", "dbs.invoice.state_unconfirmed", "protocol", reconcile, yes, no, no}},
		"state absent":     {"INSERT", `"ErrorCode":"000"`, expected{"000", "PENDING", "dbs.invoice.state_unconfirmed", "protocol", reconcile, yes, no, no}},
		"a token is no success": {"INSERT", `"ErrorCode":"000","State":1,"ConfirmationToken":"x","RequiredConfirmationType":2`,
			expected{"000", "PENDING", "dbs.invoice.state_unconfirmed", "protocol", reconcile, yes, no, no}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := invoiceCommand(t)
			p.Operation = c.operation
			v := answerWith(t, p, data(c.members))
			c.want.check(t, v)
			recorded, ok := v.Result.(*command.InvoiceRecorded)
			if !ok || recorded.Operation != c.operation {
				t.Errorf("result %#v", v.Result)
			}
		})
	}
}

func TestInvoiceWithoutCodeIsUnreadable(t *testing.T) {
	t.Parallel()
	for _, members := range []string{
		`"State":2`, `"ErrorCode":null,"State":2`, `"ErrorCode":"","State":2`, `"ErrorCode":"  ","State":2`,
		`"ErrorCode":true,"State":2`, `"ErrorCode":"000","State":"two"`, `"ErrorCode":"000","State":2.5`,
		`"ErrorCode":"000","State":2,"RefDate":"yesterday"`, `"ErrorCode":"000","State":2,"RefNumber":"1,5"`,
		`"ErrorCode":["000"],"State":2`, `"State":5000000000,"ErrorCode":"000"`,
	} {
		v := answerWith(t, invoiceCommand(t), data(members))
		if v.Status != command.InDoubt || v.Code != command.CodeBankAnswerUnreadable || v.Category != command.CategoryProtocol ||
			v.Retry != reconcile || !v.DeadLetter || !v.BankFault || v.Result != nil {
			t.Errorf("%s: %+v", members, v)
		}
	}
}

func TestInvoicePayload(t *testing.T) {
	t.Parallel()
	full := answerWith(t, invoiceCommand(t), data(`"ErrorCode":"000","ErrorMessage":"İşlem Başarılı Olarak Tamamlandı",
		"RefBranchCode":9860,"RefNumber":"123456789012","RefDate":"2020-11-02T10:11:12.123","TranId":77001,
		"Explanation":null,"State":2,"NpsSurveyGuid":"x","MobilePhoneNumber":"5559999999"`))
	want := &command.InvoiceRecorded{
		ReferenceBranch: 9860, ReferenceNumber: 123456789012, ReferenceDate: day(t, "2020-11-02"),
		TransactionID: "77001", Operation: command.InsertInvoice,
	}
	if got := full.Result.(*command.InvoiceRecorded); *got != *want {
		t.Error("the full answer's payload differs")
	}
	if full.BankReference != "77001" || full.BankMessage != "İşlem Başarılı Olarak Tamamlandı" || *full.BankState != 2 {
		t.Errorf("verdict %+v", full)
	}
	page := answerWith(t, invoiceCommand(t), data(`"ErrorCode":"000","RefBranchCode":0,"RefNumber":0,
		"RefDate":"0001-01-01T00:00:00","TranId":null,"Explanation":null,"State":2`))
	if got := page.Result.(*command.InvoiceRecorded); *got != (command.InvoiceRecorded{Operation: command.InsertInvoice}) {
		t.Error("the page's answer has references")
	}
	if partial := answerWith(t, invoiceCommand(t), data(`"ErrorCode":"130","TranId":"T1","State":2`)); partial.Result == nil || partial.BankReference != "T1" {
		t.Errorf("partial %+v", partial)
	}
}

func TestInvoiceLimitExceededTellsTheLimit(t *testing.T) {
	t.Parallel()
	v := answerWith(t, invoiceCommand(t), data(`"ErrorCode":"129","ErrorMessage":"Fatura tutarı bayi limitini aşıyor, kullanılabilir limit (TRY): 1.234,56","State":2`))
	recorded, ok := v.Result.(*command.InvoiceRecorded)
	if !ok || recorded.AvailableLimit == nil || recorded.AvailableLimit.String() != "1234.56" {
		t.Errorf("verdict %+v", v)
	}
	if v := answerWith(t, invoiceCommand(t), data(`"ErrorCode":"129","ErrorMessage":"limit 1.234","State":2`)); v.Result != nil {
		t.Errorf("a limit was guessed: %+v", v)
	}
	if v := answerWith(t, invoiceCommand(t), data(`"ErrorCode":"101","ErrorMessage":"bakiye: 12,50","State":2`)); v.Result != nil {
		t.Errorf("101 has a result: %+v", v)
	}
}

func TestBankMessageIsScrubbed(t *testing.T) {
	t.Parallel()
	v := answerWith(t, invoiceCommand(t), data(`"ErrorCode":"115","ErrorMessage":"10000000146 no'lu hesap, someone@example.com","State":2`))
	if v.BankMessage != "*** no'lu hesap, ***" {
		t.Errorf("message %q", v.BankMessage)
	}
}
