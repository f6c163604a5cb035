package interapi

import (
	"context"

	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// customerUpdate is UpdateDigitalCustomerInformations (contract section 3.2).
type customerUpdate struct{ endpoint }

// Call replaces what the bank knows of a customer.
func (m *customerUpdate) Call(ctx context.Context, c *command.Command, call command.Call) command.Verdict {
	p, ok := c.Payload.(*command.UpdateCustomer)
	if !ok {
		return wrongPayload()
	}
	return m.exchange(ctx, c, call,
		func(w *wire.Writer) { writeUpdate(w, p) },
		func(data wire.Object) command.Verdict { return m.read(data, p.ProcessID) })
}

func writeUpdate(w *wire.Writer, p *command.UpdateCustomer) {
	w.Int("CustomerNo", p.CustomerNumber.Reveal())
	w.Int("ProcessId", p.ProcessID.Reveal())
	writeCitizenshipNumber(w, p.CitizenshipNumber)
	writeCoded(w, "EducationStatus", "EducationStatusCode", p.Education)
	w.Text("CompanyName", p.CompanyName.Reveal())
	writeDecimal(w, "SalaryInfo", p.Salary)
	writeCoded(w, "WorkingStatus", "WorkingStatusCode", p.WorkingStatus)
	writeCoded(w, "JobTitle", "JobTitleCode", p.JobTitle)
	writeCoded(w, "HomeStatus", "HomeStatusCode", p.HomeStatus)
	writeInt(w, "WorkAreaCode", p.WorkAreaCode)
	writeAddress(w, "JobAddressInfo", p.JobAddress)
	w.Text("BranchId", p.BranchID)
	writeAddress(w, "HomeAddressInfo", p.HomeAddress)
	if p.ContactAddress != nil {
		writeAddress(w, "ContactAddressInfo", p.ContactAddress)
	}
	w.Text("SelectedAddress", p.SelectedAddress)
	writeBool(w, "CalculateLimit", p.CalculateLimit)
}

// writeCoded writes a parameter of the bank's as its name and its code.
func writeCoded(w *wire.Writer, name, code string, n command.CodedName) {
	w.Text(name, n.Name.Reveal())
	writeInt(w, code, n.Code)
}

func writeAddress(w *wire.Writer, name string, a *command.Address) {
	if a == nil {
		w.Missing(name)
		return
	}
	w.BeginObject(name)
	w.Text("Type", a.Type.Reveal())
	w.Text("TypeCode", a.TypeCode.Reveal())
	w.Text("Country", a.Country.Reveal())
	w.Text("CountryCode", a.CountryCode.Reveal())
	w.Text("City", a.City.Reveal())
	w.Text("CityCode", a.CityCode.Reveal())
	w.Text("Town", a.Town.Reveal())
	w.Text("TownCode", a.TownCode.Reveal())
	w.Text("District", a.District.Reveal())
	w.Text("DistrictCode", a.DistrictCode.Reveal())
	w.OptionalText("DistrictType", a.DistrictType.Reveal())
	w.Text("Street", a.Street.Reveal())
	w.Text("StreetCode", a.StreetCode.Reveal())
	w.Text("AddressDetail", a.AddressDetail.Reveal())
	w.End()
}

// read reports another ProcessId than the one sent and does not fail on it: the
// bank's own example shows one.
func (m *customerUpdate) read(data wire.Object, sent command.PrivateInt) command.Verdict {
	process, calculate := data.Int64("ProcessId"), data.Bool("CalculateLimit")
	v := m.ofState(data.Int32("State"), command.CodeCustomerUpdated)
	if claimsSuccess(v) {
		v.Result = &command.CustomerUpdated{
			ProcessID:        private(process),
			CalculateLimit:   calculate,
			ProcessIDDiffers: process != nil && *process != sent.Reveal(),
		}
	}
	return v
}
