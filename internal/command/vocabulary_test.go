package command_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
)

func TestNames(t *testing.T) {
	t.Parallel()
	if len(command.Names()) != 7 {
		t.Fatalf("%d names", len(command.Names()))
	}
	for _, n := range command.Names() {
		if got, ok := command.ParseName(string(n)); !ok || got != n {
			t.Errorf("ParseName(%s) = %s, %v", n, got, ok)
		}
		repeatable := n != command.CustomerComplete && n != command.DBSInvoiceUpsert && n != command.LoanIncomeSubmit
		if n.FreelyRepeatable() != repeatable {
			t.Errorf("%s freely repeatable: %v", n, n.FreelyRepeatable())
		}
		readOnly := n == command.DBSLimitQuery || n == command.DBSInvoiceResultsQuery
		if n.ReadOnly() != readOnly {
			t.Errorf("%s read only: %v", n, n.ReadOnly())
		}
		bank := command.BankInterAPI
		if n == command.LoanIncomeSubmit {
			bank = command.BankLoanAPI
		}
		if n.Bank() != bank {
			t.Errorf("%s goes to %s", n, n.Bank())
		}
	}
	for _, s := range []string{"", "customer", "CUSTOMER.CREATE", "customer.create.result"} {
		if n, ok := command.ParseName(s); ok {
			t.Errorf("ParseName(%q) = %s", s, n)
		}
	}
}

func TestOrderingKeys(t *testing.T) {
	t.Parallel()
	want := map[command.Name]string{
		command.CustomerCreate: "flow-1", command.CustomerUpdate: "flow-1", command.CustomerComplete: "flow-1",
		command.DBSLimitQuery: "SOLEN|0222", command.DBSInvoiceUpsert: "SOLEN|0222",
		command.DBSInvoiceResultsQuery: "SOLEN", command.LoanIncomeSubmit: "89999999",
	}
	got := make(map[command.Name]string)
	for _, p := range validPayloads() {
		got[p.Name()] = p.OrderingKey()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ordering keys (-want +got):\n%s", diff)
	}
}

