package simulation

import (
	"errors"
	"time"

	"bankprocessor/internal/command"
	"bankprocessor/internal/processing"
)

func errorsIsReleased(err error) bool { return errors.Is(err, processing.ErrReleased) }

// The verdicts are those that bankapi makes of such answers.

func done(code command.Code, result command.Result) command.Verdict {
	return command.Verdict{
		Status: command.Succeeded, Code: code, Category: command.CategoryOK, Delivery: command.Answered, Result: result,
	}
}

func refused(bankCode string, code command.Code, category command.Category, retry command.Retry) command.Verdict {
	return command.Verdict{
		Status: command.Rejected, Code: code, Category: category, Retry: retry, Delivery: command.Answered, BankCode: bankCode,
	}
}

// noAnswer is what is known of a call that left and was not answered.
func noAnswer(name command.Name) command.Verdict {
	return unanswered(name, command.Verdict{Code: command.CodeBankNoAnswer, Category: command.CategoryTransport})
}

// serverError is a 5xx, which may follow an effect.
func serverError(name command.Name) command.Verdict {
	return unanswered(name, command.Verdict{
		Code: command.CodeBankHTTPError, Category: command.CategoryBankError, Delivery: command.Answered,
	})
}

func unanswered(name command.Name, v command.Verdict) command.Verdict {
	v.BankFault, v.DeadLetter = true, true
	switch {
	case name.ReadOnly():
		v.Status, v.Retry, v.Resends = command.Failed, command.RetryBackoff, 3
	case name == command.LoanIncomeSubmit:
		v.Status, v.Retry, v.Resends = command.InDoubt, command.RetryBackoff, 1
	default:
		v.Status, v.Retry = command.InDoubt, command.RetryReconcile
	}
	return v
}

// bankError is the bank's 999: it says that it could not, and it has not.
func bankError() command.Verdict {
	return command.Verdict{
		Status: command.InDoubt, Code: command.CodeDBSBankUnexpectedError, Category: command.CategoryBankError,
		Retry: command.RetryReconcile, DeadLetter: true, BankFault: true, Delivery: command.Answered, BankCode: "999",
	}
}

// throttled is a gateway's refusal ahead of the bank.
func throttled() command.Verdict {
	return command.Verdict{
		Status: command.Failed, Code: command.CodeGatewayThrottled, Category: command.CategoryThrottled,
		Retry: command.RetryDelay, RetryAfter: 50 * time.Millisecond, Uncounted: true, Delivery: command.Answered,
	}
}

// withheld says that nothing has left for want of a permit.
func withheld() command.Verdict {
	v := notSent()
	v.Retry, v.Resends = command.RetryPause, 0
	return v
}

// notSent says that nothing has left.
func notSent() command.Verdict {
	return command.Verdict{
		Status: command.Failed, Code: command.CodeBankUnreachable, Category: command.CategoryTransport,
		Retry: command.RetryBackoff, Resends: 3, Uncounted: true, Delivery: command.NotSent,
	}
}
