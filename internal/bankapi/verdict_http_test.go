package bankapi

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
)

// One entry per row and status of contract section 5.6.
func TestVerdictOfHTTP(t *testing.T) {
	t.Parallel()
	answered := func(status int) Exchange {
		return Exchange{Delivery: command.Answered, Status: status, Body: []byte("<html>")}
	}
	type want = command.Verdict
	same := func(v want) [2]want { return [2]want{v, v} }
	inDoubt := func(read want) [2]want {
		write := read
		write.Status, write.Retry, write.Resends = command.InDoubt, command.RetryReconcile, 0
		return [2]want{read, write}
	}
	unreachable := want{Status: command.Failed, Code: "bank.unreachable", Category: command.CategoryTransport,
		Retry: command.RetryBackoff, Resends: 3, Delivery: command.NotSent, BankFault: true}
	givenUp := unreachable
	givenUp.BankFault, givenUp.Uncounted = false, true
	noAnswer := want{Status: command.Failed, Code: "bank.no_answer", Category: command.CategoryTransport,
		Retry: command.RetryBackoff, Resends: 3, DeadLetter: true, BankFault: true, Delivery: command.Unanswered}
	unreadable := want{Status: command.Failed, Code: "bank.answer_unreadable", Category: command.CategoryProtocol,
		Retry: command.RetryBackoff, Resends: 1, DeadLetter: true, BankFault: true, Delivery: command.Unanswered}
	refused := want{Status: command.Rejected, Code: "bank.request_refused", Category: command.CategoryValidation,
		DeadLetter: true, Delivery: command.Answered}
	misconfigured := want{Status: command.Failed, Code: "bank.endpoint_unknown", Category: command.CategoryConfiguration,
		Retry: command.RetryPause, Uncounted: true, Delivery: command.Answered}
	serverError := want{Status: command.Failed, Code: "bank.http_error", Category: command.CategoryBankError,
		Retry: command.RetryBackoff, Resends: 3, DeadLetter: true, BankFault: true, Delivery: command.Unanswered}
	slow := serverError
	slow.Category = command.CategoryTransport
	redirected := want{Status: command.Failed, Code: "bank.redirected", Category: command.CategoryConfiguration,
		DeadLetter: true, Delivery: command.Answered}
	throttled := want{Status: command.Failed, Code: "gateway.throttled", Category: command.CategoryThrottled,
		Retry: command.RetryDelay, Uncounted: true, Delivery: command.Answered}
	throttledFor := throttled
	throttledFor.RetryAfter = 30 * time.Second
	unauthorized := want{Status: command.Failed, Code: "gateway.unauthorized", Category: command.CategoryAuth,
		Retry: command.RetryPause, Uncounted: true, Delivery: command.Answered}
	forbidden := unauthorized
	forbidden.Code = "gateway.forbidden"
	asking := func(status int) Exchange {
		e := answered(status)
		e.RetryAfter = 30 * time.Second
		return e
	}

	rows := map[string]struct {
		e    Exchange
		want [2]want // read, write
	}{
		"not sent":            {Exchange{Delivery: command.NotSent, Err: errors.New("dial")}, same(unreachable)},
		"not sent, timeout":   {Exchange{Delivery: command.NotSent, Err: context.DeadlineExceeded}, same(unreachable)},
		"given up unsent":     {Exchange{Delivery: command.NotSent, Err: fmt.Errorf("x: %w", context.Canceled)}, same(givenUp)},
		"no answer":           {Exchange{Delivery: command.Unanswered, Err: errors.New("reset")}, inDoubt(noAnswer)},
		"half an answer":      {Exchange{Delivery: command.Unanswered, Status: 200, Err: errors.New("EOF")}, inDoubt(noAnswer)},
		"over the cap":        {Exchange{Delivery: command.Unanswered, Status: 200, Oversize: true}, inDoubt(unreadable)},
		"200 unreadable":      {answered(200), inDoubt(unreadable)},
		"204":                 {answered(204), inDoubt(unreadable)},
		"402, of no row":      {answered(402), inDoubt(unreadable)},
		"100, of no row":      {answered(100), inDoubt(unreadable)},
		"400":                 {answered(400), same(refused)},
		"409":                 {answered(409), same(refused)},
		"413":                 {answered(413), same(refused)},
		"422":                 {answered(422), same(refused)},
		"401":                 {answered(401), same(unauthorized)},
		"403":                 {answered(403), same(forbidden)},
		"403 with RetryAfter": {asking(403), same(throttledFor)},
		"429":                 {answered(429), same(throttled)},
		"429 with RetryAfter": {asking(429), same(throttledFor)},
		"404":                 {answered(404), same(misconfigured)},
		"405":                 {answered(405), same(misconfigured)},
		"415":                 {answered(415), same(misconfigured)},
		"408":                 {answered(408), inDoubt(slow)},
	}
	for _, status := range []int{500, 502, 503, 504, 599} {
		rows[fmt.Sprint(status)] = struct {
			e    Exchange
			want [2]want
		}{answered(status), inDoubt(serverError)}
	}
	for _, status := range []int{301, 302, 303, 304, 307, 308} {
		rows[fmt.Sprint(status)] = struct {
			e    Exchange
			want [2]want
		}{answered(status), same(redirected)}
	}
	for name, tc := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, write := range []bool{false, true} {
				got := VerdictOfHTTP(tc.e, write)
				if got.Detail == "" {
					t.Error("no detail")
				}
				got.Detail = ""
				if diff := cmp.Diff(tc.want[i], got); diff != "" {
					t.Errorf("write %v: %s", write, diff)
				}
			}
		})
	}
}
