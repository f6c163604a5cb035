package interapi

import (
	"context"

	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// customerComplete is CompleteDigitalCustomer (contract section 3.3). It cannot
// be undone and says next to nothing: whatever is not State 2 is in doubt.
type customerComplete struct{ endpoint }

// Call ends a flow.
func (m *customerComplete) Call(ctx context.Context, c *command.Command, call command.Call) command.Verdict {
	p, ok := c.Payload.(*command.CompleteCustomer)
	if !ok {
		return wrongPayload()
	}
	return m.exchange(ctx, c, call, func(w *wire.Writer) { m.writeParameters(w, p) }, m.read)
}

func (m *customerComplete) writeParameters(w *wire.Writer, p *command.CompleteCustomer) {
	w.Int("CustomerNo", p.CustomerNumber.Reveal())
	w.Int("ProcessId", p.ProcessID.Reveal())
	w.Text("Email", p.Email.Reveal())
	writePhone(w, p.PhoneNumber)
	writeBool(w, "IsApprovedAgent", p.ApprovedAgent)
	writeBool(w, "IsCourierSelected", p.CourierSelected)
	w.Text("UserCode", m.cfg.UserCode.Reveal())
}

func (m *customerComplete) read(data wire.Object) command.Verdict {
	v := m.ofState(data.Int32("State"), command.CodeCustomerCompleted)
	switch v.Status {
	case command.Succeeded:
		v.Result = &command.CustomerCompleted{}
	case command.Pending:
		v.Status, v.DeadLetter = command.InDoubt, true
	}
	return v
}
