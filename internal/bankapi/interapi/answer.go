package interapi

import (
	"net/http"
	"strings"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// judge reads an answer (contract sections 1.4, 5.5 and 5.6).
func (e *endpoint) judge(r *wire.Reader, x bankapi.Exchange, read func(wire.Object) command.Verdict) command.Verdict {
	v, ok := e.judgeBody(r, x, read)
	if !ok {
		v = bankapi.VerdictOfHTTP(x, e.write)
	}
	if x.Status >= http.StatusInternalServerError {
		v.BankFault = true
	}
	if v.RetryAfter == 0 {
		v.RetryAfter = x.RetryAfter
	}
	v.HTTPStatus = x.Status
	if v.Code == command.CodeGatewayUnauthorized || v.Code == command.CodeGatewayForbidden {
		v.Detail += ": see " + e.credentials()
	}
	return e.repeatable(v)
}

// credentials are the keys of what the gateway may have refused.
func (e *endpoint) credentials() string {
	if e.tokens != nil {
		return "subscription_key, app_key and token"
	}
	return "subscription_key and app_key"
}

// judgeBody reads the body; ok is false when it holds no envelope.
func (e *endpoint) judgeBody(r *wire.Reader, x bankapi.Exchange, read func(wire.Object) command.Verdict) (v command.Verdict, ok bool) {
	if x.Delivery != command.Answered {
		return v, false
	}
	body, err := r.Read(x.Body)
	if err != nil {
		return v, false
	}
	failure, data := body.Object("Error"), body.Object("Data")
	switch {
	case body.Err() != nil: // an Error or Data that is no object
	case failure.Exists() && (!data.Exists() || !blank(failure.Text("Description"))):
		v, ok = e.platformError(failure, x.Status)
	case data.Exists():
		v, ok = read(data), true
	}
	switch {
	case body.Err() != nil:
		return e.unreadable(body.Err().Error()), true
	case ok && claimsSuccess(v) && x.Status/100 != 2:
		return e.unreadable("a success under an HTTP error status"), true
	}
	return v, ok
}

// claimsSuccess says whether the bank claims to have taken what was asked,
// wholly or in part.
func claimsSuccess(v command.Verdict) bool {
	return v.Status == command.Succeeded || v.Status == command.Partial || v.Status == command.Pending
}

// unreadable is the verdict on an answer that arrived and makes no sense.
func (e *endpoint) unreadable(detail string) command.Verdict {
	v := bankapi.VerdictOfHTTP(bankapi.Exchange{Delivery: command.Answered, Status: http.StatusOK}, e.write)
	v.Detail = "unreadable answer: " + detail
	return v
}

// repeatable turns the reconciliation of a write that may be repeated as it is
// into resends (contract sections 3.1 and 3.2): one after an answer that made no
// sense, else e.resends.
func (e *endpoint) repeatable(v command.Verdict) command.Verdict {
	if e.resends == 0 || v.Retry != command.RetryReconcile {
		return v
	}
	v.Retry, v.Resends = command.RetryBackoff, e.resends
	if v.Category == command.CategoryProtocol {
		v.Resends = 1
	}
	return v
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
