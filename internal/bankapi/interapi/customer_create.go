package interapi

import (
	"context"

	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// customerCreate is CreateDigitalCustomer (contract section 3.1).
type customerCreate struct{ endpoint }

// Call creates a customer flow, or reads the one that exists.
func (m *customerCreate) Call(ctx context.Context, c *command.Command, call command.Call) command.Verdict {
	p, ok := c.Payload.(*command.CreateCustomer)
	if !ok {
		return wrongPayload()
	}
	return m.exchange(ctx, c, call, func(w *wire.Writer) { writeCreate(w, p) }, m.read)
}

func writeCreate(w *wire.Writer, p *command.CreateCustomer) {
	w.Bool("IsGetProcess", p.ExistingFlowOnly)
	w.BeginObject("DigitalCustomer")
	writePhone(w, p.PhoneNumber)
	writeCitizenshipNumber(w, p.CitizenshipNumber)
	writeBool(w, "IsFatca", p.Fatca)
	writeBool(w, "IsUSCustomer", p.USCustomer)
	w.Text("Email", p.Email.Reveal())
	w.Bool("NotificationOnUpdate", p.NotificationOnUpdate)
	writeBool(w, "IsKVKKApproved", p.KVKKApproved)
	w.End()
}

// read takes no State for a success that lacks the ids: the next two commands
// would have nothing to work on.
func (m *customerCreate) read(data wire.Object) command.Verdict {
	process, customer := data.Int64("ProcessId"), data.Int64("CustomerId")
	v := m.ofState(data.Int32("State"), command.CodeCustomerCreated)
	if v.Status == command.Succeeded && (!positive(process) || !positive(customer)) {
		return m.unreadable("Data.ProcessId and Data.CustomerId: want numbers above 0")
	}
	if claimsSuccess(v) {
		v.Result = &command.CustomerCreated{ProcessID: private(process), CustomerID: private(customer)}
	}
	return v
}
