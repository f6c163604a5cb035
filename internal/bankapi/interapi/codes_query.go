package interapi

import "bankprocessor/internal/command"

// limitTable and resultsTable are contract section 5.2. The limit query's page
// documents 000 and shows 300.
var (
	limitTable = map[string]command.Verdict{
		"000": answered(command.Succeeded, command.CodeLimitListed, command.CategoryOK),
		"300": answered(command.Succeeded, command.CodeLimitListed, command.CategoryOK),
		"301": refusal(command.CodeLimitNotFound, command.CategoryNotFound),
		"302": queryFault(command.CodeDBSBankUnexpectedError),
		"303": queryFault(command.CodeDBSBankUnexpectedError),
		"304": ourFault(command.CodeCompanyUnknown, command.CategoryConfiguration),
		"999": failing(queryFault(command.CodeDBSBankUnexpectedError)),
	}
	resultsTable = map[string]command.Verdict{
		"000":        answered(command.Succeeded, command.CodeResultsListed, command.CategoryOK),
		"201":        answered(command.Succeeded, command.CodeResultsEmpty, command.CategoryOK),
		"202":        ourFault(command.CodeResultsRangeInverted, command.CategoryValidation),
		rangeTooLong: refusal(command.CodeResultsRangeTooLong, command.CategoryValidation),
		"204":        ourFault(command.CodeCompanyUnknown, command.CategoryConfiguration),
		"302":        queryFault(command.CodeDBSBankUnexpectedError),
		"303":        queryFault(command.CodeDBSBankUnexpectedError),
		"999":        failing(queryFault(command.CodeDBSBankUnexpectedError)),
	}
	queryUnknown = queryFault(command.CodeDBSBankCodeUnknown)
)

// rangeTooLong is the results query's refusal that tells how many days it lists.
const rangeTooLong = "203"

// queryFault is a technical answer to a query, which changes nothing.
func queryFault(code command.Code) command.Verdict {
	v := answered(command.Failed, code, command.CategoryBankError)
	v.Retry, v.Resends, v.DeadLetter, v.Detail = command.RetryBackoff, 3, true, "the bank reports a fault or a code of no table"
	return v
}

// failing counts against the breaker (contract section 2).
func failing(v command.Verdict) command.Verdict {
	v.BankFault = true
	return v
}
