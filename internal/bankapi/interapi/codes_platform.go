package interapi

import (
	"net/http"
	"slices"
	"strings"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// platformRow is one known Error envelope (contract section 5.5).
type platformRow struct {
	code string
	// description is how the Description must begin; "" matches any. This is the
	// one place that looks at a bank's text: Code 1 alone says too little.
	description string
	verdict     command.Verdict
	// closed says that the configured delay and resends apply.
	closed bool
}

var closed = command.Verdict{
	Status: command.Failed, Code: command.CodeInterAPIClosed, Category: command.CategoryBankError,
	Retry: command.RetryBackoff, DeadLetter: true, Delivery: command.Answered,
	Detail: "the bank's service is closed at this hour",
}

var platformTable = []platformRow{
	{code: "1", description: "InvalidJson", verdict: command.Verdict{
		Status: command.Rejected, Code: command.CodeInterAPIRequestMalformed, Category: command.CategoryValidation,
		Retry: command.RetryNever, DeadLetter: true, Delivery: command.Answered,
		Detail: "the bank's platform could not read the request",
	}},
	{code: "90012", verdict: closed, closed: true},
	{code: "90020", verdict: closed, closed: true},
}

// platformError judges an Error envelope. ok is false when the code is in no row
// and the HTTP status says that the gateway turns everybody away.
func (e *endpoint) platformError(failure wire.Object, status int) (v command.Verdict, ok bool) {
	code, description := strings.TrimSpace(failure.Text("Code")), failure.Text("Description")
	i := slices.IndexFunc(platformTable, func(r platformRow) bool {
		return r.code == code && strings.HasPrefix(strings.TrimSpace(description), r.description)
	})
	switch {
	case i >= 0:
		v = platformTable[i].verdict
		if platformTable[i].closed {
			v.RetryAfter, v.Resends = e.cfg.ClosedDelay, e.cfg.ClosedResends
		}
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusTooManyRequests:
		return v, false
	default:
		v = e.unknownPlatformError()
	}
	v.BankCode = code
	v.BankMessage = bankapi.Scrub(description)
	v.BankReference = failure.Text("TransactionId")
	return v, true
}

func (e *endpoint) unknownPlatformError() command.Verdict {
	v := command.Verdict{
		Status: command.Failed, Code: command.CodeInterAPIPlatformError, Category: command.CategoryBankError,
		Retry: command.RetryBackoff, Resends: 3, DeadLetter: true, Delivery: command.Answered,
		Detail: "the bank's platform answered with an error",
	}
	if e.write {
		v.Status, v.Retry, v.Resends = command.InDoubt, command.RetryReconcile, 0
	}
	return v
}
