package bankapi

import (
	"context"
	"errors"
	"net/http"

	"bankprocessor/internal/command"
)

// httpCase is one row of contract section 5.6.
type httpCase uint8

const (
	caseGivenUp      httpCase = iota // the caller's own end, before anything left
	caseWithheld                     // not permitted, and nothing has left
	caseNotSent                      // breaker, dial, DNS
	caseTLSRefused                   // a certificate, an authority, a name, a version
	caseNoAnswer                     // timeout or reset after the headers
	caseUnreadable                   // HTML, empty, bad JSON, over the cap, a status of no row
	caseRefused                      // 400 without envelope, 409, 413, 422
	caseUnauthorized                 // 401
	caseForbidden                    // 403
	caseThrottled                    // 429, and 403 with Retry-After
	caseNoEndpoint                   // 404, 405, 415
	caseBankTimeout                  // 408
	caseBankFault                    // 5xx
	caseRedirected                   // 3xx
)

// The most resends of the two backoff budgets of the contract.
const (
	resends      = 3
	singleResend = 1
)

// httpRow is what a case means; write replaces those parts of the reading
// verdict that differ for a call which changes something.
type httpRow struct {
	read command.Verdict
	// inDoubt says that a write may have been applied: it is reconciled, not
	// resent.
	inDoubt bool
}

var httpRows = [...]httpRow{
	caseGivenUp: {read: command.Verdict{
		Status: command.Failed, Code: command.CodeBankUnreachable, Category: command.CategoryTransport,
		Retry: command.RetryBackoff, Resends: resends, Delivery: command.NotSent, Uncounted: true,
		Detail: "the call was given up before anything left",
	}},
	caseWithheld: {read: command.Verdict{
		Status: command.Failed, Code: command.CodeBankUnreachable, Category: command.CategoryTransport,
		Retry: command.RetryPause, Delivery: command.NotSent, Uncounted: true,
		Detail: "the call was not permitted to leave",
	}},
	caseNotSent: {read: command.Verdict{
		Status: command.Failed, Code: command.CodeBankUnreachable, Category: command.CategoryTransport,
		Retry: command.RetryBackoff, Resends: resends, Delivery: command.NotSent, BankFault: true,
		Detail: "no connection to the bank",
	}},
	caseTLSRefused: {read: command.Verdict{
		Status: command.Failed, Code: command.CodeBankTLSRefused, Category: command.CategoryConfiguration,
		Retry: command.RetryPause, Uncounted: true, Delivery: command.NotSent,
		Detail: "the TLS handshake is refused",
	}},
	caseNoAnswer: {inDoubt: true, read: command.Verdict{
		Status: command.Failed, Code: command.CodeBankNoAnswer, Category: command.CategoryTransport,
		Retry: command.RetryBackoff, Resends: resends, DeadLetter: true, BankFault: true,
		Detail: "the request left and no whole answer came",
	}},
	caseUnreadable: {inDoubt: true, read: command.Verdict{
		Status: command.Failed, Code: command.CodeBankAnswerUnreadable, Category: command.CategoryProtocol,
		Retry: command.RetryBackoff, Resends: singleResend, DeadLetter: true, BankFault: true,
		Detail: "the answer is not one of the bank's",
	}},
	caseRefused: {read: command.Verdict{
		Status: command.Rejected, Code: command.CodeBankRefusedRequest, Category: command.CategoryValidation,
		Retry: command.RetryNever, DeadLetter: true, Delivery: command.Answered,
		Detail: "the bank's gateway refused the request itself",
	}},
	caseUnauthorized: {read: command.Verdict{
		Status: command.Failed, Code: command.CodeGatewayUnauthorized, Category: command.CategoryAuth,
		Retry: command.RetryPause, Uncounted: true, Delivery: command.Answered,
		Detail: "the bank's gateway does not accept our credentials",
	}},
	caseForbidden: {read: command.Verdict{
		Status: command.Failed, Code: command.CodeGatewayForbidden, Category: command.CategoryAuth,
		Retry: command.RetryPause, Uncounted: true, Delivery: command.Answered,
		Detail: "the bank's gateway forbids the call",
	}},
	caseThrottled: {read: command.Verdict{
		Status: command.Failed, Code: command.CodeGatewayThrottled, Category: command.CategoryThrottled,
		Retry: command.RetryDelay, Uncounted: true, Delivery: command.Answered,
		Detail: "the bank's gateway asks us to slow down",
	}},
	caseNoEndpoint: {read: command.Verdict{
		Status: command.Failed, Code: command.CodeBankMisconfigured, Category: command.CategoryConfiguration,
		Retry: command.RetryPause, Uncounted: true, Delivery: command.Answered,
		Detail: "the bank does not know the method's path: see the path map (paths)",
	}},
	caseBankTimeout: {inDoubt: true, read: command.Verdict{
		Status: command.Failed, Code: command.CodeBankHTTPError, Category: command.CategoryTransport,
		Retry: command.RetryBackoff, Resends: resends, DeadLetter: true, BankFault: true,
		Detail: "the bank gave up waiting for the request",
	}},
	caseBankFault: {inDoubt: true, read: command.Verdict{
		Status: command.Failed, Code: command.CodeBankHTTPError, Category: command.CategoryBankError,
		Retry: command.RetryBackoff, Resends: resends, DeadLetter: true, BankFault: true,
		Detail: "the bank answered with a server error",
	}},
	caseRedirected: {read: command.Verdict{
		Status: command.Failed, Code: command.CodeBankRedirected, Category: command.CategoryConfiguration,
		Retry: command.RetryNever, DeadLetter: true, Delivery: command.Answered,
		Detail: "the bank answered with a redirect, which is never followed",
	}},
}

