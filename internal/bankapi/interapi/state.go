package interapi

import "bankprocessor/internal/command"

// stateDone is the one State that means "done" (contract section 5.3).
const stateDone = 2

// ofState judges a customer method's State, which is all that those answers say.
// done is the code of a success.
func (e *endpoint) ofState(state *int32, done command.Code) command.Verdict {
	switch {
	case state == nil:
		return e.unreadable("Data.State: want a whole number")
	case *state == stateDone:
		v := answered(command.Succeeded, done, command.CategoryOK)
		v.BankState = state
		return v
	}
	v := answered(command.Pending, command.CodeCustomerStateUnrecognized, command.CategoryProtocol)
	v.BankState, v.Detail = state, "the bank's State is not 2"
	return v
}
