package loanapi

import (
	"strings"

	"bankprocessor/internal/command"
)

// row is one row of contract section 5.4.
type row struct {
	status     command.Status
	code       command.Code
	category   command.Category
	retry      command.Retry
	resends    int
	deadLetter bool
}

var rows = map[string]row{
	"APIGW000000": accepted,
	"ACBG000000":  accepted,
	"ACBG000001":  tokenInvalid,
	"ACBG000002":  tokenInvalid, // also: the key is locked
	"ACBG000003":  planLimit,
	"ACBG000004":  planLimit,
	"ACBG000005":  {command.Failed, command.CodeGatewaySecretInvalid, command.CategoryAuth, command.RetryPause, 0, false},
	"ACBG000006":  {command.Failed, command.CodeGatewayAppLocked, command.CategoryAuth, command.RetryPause, 0, false},
	"ACBG000007":  {command.Rejected, command.CodeLoanRequestMalformed, command.CategoryValidation, command.RetryNever, 0, true},
	"ACBG000008":  {command.InDoubt, command.CodeLoanBankError, command.CategoryBankError, command.RetryBackoff, 1, true},
	"ACBG000009":  {command.Failed, command.CodeLoanServiceUnavailable, command.CategoryBankError, command.RetryBackoff, 3, true},
	"ACBG000010":  {command.Failed, command.CodeGatewayIPNotAllowed, command.CategoryAuth, command.RetryPause, 0, false},
	"ACBH000101":  identityInvalid,
	"ACBH000146":  identityInvalid,
}

var (
	accepted        = row{command.Succeeded, command.CodeLoanIncomeAccepted, command.CategoryOK, command.RetryNever, 0, false}
	tokenInvalid    = row{command.Failed, command.CodeGatewayTokenInvalid, command.CategoryAuth, command.RetryPause, 0, false}
	planLimit       = row{command.Failed, command.CodeGatewayPlanLimit, command.CategoryThrottled, command.RetryDelay, 0, true}
	identityInvalid = row{command.Rejected, command.CodeLoanIdentityInvalid, command.CategoryValidation, command.RetryNever, 0, false}
	businessRange   = row{command.Rejected, command.CodeLoanBankRejected, command.CategoryBusiness, command.RetryNever, 0, false}
	unknown         = row{command.InDoubt, command.CodeLoanCodeUnknown, command.CategoryProtocol, command.RetryNever, 0, true}
)

// verdictOfCode reads Header.StatusCode; known is false for a code of no row.
func verdictOfCode(code string) (v command.Verdict, known bool) {
	r, known := rows[code]
	if !known && strings.HasPrefix(code, "ACBH") {
		r, known = businessRange, true
	}
	if !known {
		r = unknown
	}
	return command.Verdict{
		Status: r.status, Code: r.code, Category: r.category,
		Retry: r.retry, Resends: r.resends, DeadLetter: r.deadLetter,
		BankFault: r.category == command.CategoryBankError,
		Uncounted: r.category == command.CategoryAuth || r.category == command.CategoryThrottled,
		Delivery:  command.Answered,
		Detail:    "the bank answered with a code of its own",
	}, known
}
