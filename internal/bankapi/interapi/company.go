package interapi

import "bankprocessor/internal/command"

// customerNumber is the main company's number at the bank: the command's own, or
// the configured one (contract section 11.4).
func (e *endpoint) customerNumber(company string, own int64) (number int64, ok bool) {
	if own != 0 {
		return own, true
	}
	number, ok = e.cfg.CustomerNumbers[company]
	return number, ok
}

func companyUnset() command.Verdict {
	return unsendable(command.CodeCompanyUnknown, command.CategoryConfiguration,
		"no customer number: the command carries none and customer_numbers has none for the company")
}