// VerdictOfHTTP judges an exchange whose body holds no envelope of the bank's
// (contract section 5.6). write says whether the method changes something: what
// may have been applied is then in doubt. The bank's body is looked at first,
// by the method, at every status.
func VerdictOfHTTP(e Exchange, write bool) command.Verdict {
	row := &httpRows[caseOf(&e)]
	v := row.read
	if write && row.inDoubt {
		v.Status, v.Retry, v.Resends, v.DeadLetter = command.InDoubt, command.RetryReconcile, 0, true
	}
	v.RetryAfter = e.RetryAfter
	if errors.Is(e.Err, ErrWithheld) {
		v.BankFault, v.Uncounted = false, true
	}
	if refusal, ok := errors.AsType[*TLSError](e.Err); ok {
		v.Detail = refusal.Error()
	}
	return v
}

func caseOf(e *Exchange) httpCase {
	switch {
	case e.Delivery == command.NotSent && errors.Is(e.Err, ErrWithheld):
		return caseWithheld
	case e.Delivery == command.NotSent && errors.Is(e.Err, context.Canceled):
		return caseGivenUp
	case e.Delivery == command.NotSent && isTLSError(e.Err):
		return caseTLSRefused
	case e.Delivery == command.NotSent:
		return caseNotSent
	case e.Oversize:
		return caseUnreadable
	case e.Delivery == command.Unanswered:
		return caseNoAnswer
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return caseRefused
	case http.StatusUnauthorized:
		return caseUnauthorized
	case http.StatusForbidden:
		if e.RetryAfter > 0 {
			return caseThrottled // an API gateway's spent quota
		}
		return caseForbidden
	case http.StatusTooManyRequests:
		return caseThrottled
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType:
		return caseNoEndpoint
	case http.StatusRequestTimeout:
		return caseBankTimeout
	}
	switch {
	case e.Status >= 500:
		return caseBankFault
	case e.Status >= 300 && e.Status < 400:
		return caseRedirected
	}
	return caseUnreadable
}

func isTLSError(err error) bool {
	_, ok := errors.AsType[*TLSError](err)
	return ok
}