func TestResultsBelongToTheirCommands(t *testing.T) {
	t.Parallel()
	var got []command.Name
	for _, r := range []command.Result{
		&command.CustomerCreated{}, &command.CustomerUpdated{}, &command.CustomerCompleted{}, &command.LimitList{},
		&command.InvoiceRecorded{}, &command.InvoiceResultList{}, &command.LoanOffer{},
	} {
		got = append(got, r.Name())
	}
	if diff := cmp.Diff(command.Names(), got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestCodesAreAVocabulary(t *testing.T) {
	t.Parallel()
	dotted := regexp.MustCompile(`^[a-z_]+(\.[a-z_]+)+$`)
	categories := []command.Category{
		command.CategoryOK, command.CategoryValidation, command.CategoryDuplicate, command.CategoryNotFound,
		command.CategoryBusiness, command.CategoryConfiguration, command.CategoryAuth, command.CategoryThrottled,
		command.CategoryBankError, command.CategoryTransport, command.CategoryProtocol,
	}
	seen := make(map[command.Code]bool)
	for _, i := range command.Codes() {
		switch {
		case !dotted.MatchString(string(i.Code)):
			t.Errorf("%q is not dotted lower case", i.Code)
		case seen[i.Code]:
			t.Errorf("%s stands twice", i.Code)
		case !command.Known(i.Code):
			t.Errorf("%s is not known", i.Code)
		case i.Meaning == "" || len(i.Statuses) == 0 || !slices.Contains(categories, i.Category):
			t.Errorf("%s is not documented: %+v", i.Code, i)
		}
		for _, s := range i.Statuses {
			if !slices.Contains(command.Statuses(), s) {
				t.Errorf("%s has the status %q", i.Code, s)
			}
			if (s == command.Succeeded) != (i.Category == command.CategoryOK) && i.Code != command.CodeInvoiceAlreadyRecorded {
				t.Errorf("%s is %s and %s", i.Code, i.Category, s)
			}
		}
		seen[i.Code] = true
	}
	for _, c := range []command.Code{"", "dbs.invoice", "dbs.invoice.accepted ", "unknown.code"} {
		if command.Known(c) {
			t.Errorf("%q is known", c)
		}
	}
}

// Every code that the contract's sections 5.1 to 5.7 name is in the vocabulary.
func TestCodesOfTheContract(t *testing.T) {
	t.Parallel()
	for _, c := range []command.Code{
		"dbs.invoice.accepted", "dbs.invoice.updated", "dbs.invoice.cancelled", "dbs.invoice.state_unconfirmed",
		"dbs.dealer.insufficient_balance", "dbs.dealer.payment_order_missing", "dbs.company.currency_channel_undefined",
		"dbs.invoice.debit_credit_type_missing", "dbs.invoice.operation_type_missing", "dbs.invoice.already_recorded",
		"dbs.invoice.duplicate_conflict", "dbs.company.unknown", "dbs.invoice.duplicate_paid_term",
		"dbs.invoice.duplicate_paid_advance", "dbs.invoice.previously_cancelled", "dbs.dealer.id_too_long",
		"dbs.invoice.number_too_long", "dbs.invoice.number_missing", "dbs.dealer.id_missing", "dbs.dealer.account_invalid",
		"dbs.dealer.overdraft_undefined", "dbs.bank.block_failed", "dbs.bank.record_failed", "dbs.bank.advance_payment_failed",
		"dbs.invoice.due_date_not_future", "dbs.invoice.advance_due_date_not_today", "dbs.invoice.delayed_due_before_due",
		"dbs.invoice.maturity_type_missing", "dbs.bank.code_unknown", "dbs.bank.advance_verification_failed",
		"dbs.invoice.amount_not_positive", "dbs.invoice.advance_immutable", "dbs.invoice.not_found", "dbs.dealer.limit_exceeded",
		"dbs.invoice.advance_partially_paid", "dbs.dealer.limit_undefined", "dbs.dealer.fx_account_undefined",
		"dbs.bank.fx_account_lookup_failed", "dbs.invoice.invoice_currency_invalid", "dbs.invoice.payment_currency_invalid",
		"dbs.bank.unexpected_error", "dbs.limit.listed", "dbs.limit.not_found", "dbs.results.listed", "dbs.results.empty",
		"dbs.results.range_inverted", "dbs.results.range_too_long", "customer.flow.created", "customer.flow.updated",
		"customer.flow.completed", "customer.flow.state_unrecognized", "loan.income.accepted", "gateway.token_invalid",
		"gateway.plan_limit", "gateway.secret_invalid", "gateway.app_locked", "loan.request_malformed", "loan.bank_error",
		"loan.service_unavailable", "gateway.ip_not_allowed", "loan.identity_invalid", "loan.bank_rejected", "loan.code_unknown",
		"interapi.request_malformed", "interapi.closed", "interapi.platform_error", "command.undecodable",
		"command.schema_mismatch", "command.invalid", "customer.consent_missing", "identity.checksum_invalid", "phone.invalid",
		"dbs.invoice.operation_unsupported", "processor.retries_exhausted", "processor.internal_error",
	} {
		if !command.Known(c) {
			t.Errorf("%s is not in the vocabulary", c)
		}
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	c := command.Command{}
	if c.Expired(noon) {
		t.Error("a command without expiry has expired")
	}
	c.ExpiresAt = noon
	if c.Expired(noon.Add(-time.Millisecond)) || !c.Expired(noon) {
		t.Error("a command expires at its expiry, not before")
	}
}

func TestMessageHeaderIsTheLast(t *testing.T) {
	t.Parallel()
	m := command.Message{Headers: []command.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte("2")}, {Key: "b"}}}
	if got := string(m.Header("a")); got != "2" {
		t.Errorf("a = %q", got)
	}
	if m.Header("c") != nil {
		t.Error("an absent header has a value")
	}
}
