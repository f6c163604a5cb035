package app

import (
	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/consumers"
)

// BankGroups returns where every bank operation group stands now.
func (a *App) BankGroups() []bankapi.GroupState {
	states := make([]bankapi.GroupState, len(a.banks.groups))
	for i, g := range a.banks.groups {
		states[i] = g.State()
	}
	return states
}

// Intake returns where the intake stands now.
func (a *App) Intake() consumers.Status { return a.consumer.Status() }
