package processing

import "bankprocessor/internal/command"

// Verdicts that are ours, not a bank's.

func expired() command.Verdict {
	return command.Verdict{
		Status: command.Rejected, Code: command.CodeCommandExpired,
		Category: command.CategoryValidation, Delivery: command.NotSent,
		Detail: "expiresAt had passed before the command could be sent",
	}
}

func refusedLocally(vs command.Violations) command.Verdict {
	return command.Verdict{
		Status: command.Rejected, Code: vs.Code(),
		Category: command.CategoryValidation, Delivery: command.NotSent,
		Detail: "local checks failed",
	}
}

// exhausted ends a call whose resends are spent. A bank's own code stays; what
// never got past the transport or a gateway takes the processor's code.
func exhausted(v command.Verdict) command.Verdict {
	if v.Status == command.Failed && v.BankCode == "" {
		v.Code = command.CodeRetriesExhausted
	}
	v.DeadLetter = true
	return v
}

// inDoubt ends what may have been applied: a person decides.
func inDoubt(v command.Verdict) command.Verdict {
	v.Status = command.InDoubt
	v.DeadLetter = true
	if v.Code == "" {
		v.Code, v.Category = command.CodeBankNoAnswer, command.CategoryTransport
	}
	return v
}

// repeats is how often a life sends what may be repeated freely, and was sent in a
// life before.
const repeats = 3

// attemptedBefore is the answer to an attempt of a life before: none that anybody
// knows of.
func attemptedBefore(name command.Name) command.Verdict {
	v := command.Verdict{
		Status: command.InDoubt, Code: command.CodeBankNoAnswer, Category: command.CategoryTransport,
		Retry: command.RetryReconcile, Delivery: command.Unanswered, DeadLetter: true,
		Detail: "the bank was called before the processor ended or lost the partition, and no answer was recorded",
	}
	switch {
	case name == command.LoanIncomeSubmit: // contract section 3.7: one resend
		v.Retry, v.Resends = command.RetryBackoff, 1
	case name.FreelyRepeatable():
		v.Retry, v.Resends = command.RetryBackoff, repeats
	}
	return v
}
