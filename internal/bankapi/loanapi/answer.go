package loanapi

import (
	"net/http"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// envelope is the bank's answer, as far as every answer has it.
type envelope struct {
	root    wire.Object
	code    string // Header.StatusCode
	message string // scrubbed
	object  string // Header.ObjectID
}

// readEnvelope reads a body of whatever HTTP status. ok is false when it is not
// the bank's own: HTML of a firewall, a gateway's error, nothing.
func readEnvelope(r *wire.Reader, e bankapi.Exchange) (envelope, bool) {
	if e.Delivery != command.Answered {
		return envelope{}, false
	}
	root, err := r.Read(e.Body)
	if err != nil {
		return envelope{}, false
	}
	header := root.Object("Header")
	env := envelope{root: root, code: header.Code("StatusCode"), object: header.Text("ObjectID")}
	if env.message = header.Text("StatusDescription"); env.message == "" {
		env.message = header.Text("StatusDescriptionEn")
	}
	env.message = bankapi.Scrub(env.message)
	return env, env.code != ""
}

// judge reads the answer to a submission of the given application.
func judge(r *wire.Reader, e bankapi.Exchange, application int64) command.Verdict {
	env, ok := readEnvelope(r, e)
	if !ok {
		return withoutQuery(bankapi.VerdictOfHTTP(e, true))
	}
	v, known := verdictOfCode(env.code)
	switch {
	case v.Status == command.Succeeded:
		v = judgeOffer(v, env, e.Status, application)
	case !known && definiteRefusal(e):
		v = bankapi.VerdictOfHTTP(e, true)
	case e.Status >= http.StatusInternalServerError:
		v.BankFault = true
	}
	v.RetryAfter = e.RetryAfter
	v.BankCode, v.BankMessage, v.BankReference = env.code, env.message, env.object
	return v
}

// judgeOffer grants success only to an offer for the right application.
func judgeOffer(success command.Verdict, env envelope, status int, application int64) command.Verdict {
	if status != http.StatusOK {
		return protocolFault("a success code came with an HTTP status that is none")
	}
	result := env.root.Object("Data").Object("ApplicationResult")
	if !result.Exists() {
		return protocolFault("a success code came without an ApplicationResult")
	}
	number := result.Int64("ApplicationNumber")
	if number == nil || *number != application {
		return protocolFault("the offer is not for the command's application number")
	}
	offer := readOffer(result, application)
	if err := env.root.Err(); err != nil {
		return protocolFault("the offer cannot be read: " + err.Error())
	}
	success.Result = offer
	return success
}

func readOffer(o wire.Object, application int64) *command.LoanOffer {
	return &command.LoanOffer{
		ApplicationNumber:           application,
		InternetDisplayType:         o.Int64("InternetDisplayTypes"),
		ProductDescription:          bankapi.Scrub(o.Text("ProductDescription")),
		CreditAmount:                o.Decimal("CreditAmount"),
		Maturity:                    o.Int64("Maturity"),
		ContractInterestRate:        o.Decimal("ContractInterestRate"),
		MonthlyInstallmentAmount:    o.Decimal("MonthlyInstallmentAmount"),
		InterestRate:                o.Decimal("InterestRate"),
		PricingBreakdownID:          o.Int64("PricingBreakdownId"),
		CreditAllocationFees:        o.Decimal("CreditAllocationFees"),
		InsurancePremiumAmount:      o.Decimal("InsurancePremiumAmount"),
		AllocationFeesTaxesTotal:    o.Decimal("AllocationFeesTaxesTotal"),
		DefaultInterestRate:         o.Decimal("DefaultInterestRate"),
		TopLevelAllocationRatio:     o.Decimal("TopLevelAllocationRatio"),
		FirstInstallmentDate:        o.Date("FirstInstallmentDate"),
		AppraisalAmount:             o.Decimal("AppraisalAmount"),
		Bsmv:                        o.Decimal("Bsmv"),
		Kkdf:                        o.Decimal("Kkdf"),
		GracePeriodInstallmentCount: o.Int64("GracePeriodInstallmentCount"),
		PaymentPeriod:               o.Int64("PaymentPeriod"),
		InterestBalanceAmount:       o.Decimal("InterestBalanceAmount"),
		AnnualCostRate:              o.Decimal("AnnualCostRate"),
		ShowInsuranceFee:            o.Int64("ShowInsuranceFee"),
	}
}

// judgeToken is the bankapi.TokenJudge: the token endpoint refuses in the same
// envelope. A code that says nothing about tokens is not its.
func judgeToken(e bankapi.Exchange) (command.Verdict, bool) {
	env, ok := readEnvelope(new(wire.Reader), e)
	if !ok {
		return command.Verdict{}, false
	}
	v, known := verdictOfCode(env.code)
	switch v.Category {
	case command.CategoryAuth, command.CategoryThrottled, command.CategoryBankError:
		v.RetryAfter = e.RetryAfter
		v.BankCode, v.BankMessage, v.BankReference = env.code, env.message, env.object
		return v, known
	}
	return command.Verdict{}, false
}

// withoutQuery turns reconciliation, for which this bank has nothing to ask,
// into the one resend that the contract allows (section 6).
func withoutQuery(v command.Verdict) command.Verdict {
	if v.Retry == command.RetryReconcile {
		v.Retry, v.Resends = command.RetryBackoff, 1
	}
	return v
}

// definiteRefusal says whether the status alone proves that a gateway turned
// the call away.
func definiteRefusal(e bankapi.Exchange) bool {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusUnsupportedMediaType, http.StatusTooManyRequests:
		return true
	}
	return false
}

func protocolFault(detail string) command.Verdict {
	return command.Verdict{
		Status: command.InDoubt, Code: command.CodeBankAnswerUnreadable, Category: command.CategoryProtocol,
		Retry: command.RetryNever, DeadLetter: true, BankFault: true, Delivery: command.Answered,
		Detail: detail,
	}
}
